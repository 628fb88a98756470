package sim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// needs gathers what a call has used of an account, for a test that has
// nothing else: callflows, and the documents that these name.
type needs struct {
	call  Call
	flows map[string]json.RawMessage
	taken map[string]bool // of flows, those with their numbers
	docs  shelf
	text  strings.Builder // all that may name a document
}

// needsOf are those of a call that went as events say.
func needsOf(c Call, events []event.Event) *needs {
	n := &needs{call: c, flows: visited(c, events), docs: shelf{}, taken: map[string]bool{}}
	n.text.Write(programOf(c.Program))
	for _, flow := range n.flows {
		n.text.Write(flow)
	}
	n.number(c.Captured[""])
	for _, e := range events {
		if w, ok := e.What.(event.Collected); ok {
			n.number(w.Digits)
		}
	}
	if c.Documents.Docs == nil {
		return n
	}
	// What was taken may name more: people their callflows, and those menus.
	for had := -1; had != n.text.Len(); {
		had = n.text.Len()
		n.more()
	}
	return n
}

// more takes the documents that are named in what was taken.
func (n *needs) more() {
	for _, kind := range []resource.Resource{
		documents.Menus.Resource, documents.TemporalRuleSets.Resource, documents.TemporalRules.Resource,
		documents.Directories.Resource, documents.Lists.Resource, documents.Functions.Resource,
	} {
		n.take(kind, func(d resource.Doc) bool { return strings.Contains(n.text.String(), d.ID) })
	}
	// A call may have read the entries of a list and not the list.
	n.take(documents.ListEntries.Resource, func(d resource.Doc) bool {
		return strings.Contains(n.text.String(), resource.Text(d.Public, documents.ByList))
	})
	n.people()
}

// number takes the callflow that answers a number that was typed or dialled.
func (n *needs) number(digits string) {
	x, ok := n.call.Flows.(*answering.Exchange)
	if !ok || digits == "" {
		return
	}
	if r, c, err := x.Match(context.Background(), n.call.owner(), digits); err == nil && r.Found && c.Flow != nil {
		n.flow(c)
	}
}

// flow takes a callflow with its numbers.
func (n *needs) flow(c answering.Callflow) {
	id := c.ID
	if n.taken[id] {
		return
	}
	n.taken[id] = true
	c.ID = ""
	text, _ := json.Marshal(c) // was read from JSON
	n.flows[id] = text
	n.text.Write(text)
}

// take takes the documents of a kind that are wanted.
func (n *needs) take(kind resource.Resource, wanted func(resource.Doc) bool) {
	c := resource.Collection{Resource: kind, Docs: asBefore(n.call.Documents.Docs), Account: n.call.owner()}
	all, err := c.Where(context.Background(), nil)
	if err != nil {
		return // documents of a call are in memory
	}
	for _, d := range all {
		if wanted(d) {
			n.keep(kind.As, d.ID, d.Public)
		}
	}
}

// original are the documents of a call as they were before it.
type original struct{ store.Docs }

// asBefore leaves out what a call has not asked for.
func asBefore(docs store.Docs) store.Docs {
	if c, ok := docs.(*copying); ok {
		docs = c.Docs
	}
	return original{docs}
}

// List implements store.Docs.
func (o original) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	all, err := o.Docs.List(ctx, q)
	for i := range all {
		past, err := o.History(ctx, all[i].Key, 0)
		if err != nil {
			return nil, err
		}
		all[i] = past[len(past)-1]
	}
	return all, err
}

func (n *needs) keep(kind, id string, data resource.Object) {
	if n.docs[kind] == nil {
		n.docs[kind] = map[string]json.RawMessage{}
	}
	if n.docs[kind][id] != nil {
		return
	}
	text, _ := json.Marshal(data) // was read from JSON
	n.docs[kind][id] = text
	n.text.Write(text)
}

// people takes who is in the directories that were taken: what a directory
// reads of them, and their callflows there.
func (n *needs) people() {
	if n.docs[documents.Directories.Name] == nil {
		return
	}
	n.take(documents.Users.Resource, func(d resource.Doc) bool {
		in, _ := d.Public["directories"].(resource.Object)
		kept := false
		for directory, flow := range in {
			if n.docs[documents.Directories.Name][directory] == nil {
				continue
			}
			kept = true
			if x, ok := n.call.Flows.(*answering.Exchange); ok {
				if c, err := x.Get(context.Background(), n.call.owner(), flowID(flow)); err == nil {
					n.flow(c)
				}
			}
		}
		for key := range d.Public {
			if !slices.Contains([]string{"first_name", "last_name", "directories", "pronounced_name"}, key) {
				delete(d.Public, key)
			}
		}
		return kept
	})
}

func flowID(v any) string {
	id, _ := v.(string)
	return id
}

// account is what actions read of the account's document, nil if there is
// nothing of it, or nothing reads it.
func (n *needs) account() json.RawMessage {
	reads := func(module string) bool { return strings.Contains(n.text.String(), `"module":"`+module+`"`) }
	if n.call.Documents.Docs == nil {
		return nil
	}
	doc, err := n.call.Documents.Account(context.Background(), n.call.owner())
	if err != nil {
		return nil // most tests have none
	}
	kept, keys := resource.Object{}, []string{"language"}
	if slices.ContainsFunc([]string{"audio_macro", "disa", "dynamic_cid", "temporal_route"}, reads) {
		keys = append(keys, "caller_id", "call_restriction", "timezone")
	}
	for _, key := range keys {
		if v, ok := doc[key]; ok {
			kept[key] = v
		}
	}
	if len(kept) == 0 {
		return nil
	}
	text, _ := json.Marshal(kept) // was read from JSON
	return text
}
