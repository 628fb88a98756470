package app_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// TestCallLimit calls an account that may have one call at a time while it
// has one, and again when that is over.
func TestCallLimit(t *testing.T) {
	a := start(t, nil)
	ask(t, a, http.MethodPost, "/limits", `{"data":{"calls":1}}`)
	call100 := func(id string, answered func()) error {
		_, err := dial(t, a, "100", phone.Options{
			Dial: call.DialOptions{CallID: id}, Limit: time.Minute,
			Tell: func(f string, _ ...any) {
				if strings.HasPrefix(f, "answered") {
					answered()
					ask(t, a, http.MethodDelete, "/calls/"+id, "")
				}
			},
		})
		return err
	}
	second := make(chan error, 1)
	if err := call100("first", func() {
		second <- call100("second", func() {})
		for _, c := range a.Calls().Live("") {
			if c.CallID == "second" {
				t.Error("a call that was refused is shown as running")
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	var refused *call.RefusedError
	if err := <-second; !errors.As(err, &refused) || refused.Code != 486 {
		t.Errorf("the second call at one time: %v", err)
	}
	says(t, a, "/cdrs", `"hangup_code":"sip:486"`, "We declined the call: the account has as many calls as it may have at one time: 1.")
	tries := 0
	trial.Eventually(t, func() string {
		tries++
		switch err := call100(fmt.Sprint("later-", tries), func() {}); {
		case errors.As(err, &refused):
			return err.Error() // the phone may hear of the end before the flow is over
		case err != nil:
			t.Errorf("once there is room: %v", err)
		}
		return ""
	})
}
