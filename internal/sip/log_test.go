package sip

import (
	"strings"
	"testing"
)

// TestKeysAreNotKept: what is pressed may be a PIN.
func TestKeysAreNotKept(t *testing.T) {
	for _, kind := range []string{"application/dtmf-relay", "Application/DTMF"} {
		head := "INFO sip:pivot@127.0.0.1 SIP/2.0\r\nCall-ID: c1\r\nContent-Type: " + kind + "\r\nContent-Length: 9\r\n\r\n"
		if got := mask([]byte(head + "Signal=7\r\nDuration=160\r\n\r\n7")); got != head+"***" {
			t.Errorf("%q", got)
		}
	}
	other := "INFO sip:pivot@127.0.0.1 SIP/2.0\r\nContent-Type: text/plain\r\n\r\nSignal=7"
	if got := mask([]byte(other)); !strings.HasSuffix(got, "Signal=7") {
		t.Errorf("%q", got)
	}
}
