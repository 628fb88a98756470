package actions_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// answers are what web servers say where a test does not.
var answers = map[string]string{
	"https://example.com/today":             `{"module":"noop"}`,
	"https://api.nomorobo.com/v1/check":     `{"score": 0.7}`,
	"https://spam.example.com/check?key=me": `{"score": 0.2}`,
}

// site is all web servers: it knows answers, by URL and else those above. An
// answer "hang" never comes, one that is a kind of failure is that.
type site struct {
	answers map[string]string

	mu    sync.Mutex
	asked []webhook.Request
}

func (*site) CheckURL(raw string) error {
	if strings.Contains(raw, "//10.") {
		return &webhook.GuardError{What: raw, Rule: "private"}
	}
	return nil
}

func (s *site) Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	s.mu.Unlock()
	plain, _ := url.Parse(r.URL)
	plain.User = nil
	f := event.Fetched{ID: r.ID, URL: r.Shown(), Status: 200}
	answer, ok := s.answers[plain.String()]
	if !ok {
		answer = answers[plain.String()]
	}
	switch answer {
	case "hang":
		f.Status = 0
		select {
		case <-time.After(r.Timeout):
			f.Failure, f.Err = event.FailTimeout, "no answer"
		case <-ctx.Done():
			f.Failure, f.Err = event.FailCancelled, "given up"
		}
		return f, webhook.Answer{}
	case event.FailDNS, event.FailConnect, event.FailStatus, event.FailSize, event.FailGuard:
		f.Failure, f.Err = answer, "it is "+answer
		return f, webhook.Answer{}
	}
	return f, webhook.Answer{URL: plain.String(), ContentType: "application/json", Body: []byte(answer)}
}

// requests are those that were made.
func (s *site) requests() []webhook.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}
