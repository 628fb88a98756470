package actions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// listed are dependencies with two lists of numbers.
func listed() actions.Deps {
	d := deps(nil)
	d.Documents = library(map[string]string{
		"list vip":       `{"name": "VIPs", "entries": {"1": {"number": "+331", "name": "within the list"}}}`,
		"list_entry e1":  `{"list_id": "vip", "number": "+14155550100", "displayname": "Ada"}`,
		"list_entry e2":  `{"list_id": "vip", "prefix": "1510", "name": "Oakland"}`,
		"list_entry e3":  `{"list_id": "vip", "pattern": "^44.*7$", "cid_name": "A seventh"}`,
		"list_entry e4":  `{"list_id": "vip", "number": "4930"}`,
		"list bystander": `{"name": "Others"}`,
		"list twin":      `{"name": "The same again"}`,
		"list_entry h1":  `{"list_id": "twin", "number": "14155550100", "name": "Twin"}`,
		"list_entry f1":  `{"list_id": "bystander", "regexp": "^4930", "firstname": "Ber", "lastname": "Lin"}`,
		"list_entry f2":  `{"list_id": "bystander", "number": "1415555", "name": "San Francisco"}`,
		"list_entry f3":  `{"list_id": "bystander", "number": "15105550", "name": "An Oakland office"}`,
	})
	shelve(d.Documents.Docs, "list", "broken", `{"name": "Broken"}`)
	doc := store.Doc{
		Key:  store.Key{Account: "acme", Type: "list_entry", ID: "g1"},
		JSON: json.RawMessage(`{"list_id": "broken", "pattern": "(?=1)"}`), Index: map[string][]string{"list_id": {"broken"}},
	}
	if _, err := d.Documents.Docs.Put(context.Background(), doc); err != nil {
		panic(err)
	}
	d.Lists = documents.NewPhonebook(d.Documents.Docs)
	return d
}

// TestCIDListMatch is the child that a caller's number takes.
func TestCIDListMatch(t *testing.T) {
	for _, c := range []struct{ id, by, want, why, told string }{
		{"vip", "+14155550100", "match", `"+14155550100" begins with 14155550100, which is in the list`, ""},
		{"vip", "14155550100", "match", "begins with", ""},
		{"vip", "+141555501", "nomatch", `"+141555501" is not in the list`, ""},
		{"vip", "+15105551234", "match", "begins with 1510", ""},
		{"vip", "+442071234567", "match", `is matched by ^44.*7$`, ""},
		{"vip", "+442071234568", "nomatch", "", ""},
		{"vip", "+331234", "nomatch", "", ""}, // not an entry document
		{"vip", "", "nomatch", "", ""},
		{"vip", "+493012345", "match", "begins with 4930", ""}, // an entry without a name
		{"bystander", "+14155550100", "match", "1415555", ""},
		{"nowhere", "+14155550100", "nomatch", "", "warned list.missing"},
		{"", "+14155550100", "nomatch", "", "warned list.missing"},
		{"broken", "+14155550100", "nomatch", "", "warned list.pattern"},
	} {
		prog := fmt.Sprintf(`{"module":"cidlistmatch","data":{"id":%q},"children":%s}`, c.id, looks("match", "nomatch", "_"))
		all, j := caller(t, listed(), flow.Party{Number: c.by}, prog)
		d := of[event.Decided](j)
		if len(all) != 1 || all[0].at != c.want || len(d) != 1 || !strings.Contains(d[0].Why[0], c.why) || !strings.Contains(told(j), c.told) {
			t.Errorf("%+v: %+v, %+v\n%s", c, all, d, told(j))
		}
	}
	for _, children := range []string{looks("_"), looks("nomatch", "_")} {
		if all, _ := caller(t, listed(), ada, `{"module":"cidlistmatch","data":{"id":"vip"},"children":`+children+`}`); len(all) != 1 || all[0].at != "_" {
			t.Errorf("without match: %+v", all)
		}
	}
	prefixed := `{"module":"prepend_cid","data":{"caller_id_number_prefix":"9"},"children":{"_":{"module":"cidlistmatch","data":{"id":"vip"},"children":` + looks("match", "nomatch") + `}}}`
	if all, _ := caller(t, listed(), ada, prefixed); len(all) != 1 || all[0].at != "match" {
		t.Errorf("with a prefix in front: %+v", all)
	}
}

// TestLookupCIDName is the name that callers get, as webhooks see it after.
func TestLookupCIDName(t *testing.T) {
	for _, c := range []struct{ lists, by, want string }{
		{`["vip"]`, "+14155550100", "Ada"},
		{`["bystander"]`, "+14155550100", "San Francisco"},
		{`["bystander","vip"]`, "+14155550100", "Ada"}, // longer
		{`["vip","twin"]`, "+14155550100", "Ada"},      // the same length
		{`["twin","vip"]`, "+14155550100", "Twin"},
		{`["vip","bystander"]`, "+15105550123", "An Oakland office"},
		{`["vip","bystander"]`, "+15109999999", "Oakland"},
		{`["vip"]`, "+44207", "A seventh"},
		{`["vip"]`, "+493012345", "Joe"}, // an entry without a name
		{`["vip","bystander"]`, "+493012345", "Ber Lin"},
		{`["nowhere","vip"]`, "+14155550100", "Ada"},
		{`["vip"]`, "+331234", "Joe"},
		{`[]`, "+14155550100", "Joe"},
	} {
		prog := `{"module":"lookupcidname","data":{"lists":` + c.lists + `},"children":` + looks("_") + `}`
		all, j := caller(t, listed(), flow.Party{Name: "Joe", Number: c.by}, prog)
		if len(all) != 1 || all[0].caller != c.want+" <"+c.by+">" {
			t.Errorf("%+v: %+v\n%+v", c, all, of[event.Decided](j))
		}
		if set := strings.Contains(told(j), "set Caller-ID-Name="+c.want); set != (c.want != "Joe") {
			t.Errorf("%+v told\n%s", c, told(j))
		}
	}
}

// TestListsSick: a list that cannot be read is not taken for one that has
// nobody in it.
func TestListsSick(t *testing.T) {
	for _, step := range []string{`{"module":"cidlistmatch","data":{"id":"vip"}`, `{"module":"lookupcidname","data":{"lists":["vip"]}`} {
		d := listed()
		d.Lists = documents.NewPhonebook(sick{d.Documents.Docs, "list_entry", ""})
		all, j := caller(t, d, ada, step+`,"children":`+looks("match", "nomatch", "error", "_")+`}`)
		if len(all) != 1 || all[0].at != "error" || !slices.Contains(strings.Split(told(j), "\n"), "failed list.unreadable") {
			t.Errorf("%s: %+v\n%s", step, all, told(j))
		}
	}
}
