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
