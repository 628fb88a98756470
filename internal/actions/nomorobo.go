package actions

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// nomorobo asks provider, a URL, how likely a call is spam.
func nomorobo(web Asker, provider string) flow.Action {
	return flow.Define(flow.Def[nomoroboData]{
		Name:    "nomorobo",
		Silent:  true,
		Summary: "Asks Nomorobo, or a service like it, how likely the call is spam.",
		Doc: "The service is asked by GET, with the caller's number as `From` and the one that was dialled as `To` in the " +
			"query and `username` and `password` as basic authentication. It is Nomorobo's own unless the server's " +
			"setting `nomorobo-url` names another. It answers with JSON, `{\"score\": 0.7}`: 0 is a call that is wanted, 1 " +
			"is spam.\n\n" +
			"The score times ten, without what is behind the point, chooses the child: of those that are numbers from 0 to " +
			"10 the largest that is not above it; if there is none, `_`. With the children `0`, `3` and `6` a score of 0.59 " +
			"takes `3`. If the service does not answer within 3 seconds, or with no score, `error` is taken, else `_`, " +
			"else `0`, and the timeline says why. The number is the caller's own, whatever `set_cid` and `prepend_cid` show.",
		Branches: []string{flow.Error, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"},
		Examples: []flow.Example{
			{Says: "Ask with your account at the service.", Data: `{"username": "me", "password": "secret"}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d nomoroboData) (flow.Next, error) {
			return d.run(ctx, s, web, provider)
		},
	})
}

type nomoroboData struct {
	Username string `json:"username" jsonschema:"required,minLength=1,maxLength=1000" jsonschema_description:"Your user name at the service."`
	Password string `json:"password,omitempty" jsonschema:"minLength=1,maxLength=1000" jsonschema_description:"Your password there."`
	flow.Skip
}

// nomoroboURL is the service where no setting names another.
const nomoroboURL = "https://api.nomorobo.com/v1/check"

// nomoroboTime is how long the caller waits for a score.
const nomoroboTime = 3 * time.Second

func (d nomoroboData) run(ctx context.Context, s *flow.Session, web Asker, provider string) (flow.Next, error) {
	score, problem := d.score(ctx, s, web, provider)
	if ctx.Err() != nil {
		return flow.Next{}, context.Cause(ctx)
	}
	if problem != "" {
		s.Add(event.Failed{Code: "nomorobo.no_score", Message: "there is no score: " + problem})
		return flow.Attempt(flow.Take("0"), flow.Error, flow.Else), nil
	}
	var children []string
	for n := score; n >= 0; n-- {
		children = append(children, strconv.Itoa(n))
	}
	return flow.Take(children...), nil
}

// score is the service's, from 0 to 10, or what the problem is.
func (d nomoroboData) score(ctx context.Context, s *flow.Session, web Asker, provider string) (n int, problem string) {
	u, err := url.Parse(provider)
	if err != nil {
		return 0, "the service's URL cannot be read"
	}
	u.User = url.UserPassword(d.Username, d.Password)
	v := visitOf(s)
	v.webhooks++
	r := webhook.Request{
		ID: v.webhooks, URL: u.String(), Params: url.Values{"From": {s.KnownCaller().Number}, "To": {s.Request}},
		Timeout: nomoroboTime, Header: http.Header{"Accept": {"application/json"}},
	}
	s.Add(event.Fetching{ID: r.ID, Method: http.MethodGet, URL: r.Shown()})
	f, answer := web.Ask(ctx, r)
	s.Add(f)
	if f.Failure != "" {
		return 0, f.Err
	}
	var got struct {
		Score *float64 `json:"score"`
	}
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return 0, `the answer is not {"score": NUMBER}: ` + err.Error()
	}
	if got.Score == nil || *got.Score < 0 || *got.Score > 1 {
		return 0, "the answer has no score from 0 to 1"
	}
	return int(*got.Score*10 + 1e-9), "" // 0.7 times ten is a little less than 7
}
