package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestCallLimit calls an account that may have one call at a time while it
// has one, and again when that is over.
func TestCallLimit(t *testing.T) {
	a := start(t, nil)
	req, err := http.NewRequest(http.MethodPost, "http://"+a.HTTP()+"/v2/accounts/"+a.Credentials.AccountID+"/limits",
		strings.NewReader(`{"data":{"calls":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", a.Credentials.APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	second := make(chan error, 1)
	call100 := func(answered func()) error {
		_, err := dial(t, a, "100", phone.Options{Limit: 20 * time.Second, Tell: func(f string, _ ...any) {
			if strings.HasPrefix(f, "answered") {
				answered()
				remove(t, a, "/calls/"+a.Calls().Live("")[0].CallID)
			}
		}})
		return err
	}
	if err := call100(func() { second <- call100(func() {}) }); err != nil {
		t.Fatal(err)
	}
	var refused *call.RefusedError
	if err := <-second; !errors.As(err, &refused) || refused.Code != 486 {
		t.Errorf("the second call at one time: %v", err)
	}
	if got := get(t, a, "/cdrs"); !strings.Contains(got, "486") {
		t.Errorf("the records say %s", got)
	}
	for err = call100(func() {}); errors.As(err, &refused); err = call100(func() {}) {
		// The phone may hear of the end before the flow is over.
	}
	if err != nil {
		t.Errorf("once there is room: %v", err)
	}
}
