package resource_test

import (
	"context"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestWaitingForATurnEnds gives up a save that waits for another.
func TestWaitingForATurnEnds(t *testing.T) {
	docs := &held{Docs: store.Memory().Docs, let: make(chan struct{}), in: make(chan struct{}, 1)}
	res := resource.Define(resource.Def[struct{}]{Name: "things", Type: "thing"}).OneByOne()
	c := resource.Collection{Resource: res, Docs: docs, Account: "a"}
	first := make(chan error, 1)
	go func() { _, err := c.Create(t.Context(), resource.Object{}); first <- err }()
	<-docs.in
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Create(ctx, resource.Object{}); err == nil {
		t.Error("saved out of turn")
	}
	close(docs.let)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// held is a store that writes when it is let.
type held struct {
	store.Docs

	in, let chan struct{}
}

func (h *held) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	h.in <- struct{}{}
	<-h.let
	return h.Docs.Put(ctx, d)
}
