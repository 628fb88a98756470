package twiml

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// nobody is a web client that is never asked.
type nobody struct{}

func (nobody) Ask(context.Context, webhook.Request) (event.Fetched, webhook.Answer) {
	return event.Fetched{Status: http.StatusTeapot}, webhook.Answer{}
}

func (nobody) CheckURL(string) error { return nil }

// engine knows the real actions, which are checked and not run.
func engine() *flow.Engine {
	return flow.NewEngine(flow.Config{Actions: actions.All(actions.Deps{
		Web:      nobody{},
		Dialects: map[string]actions.Dialect{"twiml": New(Pivot), "twilio": New(Twilio)},
	})})
}

// TestActionsTakeIt: what documents become is what actions take, in both
// profiles.
func TestActionsTakeIt(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	e := engine()
	for _, f := range files {
		all, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		src, _, _ := strings.Cut(string(all), dashes)
		h, body := header(src)
		for _, p := range []Profile{Pivot, Twilio} {
			d := New(p)
			a := webhook.Answer{ContentType: h["type"], Body: []byte(body), URL: h["url"]}
			if _, _, err := d.Read(a, fine); err != nil {
				continue // golden
			}
			if _, _, err := d.Read(a, e.Check); err != nil {
				t.Errorf("%s, %s: %v", f, p, err)
			}
		}
	}
}

var _ actions.Dialect = Dialect{}
