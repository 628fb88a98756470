package webhook

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

func TestCheckAddr(t *testing.T) {
	for addr, says := range map[string]string{
		"8.8.8.8": "", "172.32.0.1": "", "100.128.0.1": "", "2606:4700::1111": "", "::ffff:8.8.8.8": "", "64:ff9b::808:808": "",
		"127.0.0.1": "loopback", "127.255.1.2": "loopback", "::1": "loopback", "::ffff:127.0.0.1": "loopback",
		"10.0.0.1": "RFC 1918", "172.16.0.1": "RFC 1918", "172.31.255.255": "RFC 1918", "192.168.1.1": "RFC 1918",
		"fc00::1": "RFC 4193", "fdff::1": "RFC 4193", "::ffff:192.168.0.1": "RFC 1918",
		"169.254.1.1": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local", "fec0::1": "site-local",
		"169.254.169.254": "metadata", "fd00:ec2::254": "metadata", "::ffff:a9fe:a9fe": "metadata", "100.100.100.200": "metadata",
		"100.64.0.1": "carrier-grade NAT", "100.127.255.255": "carrier-grade NAT",
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified",
		"224.0.0.1": "multicast", "239.255.255.255": "multicast", "ff02::1": "multicast",
		"255.255.255.255": "reserved", "240.0.0.1": "reserved",
		"192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation",
		"2001:db8::1": "documentation", "3fff::1": "documentation",
		"198.18.0.1": "benchmark", "198.19.255.255": "benchmark", "2001:2::1": "benchmark",
		"192.0.0.1": "protocol", "192.88.99.1": "6to4",
		"64:ff9b::7f00:1": "NAT64 of 127.0.0.1 is refused: loopback", "64:ff9b::a9fe:a9fe": "metadata", "64:ff9b:1::1": "NAT64",
		"2002:7f00:1::": "6to4", "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo", "::127.0.0.1": "IPv4-compatible",
		"::ffff:0:127.0.0.1": "IPv4-translated", "100::1": "discard", "5f00::1": "segment routing",
	} {
		a := netip.MustParseAddr(addr)
		err := Guard{}.CheckAddr(a)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), a.String())) {
			t.Errorf("%s: %v, want %q", addr, err, says)
		}
	}
	if (Guard{}).CheckAddr(netip.Addr{}) == nil {
		t.Error("no address at all is allowed")
	}
}

