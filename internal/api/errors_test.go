package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestCatalogue is the rows of spec/crossbar-api.md section 1.5 that apply,
// and the order in which they win.
func TestCatalogue(t *testing.T) {
	w := newWorld(t)
	key := w.token
	w.must(201, "PUT A/callflows", `{"id":"f1","name":"One","numbers":["100"],"flow":{"module":"hangup","data":{}}}`)
	none := strings.Repeat("0", 32)
	for _, test := range []struct {
		name, what, body, token string
		code                    int
		message, data           string
	}{
		{
			"bad JSON", "PUT A/callflows", "raw:{", key, 400, "validation error",
			`{"json":{"invalid":{"message":"unexpected end of JSON around 1","target":"body"}}}`,
		},
		{
			"bad JSON, no token", "PUT A/callflows", "raw:{x", "", 400, "validation error",
			`{"json":{"invalid":{"message":"invalid character 'x' looking for beginning of object key string around 2","target":"body"}}}`,
		},
		{
			"an array", "PUT A/callflows", "raw:[1]", key, 400, "validation error",
			`{"json":{"invalid":{"message":"The body must be a JSON object with the key data","target":"body"}}}`,
		},
		{
			"no data", "PUT A/callflows", `raw:{"numbers":[]}`, key, 400, "validation error",
			`{"data":{"required":{"message":"Field is required but missing"}}}`,
		},
		{
			"data of a wrong type", "PUT A/callflows", `raw:{"data":"x"}`, key, 400, "validation error",
			`{"data":{"type":{"message":"Value did not match type(s): object, array","target":"object, array","value":"x"}}}`,
		},
		{
			"no body", "PUT A/callflows", "", key, 400, "validation error",
			`{"numbers":{"required":{"message":"Callflows must be assigned at least one number or pattern"}}}`,
		},
		{"no token", "GET A/callflows", "", "", 401, "invalid_credentials", `{"message":"invalid credentials"}`},
		{"unknown token", "GET A/callflows", "", "nonsense", 401, "invalid_credentials", `{"message":"invalid credentials"}`},
		{"unknown JWT", "GET A/callflows", "", "a.b.c", 401, "invalid_credentials", `{"message":"invalid credentials"}`},
		{"unknown token, before 404", "GET A/nothing", "", "nonsense", 401, "invalid_credentials", `{"message":"invalid credentials"}`},
		{"no such route", "GET A/nothing", "", key, 404, "not_found", `{"message":"not found"}`},
		{"no such arity", "GET A/callflows/f1/x/y", "", key, 404, "not_found", `{"message":"not found"}`},
		{"no such noun", "GET /v2/nothing", "", key, 404, "not_found", `{"message":"not found"}`},
		{"no such noun, no token", "GET /v2/nothing", "", "", 401, "invalid_credentials", `{"message":"invalid credentials"}`},
		{"nothing", "GET /v2", "", key, 404, "not_found", `{"message":"not found"}`},
		{"not ours", "GET /x", "", key, 404, "not_found", `{"message":"not found"}`},
		{"method, before the token", "PATCH A/callflows", "", "", 405, "invalid_method", `{"message":"method not allowed"}`},
		{"a method that is none", "BREW A/callflows", "", key, 405, "invalid_method", `{"message":"method not allowed"}`},
		{"OPTIONS that is no preflight", "OPTIONS A/callflows", "", key, 405, "invalid_method", `{"message":"method not allowed"}`},
		{"HEAD", "HEAD A/callflows", "", key, 405, "invalid_method", ""},
		{"account id", "GET /v2/accounts/abc/callflows", "", "", 404, "bad identifier", `{"message":"invalid account_id 'abc'"}`},
		{
			"unknown account, before the token", "GET /v2/accounts/" + none, "", "", 404, "bad_identifier",
			`{"cause":"` + none + `","message":"bad identifier"}`,
		},
		{"unknown document", "GET A/callflows/nope", "", key, 404, "bad_identifier", `{"cause":"nope","message":"bad identifier"}`},
		{
			"a document that cannot be", "GET A/callflows/a%00b", "", key, 404, "bad_identifier",
			`{"cause":"a\u0000b","message":"bad identifier"}`,
		},
		{
			"PUT of an id in use", "PUT A/callflows", `{"id":"f1","numbers":["7"]}`, key, 409, "datastore_conflict",
			`{"message":"conflicting documents"}`,
		},
		{"page size", "GET A/callflows?page_size=0", "", key, 404, "faulty_request", `{"message":"page size must be at least 1"}`},
		{"page size too big", "GET A/callflows?page_size=10001", "", key, 404, "faulty_request", `{"message":"page size must be at most 10000"}`},
		{"page size text", "GET A/callflows?page_size=ten", "", key, 404, "faulty_request", `{"message":"invalid page size"}`},
		{"version 1", "GET /v1/accounts", "", "", 410, "gone", `{"message":"version 1 of the API is not supported; use /v2"}`},
		{"unknown API key", "PUT /v2/api_auth", `{"api_key":"` + none + `"}`, "", 404, "bad identifier", `["` + none + `"]`},
		{
			"short API key", "PUT /v2/api_auth", `{"api_key":"x"}`, "", 400, "validation error",
			`{"api_key":{"minLength":{"cause":"x","message":"String must be at least 16 characters","target":16,"value":"x"}}}`,
		},
		{
			"window", "GET A/cdrs?created_from=0&created_to=99999999999", "", key, 400, "validation error",
			`{"created_from":{"date_range":{"cause":"0","message":"created_from must not be more than 31 days before created_to"}}}`,
		},
		{"deleting the first account", "DELETE /v2/account", "", key, 405, "invalid_method", `{"message":"method not allowed"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.T, w.token, w.from = t, test.token, "192.0.2.200:1"
			a := w.do(test.what, test.body)
			if a.code != test.code || resource.Text(a.env, "message") != test.message {
				t.Fatalf("%d %s", a.code, a.text)
			}
			if test.data == "" {
				return
			}
			if got := asJSON(t, a.env["data"]); got != test.data {
				t.Errorf("data %s, not %s", got, test.data)
			}
			if a.env["status"] != "error" || a.env["error"] != fmt.Sprint(test.code) || a.head.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%v %s", a.head, a.text)
			}
		})
	}
}

func TestBareErrors(t *testing.T) {
	w := newWorld(t)
	w.head.Set("Accept", "image/png")
	if a := w.must(406, "GET A/callflows", ""); a.text != "" {
		t.Error(a.text)
	}
	w.head = http.Header{"Content-Type": {"audio/wav"}}
	if a := w.must(415, "PUT A/callflows", "raw:RIFF"); a.text != "" {
		t.Error(a.text)
	}
	w.head = http.Header{}
	if a := w.must(405, "PATCH A/callflows", ""); a.head.Get("Allow") != "GET, OPTIONS, PUT" {
		t.Error(a.head)
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	doc := `{"numbers":["5"],"note":"` + strings.Repeat("x", 10) + `"}`
	w.head.Set("Content-Type", "application/x-www-form-urlencoded") // curl's default
	w.must(201, "PUT A/callflows", strings.Replace(doc, `"5"`, `"6"`, 1))
	if a := w.must(400, "PUT A/callflows", "raw:data=x&a=b"); a.fault("data", "type") == "" {
		t.Error(a.text)
	}
	w.head.Set("Content-Type", "application/json; charset=utf-8")
	w.must(201, "PUT A/callflows", doc)
	w.head.Del("Content-Type")
	large := w.must(400, "PUT A/callflows", `{"numbers":["8"],"note":"`+strings.Repeat("x", rest.MaxBody)+`"}`)
	if large.fault("file", "maxSize") == "" {
		t.Error(large.text)
	}
	for _, body := range []string{
		strings.Repeat("[", rest.MaxDepth+1), `raw:{"data":[` + strings.Repeat("0,", rest.MaxValues) + "0]}",
	} {
		if a := w.must(400, "PUT A/callflows", body); !strings.Contains(a.fault("json", "invalid"), "more than") {
			t.Error(a.text)
		}
	}
	deep := strings.Repeat(`{"module":"hangup","data":{},"children":{"_":`, 150) + `{"module":"hangup"}` + strings.Repeat("}}", 150)
	w.must(201, "PUT A/callflows", `{"numbers":["9"],"flow":`+deep+`}`)
}

func TestTunnel(t *testing.T) {
	w := newWorld(t)
	made := w.must(201, "POST A/callflows?verb=put", `{"numbers":["5"]}`)
	id := resource.Text(made.data(), "id")
	w.must(405, "POST A/callflows?verb=DELETE", "")
	w.must(200, "POST A/callflows/"+id, `raw:{"data":{"x":1},"Verb":"patch"}`)
	if a := w.must(200, "GET A/callflows/"+id+"?verb=DELETE", ""); asJSON(t, a.data()["x"]) != "1" {
		t.Error(a.text)
	}
	w.must(200, "POST A/callflows/"+id, `raw:{"data":{"verb":"DELETE"}}`)
	w.must(404, "GET A/callflows/"+id, "")
}

func TestCORS(t *testing.T) {
	w := newWorld(t)
	w.token = ""
	w.head.Set("Origin", "https://ui.example")
	w.head.Set("Access-Control-Request-Method", "PUT")
	a := w.must(200, "OPTIONS A/callflows", "")
	if a.text != "" || a.head.Get("Access-Control-Allow-Origin") != "*" || a.head.Get("Access-Control-Max-Age") != "86400" ||
		!strings.Contains(a.head.Get("Access-Control-Allow-Headers"), "x-auth-token") {
		t.Errorf("%v %s", a.head, a.text)
	}
	w.token = w.creds.APIKey
	if a := w.must(200, "GET A/callflows", ""); a.head.Get("Access-Control-Allow-Origin") != "*" {
		t.Error(a.head)
	}
	w.head = http.Header{}
	if a := w.must(200, "GET A/callflows", ""); a.head.Get("Access-Control-Allow-Origin") != "" {
		t.Error(a.head)
	}
}

// broken is a store of which everything fails once it is broken, in one of three ways.
type broken struct {
	store.Docs
	is, panics, away bool
}

func (b *broken) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	if !b.is {
		return b.Docs.List(ctx, q)
	}
	if b.panics {
		panic("secret inside")
	}
	if b.away {
		return nil, fmt.Errorf("%w: secret host", store.ErrUnavailable)
	}
	return nil, fmt.Errorf("secret disk: %w", io.ErrUnexpectedEOF)
}

func TestNothingLeaks(t *testing.T) {
	for _, panics := range []bool{true, false} {
		b := &broken{panics: panics}
		w := newWorld(t, func(c *Config) { b.Docs, c.Docs = c.Docs, b })
		token := resource.Text(w.must(201, "PUT /v2/api_auth", `{"api_key":"`+w.creds.APIKey+`"}`).env, "auth_token")
		b.is = true
		w.token = token
		a := w.must(500, "GET A/callflows", "")
		if a.env["message"] != "internal_error" || strings.Contains(a.text, "secret") || a.env["request_id"] != a.head.Get("X-Request-Id") {
			t.Error(a.text)
		}
		b.panics, b.away = false, true
		a = w.must(503, "GET A/callflows", "")
		if a.env["message"] != "datastore_unreachable" || strings.Contains(a.text, "secret") {
			t.Error(a.text)
		}
	}
}

func TestCSV(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/callflows", `{"id":"f1","name":"=cmd()","numbers":["+4930123456","2"],"featurecode":{"name":"x"}}`)
	want := "featurecode.name,flags,id,modules,name,numbers,patterns\nx,[],f1,[],'=cmd(),\"[\"\"+4930123456\"\",\"\"2\"\"]\",[]\n"
	for _, path := range []string{"A/callflows?accept=csv", "A/callflows"} {
		a := w.must(200, "GET "+path, "")
		if a.text != want || a.head.Get("Content-Type") != "text/csv" {
			t.Errorf("%v %q", a.head, a.text)
		}
		w.head.Set("Accept", "text/csv")
	}
}
