// Package trial is what tests need that share a slow machine with others: to
// wait for what is so a moment later, and ports that nobody else takes.
package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// patience is how long anything may take that must come. No test is slower for
// it: they go on as soon as it has come.
const patience = 2 * time.Minute

// Eventually waits until wrong, which says what is not yet as it must be, has
// nothing to say. If that does not come to pass, what it said last ends the
// test.
func Eventually(tb testing.TB, wrong func() string) {
	tb.Helper()
	for until := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		says := wrong()
		switch {
		case says == "":
			return
		case tb.Failed(): // it was said already
			tb.FailNow()
		case time.Now().After(until):
			tb.Fatalf("after %s still: %s", patience, says)
		}
	}
}

// The ports that are looked at: above those that systems give to connections,
// and to sockets that ask for any.
const (
	firstPort = 61000
	pastPorts = 65536
)

// Ports is the first of n ports in a row, an even one, that were free on
// 127.0.0.1 for TCP and UDP a moment ago. A program can be told to listen
// there: by chance alone does anybody else take one of them meanwhile.
func Ports(tb testing.TB, n int) int {
	tb.Helper()
	for range 1000 {
		port := firstPort + 2*rand.IntN((pastPorts-firstPort-n)/2) //nolint:gosec // not a secret
		if free(tb.Context(), port, n) {
			return port
		}
	}
	tb.Fatalf("no %d free ports from %d on", n, firstPort)
	return 0
}

func free(ctx context.Context, port, n int) bool {
	var config net.ListenConfig
	for p := port; p < port+n; p++ {
		at := fmt.Sprintf("127.0.0.1:%d", p)
		stream, err := config.Listen(ctx, "tcp", at)
		if err != nil {
			return false
		}
		_ = stream.Close()
		packets, err := config.ListenPacket(ctx, "udp", at)
		if err != nil {
			return false
		}
		_ = packets.Close()
	}
	return true
}
