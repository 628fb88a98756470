package documents_test

import (
	"errors"
	"testing"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestMailboxesByName is the order of the list of mailboxes, which is another
// than that of all others (spec/crossbar-api.md section 1.8).
func TestMailboxesByName(t *testing.T) {
	c := resource.Collection{Resource: documents.Mailboxes.Resource, Docs: store.Memory().Docs, Account: "a"}
	for number, name := range map[string]string{"1": "beta", "2": "Alpha", "3": "gamma"} {
		if _, err := c.Create(t.Context(), resource.Object{"name": name, "mailbox": number}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := c.List(t.Context(), resource.Query{})
	got := ""
	for _, d := range page.Docs {
		got += resource.Text(d.Public, "name") + " "
	}
	if err != nil || got != "Alpha beta gamma " {
		t.Errorf("%q (%v)", got, err)
	}
}

// TestFaxAddress has one address written in two ways.
func TestFaxAddress(t *testing.T) {
	c := resource.Collection{Resource: documents.Faxboxes.Resource, Docs: store.Memory().Docs, Account: "a"}
	d, err := c.Create(t.Context(), resource.Object{"name": "A", documents.FaxAddress: "Fax@Example.com"})
	if err != nil || d.Public[documents.FaxAddress] != "fax@example.com" {
		t.Fatalf("%v (%v)", d.Public, err)
	}
	_, err = c.Create(t.Context(), resource.Object{"name": "B", documents.FaxAddress: "fax@EXAMPLE.com"})
	var faults schema.Faults
	if !errors.As(err, &faults) || faults[0].Rule != "unique" {
		t.Errorf("the same address again: %v", err)
	}
}

// TestFaxSenders holds the expressions of a faxbox to being some.
func TestFaxSenders(t *testing.T) {
	c := resource.Collection{Resource: documents.Faxboxes.Resource, Docs: store.Memory().Docs, Account: "a"}
	_, err := c.Create(t.Context(), resource.Object{"name": "A", "smtp_permission_list": []any{`.*@example\.com`, "("}})
	var faults schema.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Dotted() != "smtp_permission_list.1" {
		t.Errorf("%v", err)
	}
}

// TestCheckPart is what a schema cannot say of parts of documents.
func TestCheckPart(t *testing.T) {
	urls := func(url string) error {
		if url == "bad" {
			return errors.New("none is asked")
		}
		return nil
	}
	for _, test := range []struct{ name, part, want string }{
		{"metaflows", `{"numbers":{"1":{"module":"nope"}}}`, "numbers.1.module"},
		{"metaflows", `{"numbers":{"1":{"module":"hold"}}}`, ""},
		{"metaflow", `{"module":"nope"}`, "module"},
		{"metaflow", `{"module":"record_call","data":{"url":"bad"}}`, "data.url"},
		{"metaflows.record_call", `{"url":"bad"}`, "url"},
		{"metaflows.record_call", `{"url":"good"}`, ""},
		{"call_recording", `{"inbound":{"offnet":{"url":"bad"}}}`, "inbound.offnet.url"},
		{"call_recording.source", `{"onnet":{"url":"bad"}}`, "onnet.url"},
		{"call_recording.parameters", `{"url":"bad"}`, "url"},
		{"caller_id", `{"url":"bad"}`, ""},
	} {
		part, err := resource.ParseObject([]byte(test.part))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range documents.CheckPart(test.name, part, urls) {
			got += f.Dotted()
		}
		if got != test.want {
			t.Errorf("%s %s: %q, not %q", test.name, test.part, got, test.want)
		}
	}
}
