package event

import "context"

// teller is the key of Telling's function in a context.
type teller struct{}

// Telling is a context in which Tell reaches tell: what lies beneath an action
// and knows no call puts facts on the call's timeline so.
func Telling(ctx context.Context, tell func(Fact)) context.Context {
	return context.WithValue(ctx, teller{}, tell)
}

// Tell gives a fact to whoever ctx says. Where that is nobody it is lost, so
// it is for facts that explain, never for those that something depends on.
func Tell(ctx context.Context, what Fact) {
	if tell, ok := ctx.Value(teller{}).(func(Fact)); ok {
		tell(what)
	}
}