func TestGuardConfigured(t *testing.T) {
	g := Guard{
		AllowLoopback: true,
		Allow:         []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")},
		Deny:          []netip.Prefix{netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("8.8.8.8/32")},
	}
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "::ffff:127.0.0.1": true, "64:ff9b::7f00:1": true, "0.0.0.0": false,
		"10.1.1.1": true, "::ffff:10.1.1.1": true, "10.1.2.3": false, "::ffff:10.1.2.3": false, "10.2.0.1": false, "64:ff9b::a01:203": false,
		"fd12::1": true, "fc00::1": false, "8.8.8.8": false, "8.8.4.4": true,
	} {
		if err := g.CheckAddr(netip.MustParseAddr(addr)); (err == nil) != want {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for raw, want := range map[string]bool{
		"http://example.com": true, "HTTPS://Example.com:8443/a?b#c": true, "http://user:pw@example.com/": true,
		"http://8.8.8.8/": true, "http://[2606:4700::1111]/": true, "http://localhost.example.com/": true,
		"http://localhost/": false, "http://LocalHost.:80/": false, "http://a.localhost/": false,
		"http://127.0.0.1:1/": false, "http://[::1]/": false, "http://[::ffff:7f00:1]/": false, "http://[fe80::1%25eth0]/": false,
		"ftp://example.com/": false, "file:///etc/passwd": false, "gopher://example.com": false, "javascript:alert(1)": false,
		"example.com/": false, "//example.com/": false, "http:example.com": false, "http://": false, "http://:80/": false, "": false,
		"http://exa mple.com/": false, "http://[::1/": false,
	} {
		if err := (Guard{}).CheckURL(raw); (err == nil) != want {
			t.Errorf("%s: %v", raw, err)
		}
	}
	if err := (Guard{AllowLoopback: true}).CheckURL("http://localhost:3000/voice"); err != nil {
		t.Error(err)
	}
	if err := (Guard{}).CheckURL("http://user:se cret@10.0.0.1:x/"); err == nil || strings.Contains(err.Error(), "cret") {
		t.Error(err)
	}
}

// names is a resolver whose every name has the addresses that say returns for
// the n-th question, from 1.
func names(t *testing.T, say func(n int32) []string) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var n atomic.Int32
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := dnsReply(buf[:size], func() []string { return say(n.Add(1)) }); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// dnsReply answers a question of type A with say's addresses, any other with
// none (RFC 1035 section 4). It is nil if say is.
func dnsReply(q []byte, say func() []string) []byte {
	end := 12
	for q[end] != 0 {
		end += int(q[end]) + 1
	}
	end += 5
	r := append([]byte(nil), q[:end]...)
	r[2], r[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(r[6:], 0)
	binary.BigEndian.PutUint32(r[8:], 0)
	if binary.BigEndian.Uint16(q[end-4:]) != 1 {
		return r
	}
	addrs := say()
	if addrs == nil {
		return nil
	}
	binary.BigEndian.PutUint16(r[6:], uint16(len(addrs)))
	for _, a := range addrs {
		ip := netip.MustParseAddr(a).As4()
		r = append(r, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		r = append(r, ip[:]...)
	}
	return r
}

func TestNamesOfPrivateAddresses(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"} {
		c := New(Config{Resolver: names(t, func(int32) []string { return []string{addr} })})
		if err := c.CheckURL("http://inside.test/"); err != nil {
			t.Error(err)
		}
		f, _ := c.Ask(t.Context(), Request{URL: "http://inside.test/"})
		if f.Failure != event.FailGuard || !strings.Contains(f.Err, addr+", which is inside.test, is refused") {
			t.Errorf("%q: %s", f.Failure, f.Err)
		}
		if resp, err := c.Get(t.Context(), "http://inside.test/", nil); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: a sound was read from it", addr)
		}
		if _, err := c.Send(t.Context(), "PUT", "http://inside.test/", "audio/wav", 1, strings.NewReader("x")); err == nil {
			t.Errorf("%s: a recording was sent there", addr)
		}
		c.Close()
	}
}

// TestRebinding is a name that is harmless when it is first asked for.
func TestRebinding(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := open(t, Config{Resolver: names(t, func(n int32) []string {
		switch n {
		case 1:
			return []string{"127.0.0.1"}
		case 2:
			return []string{"10.0.0.1", "127.0.0.1"} // the next address is tried
		}
		return []string{"10.0.0.1"}
	})})
	for n, want := range []string{"", "", event.FailGuard} {
		f, _ := c.Ask(t.Context(), Request{URL: "http://rebind.test:" + port})
		if f.Failure != want {
			t.Errorf("question %d: %q %s", n+1, f.Failure, f.Err)
		}
	}
}

func TestSlowNames(t *testing.T) {
	silent := names(t, func(int32) []string { return nil })
	for _, x := range []struct {
		timeout, connect time.Duration
		want, says       string
	}{
		{5 * time.Second, 50 * time.Millisecond, event.FailDNS, `no address for "slow.test"`},
		{50 * time.Millisecond, 5 * time.Second, event.FailTimeout, "while looking up the host"},
	} {
		f, _ := open(t, Config{Resolver: silent, Connect: time.Hour}).Ask(t.Context(), Request{
			URL: "http://slow.test/", Timeout: x.timeout, Connect: x.connect,
		})
		if f.Failure != x.want || !strings.Contains(f.Err, x.says) {
			t.Errorf("%q: %s", f.Failure, f.Err)
		}
	}
}

func TestNoProxy(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	c := New(Config{Resolver: names(t, func(int32) []string { return []string{"10.0.0.1"} })})
	defer c.Close()
	if f, _ := c.Ask(t.Context(), Request{URL: "http://inside.test/"}); f.Failure != event.FailGuard {
		t.Errorf("%q: %s", f.Failure, f.Err)
	}
}

// FuzzShown holds to: whatever is made of a URL with a password, the password
// is not shown.
func FuzzShown(f *testing.F) {
	for _, s := range []string{"/", "@b/", "%zz", ":80/x", "?a=b#c", " ", "/%", "#@/", "\\", "]["} {
		f.Add(s)
	}
	const secret = "hunter2"
	f.Fuzz(func(t *testing.T, rest string) {
		raw := "http://user:" + secret + "@a.test" + rest
		if strings.Contains(rest, secret) {
			return
		}
		c := New(Config{})
		h := c.shownHeader(http.Header{"Location": {raw}})
		told := []string{shownRaw(raw), h.Get("Location"), Request{URL: raw, Params: url.Values{"A": {"b"}}}.Shown()}
		if err := c.CheckURL(raw); err != nil {
			told = append(told, err.Error())
		}
		if _, err := Resolve(raw, "x"); err != nil {
			told = append(told, err.Error())
		}
		for _, s := range told {
			if strings.Contains(s, secret) {
				t.Errorf("%q shows as %q", raw, s)
			}
		}
	})
}
