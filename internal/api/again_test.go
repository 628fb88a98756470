package api

import (
	"testing"
)

// TestOneAddressOneDevice writes one address in two ways.
func TestOneAddressOneDevice(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/devices", `{"name":"a","sip":{"method":"ip","ip":"2001:DB8::1"}}`)
	w.must(400, "PUT A/devices", `{"name":"b","sip":{"method":"ip","ip":"2001:db8:0::1"}}`)
}

// TestListGoesWithItsEntries deletes a list for good: nothing is left of its
// entries.
func TestListGoesWithItsEntries(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/lists", `{"id":"l","name":"L"}`)
	w.must(201, "PUT A/lists/l/entries", `{"id":"e","number":"1"}`)
	w.head.Set("If-Match", `"1-0"`)
	w.must(409, "DELETE A/lists/l", "")
	w.head.Del("If-Match")
	w.must(200, "GET A/lists/l/entries/e", "")
	w.must(200, "DELETE A/lists/l?should_soft_delete=false", "")
	w.must(201, "PUT A/lists", `{"id":"l","name":"L"}`)
	w.must(201, "PUT A/lists/l/entries", `{"id":"e","number":"2"}`)
}
