package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// lampsBench measures lamps: many subscriptions of which some watch the same
// extension, and how long it takes from a change of its state, by the REST
// API, until every one of these phones has its NOTIFY. Each phone answers at
// once. The phones share a few sockets, as behind a NAT.
func lampsBench(args []string) error {
	f := flag.NewFlagSet("lamps", flag.ExitOnError)
	all := f.Int("subscriptions", 10_000, "subscriptions")
	watchers := f.Int("watchers", 1000, "how many of them watch the extension that changes")
	changes := f.Int("changes", 10, "changes of its state")
	sip := f.String("sip", "127.0.0.1:26060", "SIP address of the server that is started")
	api := f.String("http", "127.0.0.1:26080", "API address of the server that is started")
	if err := f.Parse(args); err != nil {
		return err
	}
	server, err := startServer(*sip, *api)
	if err != nil {
		return err
	}
	defer server.stop()
	login, err := server.put("/api_auth", `{"data":{"api_key":"`+benchKey+`"}}`, "")
	if err != nil {
		return err
	}
	lamp := "/accounts/" + between(login, `"account_id":"`) + "/presence/lamp"
	phones, err := startPhones(*sip)
	if err != nil {
		return err
	}
	defer phones.stop()
	pid := server.cmd.Process.Pid
	idle, began, used := memory(pid), time.Now(), cpu(pid)
	if err := phones.subscribe(*all, *watchers); err != nil {
		return err
	}
	took, used, memory := time.Since(began), cpu(pid)-used, memory(pid)-idle
	fmt.Printf("| %d subscriptions | |\n|---|--:|\n", *all)
	fmt.Printf("| until all were answered and told, s | %.2f |\n", took.Seconds())
	fmt.Printf("| CPU of one, ms | %.3f |\n", used.Seconds()*1000/float64(*all))
	fmt.Printf("| memory of one, KB | %.1f |\n", float64(memory)/float64(*all))
	return phones.change(*changes, *watchers, func(state string) error {
		_, err := server.put(lamp, `{"data":{"state":"`+state+`"}}`, between(login, `"auth_token":"`))
		return err
	})
}

// sockets is how many the phones share.
const sockets = 8

// phones are the far ends of all subscriptions.
type phones struct {
	conns []*net.UDPConn
	to    *net.UDPAddr
	work  sync.WaitGroup
	came  chan notified
	room  chan struct{} // one for each SUBSCRIBE that may be under way
}

// notified is a NOTIFY that came, and when; those that come again are not told.
type notified struct {
	at    time.Time
	state string
}

// underWay is how many SUBSCRIBEs may be unanswered.
const underWay = 64

func startPhones(sip string) (*phones, error) {
	p := &phones{came: make(chan notified, 1<<16), room: make(chan struct{}, underWay)}
	var err error
	if p.to, err = net.ResolveUDPAddr("udp", sip); err != nil {
		return nil, err
	}
	for range sockets {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, err
		}
		_ = c.SetReadBuffer(4 << 20)
		p.conns = append(p.conns, c)
		p.work.Go(func() { p.answer(c) })
	}
	return p, nil
}

func (p *phones) stop() {
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.work.Wait()
}

// answer takes what comes on one socket.
func (p *phones) answer(c *net.UDPConn) {
	buf, seen := make([]byte, 65535), map[[2]string]bool{}
	for {
		n, from, err := c.ReadFromUDP(buf)
		if err != nil {
			return
		}
		at, m := time.Now(), buf[:n]
		if !bytes.HasPrefix(m, []byte("NOTIFY ")) {
			if bytes.HasPrefix(m, []byte("SIP/2.0 200")) {
				<-p.room
			}
			continue
		}
		var out bytes.Buffer
		out.WriteString("SIP/2.0 200 OK\r\n")
		var key [2]string
		for line := range strings.SplitSeq(string(m), "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "Call-ID":
				key[0] = line
			case "CSeq":
				key[1] = line
			case "Via", "From", "To":
			default:
				continue
			}
			out.WriteString(line + "\r\n")
		}
		out.WriteString("Content-Length: 0\r\n\r\n")
		_, _ = c.WriteToUDP(out.Bytes(), from)
		if !seen[key] {
			seen[key] = true
			_, rest, _ := strings.Cut(string(m), "<state>")
			state, _, _ := strings.Cut(rest, "<")
			p.came <- notified{at, state}
		}
	}
}

// subscribe begins all subscriptions and waits until each was told the state.
func (p *phones) subscribe(all, watchers int) error {
	late := time.After(2 * time.Minute)
	for i := range all {
		select {
		case p.room <- struct{}{}:
		case <-late:
			return fmt.Errorf("only %d subscriptions were answered", i)
		}
		to := "lamp"
		if i >= watchers {
			to = fmt.Sprint("other", i)
		}
		c := p.conns[i%len(p.conns)]
		m := fmt.Sprintf("SUBSCRIBE sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKb%d;rport\r\nMax-Forwards: 70\r\n"+
			"From: <sip:phone%d@127.0.0.1>;tag=t%d\r\nTo: <sip:%s@127.0.0.1>\r\nCall-ID: bench-%d\r\nCSeq: 1 SUBSCRIBE\r\n"+
			"Contact: <sip:phone%d@%s>\r\nEvent: dialog\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n",
			to, p.to, c.LocalAddr(), i, i, i, to, i, i, c.LocalAddr())
		if _, err := c.WriteToUDP([]byte(m), p.to); err != nil {
			return err
		}
	}
	_, err := p.await(all, "terminated")
	return err
}

// await waits for n NOTIFYs of a state, and tells when they came.
func (p *phones) await(n int, state string) ([]time.Time, error) {
	var at []time.Time
	late := time.After(time.Minute)
	for len(at) < n {
		select {
		case got := <-p.came:
			if got.state == state {
				at = append(at, got.at)
			}
		case <-late:
			return nil, fmt.Errorf("%d of %d phones were told", len(at), n)
		}
	}
	return at, nil
}

// change sets the state to and fro and prints how long the phones waited.
func (p *phones) change(n, watchers int, set func(state string) error) error {
	var first, half, last []time.Duration
	for i := range n {
		state := []string{"confirmed", "terminated"}[i%2]
		began := time.Now()
		if err := set(state); err != nil {
			return err
		}
		at, err := p.await(watchers, state)
		if err != nil {
			return err
		}
		slices.SortFunc(at, time.Time.Compare)
		first = append(first, at[0].Sub(began))
		half = append(half, at[len(at)/2].Sub(began))
		last = append(last, at[len(at)-1].Sub(began))
	}
	fmt.Printf("\n| a change that %d phones watch, ms from the request | p50 | worst of %d |\n", watchers, n)
	fmt.Println("|---|--:|--:|")
	for _, row := range []struct {
		name string
		d    []time.Duration
	}{{"first NOTIFY", first}, {"half of them", half}, {"all of them", last}} {
		fmt.Printf("| %s | %.1f | %.1f |\n", row.name, ms(quantile(row.d, 0.5)), ms(quantile(row.d, 1)))
	}
	return nil
}
