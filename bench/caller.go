package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load is many calls and what they measured.
type load struct {
	sip string
	web *site

	mu     sync.Mutex
	toOK   []time.Duration // INVITE to 200
	toRTP  []time.Duration // INVITE to the first RTP packet
	toHook []time.Duration // end of the key to the webhook's request
	failed []error
}

// run makes n calls at so many a second and waits for the last one's end.
func (l *load) run(n, rate int) error {
	var calls sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range n {
		<-tick.C
		calls.Go(func() {
			if err := l.call(i); err != nil {
				l.mu.Lock()
				l.failed = append(l.failed, err)
				l.mu.Unlock()
			}
		})
	}
	calls.Wait()
	if len(l.failed) > 0 {
		return fmt.Errorf("%d of %d calls failed, the first: %w", len(l.failed), n, l.failed[0])
	}
	return nil
}

func (l *load) print(n, rate int, used time.Duration) {
	row := func(name string, d []time.Duration) {
		fmt.Printf("%-32s %9.2f %9.2f %9.2f\n", name, ms(quantile(d, 0.5)), ms(quantile(d, 0.95)), ms(quantile(d, 0.99)))
	}
	fmt.Printf("%d calls at %d/s, a webhook in each; %d failed; %.2f CPU ms a call\n",
		n, rate, len(l.failed), ms(used)/float64(n))
	fmt.Printf("%-32s %9s %9s %9s\n", "ms", "p50", "p95", "p99")
	row("INVITE to 200", l.toOK)
	row("INVITE to first RTP", l.toRTP)
	row("end of key to webhook request", l.toHook)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// caller is one call, with sockets of its own.
type caller struct {
	sip, rtp *net.UDPConn
	id       string
	tag      string
	to       string // the To header of the dialog
	target   string // where the server's Contact is
}

func (l *load) call(i int) error {
	c, err := l.open(i)
	if err != nil {
		return err
	}
	defer c.close()
	began := time.Now()
	if err := c.send("INVITE", 1, offer(c.rtp)); err != nil {
		return err
	}
	first := make(chan time.Time, 1)
	go c.listen(first)
	port, err := c.answered()
	if err != nil {
		return err
	}
	ok := time.Since(began)
	if err := c.send("ACK", 1, ""); err != nil {
		return err
	}
	var heard time.Time
	select {
	case heard = <-first:
	case <-time.After(5 * time.Second):
		return errors.New("no RTP")
	}
	// The key is pressed once the tone is over and its collection waits.
	<-time.After(500 * time.Millisecond)
	pressed, err := c.press(port)
	if err != nil {
		return err
	}
	if err := c.bye(); err != nil {
		return err
	}
	asked, there := l.web.at(c.id)
	if !there {
		return errors.New("the key reached no webhook")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.toOK, l.toRTP = append(l.toOK, ok), append(l.toRTP, heard.Sub(began))
	l.toHook = append(l.toHook, asked.Sub(pressed))
	return nil
}

func (l *load) open(i int) (*caller, error) {
	to, err := net.ResolveUDPAddr("udp", l.sip)
	if err != nil {
		return nil, err
	}
	sip, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return nil, err
	}
	rtp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, errors.Join(err, sip.Close())
	}
	id := fmt.Sprintf("bench-%d-%d-%d", os.Getpid(), i, time.Now().UnixNano())
	return &caller{
		sip: sip, rtp: rtp, id: id, tag: strconv.Itoa(i),
		to: "<sip:bench@" + l.sip + ">", target: "sip:bench@" + l.sip,
	}, nil
}

func (c *caller) close() { _ = errors.Join(c.sip.Close(), c.rtp.Close()) }

func offer(rtp *net.UDPConn) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
		rtp.LocalAddr().(*net.UDPAddr).Port)
}

// send sends a request of the dialog.
func (c *caller) send(method string, cseq int, body string) error {
	kind := ""
	if body != "" {
		kind = "Content-Type: application/sdp\r\n"
	}
	_, err := fmt.Fprintf(c.sip, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n"+
		"From: <sip:bench@127.0.0.1>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"+
		"Contact: <sip:bench@%s>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, c.target, c.sip.LocalAddr(), c.id, method, c.tag, c.to, c.id, cseq, method, c.sip.LocalAddr(),
		kind, len(body), body)
	return err
}

// answered waits for the 200 and returns the server's RTP port.
func (c *caller) answered() (int, error) {
	for {
		msg, err := c.read()
		if err != nil {
			return 0, err
		}
		status, _, _ := strings.Cut(strings.TrimPrefix(msg, "SIP/2.0 "), " ")
		switch {
		case status == "200":
			c.to = header(msg, "To")
			contact := header(msg, "Contact")
			_, contact, _ = strings.Cut(contact, "<")
			c.target, _, _ = strings.Cut(contact, ">")
			_, media, _ := strings.Cut(msg, "m=audio ")
			word, _, _ := strings.Cut(media, " ")
			return strconv.Atoi(word)
		case status >= "300":
			return 0, fmt.Errorf("refused: %s", status)
		}
	}
}

func (c *caller) read() (string, error) {
	if err := c.sip.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	buf := make([]byte, 4096)
	n, err := c.sip.Read(buf)
	return string(buf[:n]), err
}

func header(msg, name string) string {
	for line := range strings.SplitSeq(msg, "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// listen tells when the first packet came and throws the rest away.
func (c *caller) listen(first chan<- time.Time) {
	buf := make([]byte, 1500)
	for n := 0; ; n++ {
		if _, err := c.rtp.Read(buf); err != nil {
			return // closed
		}
		if n == 0 {
			first <- time.Now()
		}
	}
}

// press sends the key 5 by RFC 4733 and returns when its end was sent.
func (c *caller) press(port int) (time.Time, error) {
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	packet := []byte{0x80, 101, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 7, 5, 10, 0, 0}
	var end time.Time
	for i := range 8 {
		packet[3] = byte(i)
		duration := uint16(160 * (i + 1))
		packet[14], packet[15] = byte(duration>>8), byte(duration)
		packet[13] = 10
		if i >= 5 {
			packet[13] |= 0x80
			packet[14], packet[15] = 3, 0x20
		}
		if i == 5 {
			end = time.Now()
		}
		if _, err := c.rtp.WriteToUDP(packet, to); err != nil {
			return end, err
		}
		if i < 5 {
			<-time.After(20 * time.Millisecond)
		}
	}
	return end, nil
}

// bye waits for the server's BYE and answers it.
func (c *caller) bye() error {
	for {
		msg, err := c.read()
		if err != nil {
			return err
		}
		if strings.HasPrefix(msg, "SIP/2.0 200") { // our ACK was late or lost
			if err := c.send("ACK", 1, ""); err != nil {
				return err
			}
			continue
		}
		if !strings.HasPrefix(msg, "BYE ") {
			continue
		}
		_, err = fmt.Fprintf(c.sip, "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\n"+
			"Call-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
			header(msg, "Via"), header(msg, "From"), header(msg, "To"), header(msg, "Call-ID"), header(msg, "CSeq"))
		return err
	}
}
