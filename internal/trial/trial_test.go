package trial_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/trial"
)

// watched is a test that is looked at while it fails.
type watched struct {
	testing.TB
	failed bool
	said   string
}

func (*watched) Helper()        {}
func (w *watched) Failed() bool { return w.failed }
func (w *watched) FailNow()     { panic(w) }

func (w *watched) Fatalf(format string, a ...any) {
	w.said = fmt.Sprintf(format, a...)
	panic(w)
}

// TestEventually goes on as soon as all is well, and ends a test of which that
// is never so, or which has failed before.
func TestEventually(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		says := func() string {
			if time.Since(began) < 10*time.Second {
				return "too early"
			}
			return ""
		}
		if trial.Eventually(t, says); time.Since(began).Round(time.Second) != 10*time.Second {
			t.Errorf("it took %v", time.Since(began))
		}
		for _, w := range []*watched{{}, {failed: true}} {
			began = time.Now()
			func() {
				defer func() { _ = recover() }()
				trial.Eventually(w, func() string { return "never" })
				t.Error("it goes on")
			}()
			if said := strings.HasSuffix(w.said, "still: never"); said == w.failed || time.Since(began) < 2*time.Minute == said {
				t.Errorf("%q after %v", w.said, time.Since(began))
			}
		}
	})
}

// TestPorts can be listened on, all of them, both ways.
func TestPorts(t *testing.T) {
	first := trial.Ports(t, 4)
	if first%2 != 0 || first < 61000 {
		t.Errorf("port %d", first)
	}
	for port := first; port < first+4; port++ {
		at := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		u, err := net.ListenPacket("udp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = u.Close() }()
	}
}
