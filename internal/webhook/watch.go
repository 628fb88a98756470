package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// phase is what an exchange was doing.
type phase string

// The phases, in words that complete "while …".
const (
	resolving phase = "looking up the host"
	dialling  phase = "connecting"
	securing  phase = "agreeing on TLS"
	waiting   phase = "waiting for the answer"
	reading   phase = "reading the answer"
)

// watch notes when things happen in an exchange. net/http calls it from
// several goroutines, and may do so after the exchange is over.
type watch struct {
	began time.Time
	read  time.Duration // how long the answer may be silent; 0 is for ever
	quiet *time.Timer   // runs while it is awaited; nil if it may be silent

	mu        sync.Mutex
	phase     phase
	dnsFrom   time.Time
	dialFrom  time.Time
	tlsFrom   time.Time
	dns       time.Duration
	dial      time.Duration
	tls       time.Duration
	firstByte time.Duration
	remote    string
	reused    bool
	conns     int // got for the running hop
	again     int // sent again over a new connection, in all hops
}

// silentError is an answer that said nothing for too long.
type silentError struct{ limit time.Duration }

func (e *silentError) Error() string { return fmt.Sprintf("no byte of the answer within %v", e.limit) }

// guard has late called once the answer was silent for longer than it may.
// The function it returns ends that.
func (w *watch) guard(late func()) (stop func()) {
	if w.read == 0 {
		return func() {}
	}
	w.quiet = time.AfterFunc(w.read, late)
	w.quiet.Stop()
	return func() { w.quiet.Stop() }
}

// heard begins the answer's silence anew.
func (w *watch) heard() {
	if w.quiet != nil {
		w.quiet.Reset(w.read)
	}
}

// Write is told of the bytes of an answer.
func (w *watch) Write(b []byte) (int, error) {
	w.heard()
	return len(b), nil
}

// trace is ctx with w watching what is sent under it.
func (w *watch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { w.from(resolving, &w.dnsFrom) },
		DNSDone:  func(httptrace.DNSDoneInfo) { w.until(&w.dnsFrom, &w.dns) },
		ConnectStart: func(string, string) {
			w.from(dialling, &w.dialFrom)
		},
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				w.until(&w.dialFrom, &w.dial)
			}
		},
		TLSHandshakeStart: func() { w.from(securing, &w.tlsFrom) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				w.until(&w.tlsFrom, &w.tls)
			}
		},
		GotConn:              w.connected,
		GotFirstResponseByte: w.answered,
	})
}

func (w *watch) from(p phase, at *time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, *at = p, time.Now()
}

func (w *watch) until(from *time.Time, took *time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*took += time.Since(*from)
}

func (w *watch) connected(i httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard()
	w.phase, w.reused, w.remote = waiting, i.Reused, i.Conn.RemoteAddr().String()
	if w.conns++; w.conns > 1 {
		w.again++
	}
}

func (w *watch) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard()
	w.phase, w.firstByte = reading, time.Since(w.began)
}

// hop begins the next request of the exchange.
func (w *watch) hop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = 0
	if w.quiet != nil {
		w.quiet.Stop() // until the next connection
	}
}

// at is what the exchange is doing.
func (w *watch) at() phase {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.phase
}

// tell puts what was seen into f.
func (w *watch) tell(f *event.Fetched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.Try += w.again
	f.Remote, f.Reused = w.remote, w.reused
	f.DNS, f.Connect, f.TLS = event.Millis(w.dns), event.Millis(w.dial), event.Millis(w.tls)
	f.FirstByte, f.Took = event.Millis(w.firstByte), event.Millis(time.Since(w.began))
}
