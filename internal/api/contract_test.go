package api

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestListsAreNoDocuments sends a list in the place of an object: it is
// refused, and nothing is lost. An empty one is an empty object.
func TestListsAreNoDocuments(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/menus", `{"id":"m","name":"M"}`)
	w.must(201, "PUT A/conferences", `{"id":"c","name":"C"}`)
	for _, what := range []string{
		"PUT A/menus", "POST A/menus/m", "PATCH A/menus/m", "POST A/conferences/c", "POST A/metaflows", "PATCH A/webhooks",
		"PUT /v2/accounts", "PATCH /v2/accounts/" + w.creds.AccountID, "PUT A/phone_numbers/2600", "PUT /v2/user_auth",
	} {
		if a := w.must(400, what, `raw:{"data":[{"name":"X"}]}`); a.fault("data", "type") == "" {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	if name := w.must(200, "GET A/conferences/c", "").data()["name"]; name != "C" {
		t.Errorf("the conference is called %v", name)
	}
	if name := w.must(200, "PATCH A/menus/m", `[]`).data()["name"]; name != "M" {
		t.Errorf("the menu is called %v", name)
	}
	if a := w.must(400, "PUT A/menus", `[]`); a.fault("name", "required") == "" {
		t.Error(a.text)
	}
	w.must(200, "POST A/queues/"+resource.Text(w.must(201, "PUT A/queues", `{"name":"Q"}`).data(), "id")+"/roster", `[]`)
}

// TestUsersKeepWhatIsReserved has a user who is no admin replace a document of
// theirs by an empty list, which says nothing of whose it is.
func TestUsersKeepWhatIsReserved(t *testing.T) {
	w := newWorld(t)
	user := strings.Repeat("u", 32)
	w.must(201, "PUT A/users", `{"id":"`+user+`","first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
	w.must(201, "PUT A/conferences", `{"id":"c","name":"C","owner_id":"`+user+`"}`)
	w.token = w.tokenOf("pivot", "ab", "pass", "md5")
	for _, body := range []string{`[]`, `{}`} {
		if owner := w.must(200, "POST A/conferences/c", body).data()["owner_id"]; owner != user {
			t.Errorf("%s: it is %v's", body, owner)
		}
	}
}

// TestIDsThatAreWords creates documents that could not be read: their URLs are
// something else.
func TestIDsThatAreWords(t *testing.T) {
	w := newWorld(t)
	for what, body := range map[string]string{
		"A/devices":     `{"id":"status","name":"D"}`,
		"A/vmboxes":     `{"id":"messages","name":"V","mailbox":"1"}`,
		"A/webhooks":    `{"id":"attempts","name":"W","hook":"all","uri":"https://x.example/"}`,
		"A/resources":   `{"id":"collection","name":"R","gateways":[]}`,
		"/v2/resources": `{"id":"collection","name":"R","gateways":[]}`,
		"A/media":       `{"id":"prompts","name":"M"}`,
		"/v2/media":     `{"id":"languages","name":"M"}`,
	} {
		if a := w.must(400, "PUT "+what, body); a.fault("id", "forbidden") == "" {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	rows := w.must(201, "PUT A/resources/collection", `[{"id":"collection","name":"R","gateways":[]},{"id":"status","name":"R","gateways":[]}]`).rows()
	if len(rows) != 2 || !strings.Contains(asJSON(t, rows[0]), "forbidden") || !strings.Contains(asJSON(t, rows[1]), `"id":"status"`) {
		t.Errorf("%v", rows)
	}
}

// TestManyAtOnce is what collections say of what is in their lists.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	const at = "A/phone_numbers/collection"
	for body, path := range map[string]string{
		`{"numbers":["2701",5,null]}`: "numbers.1", `{"numbers":{}}`: "numbers", `{"numbers":[]}`: "numbers", `{}`: "numbers",
		`{"numbers":[` + strings.Repeat(`"1",`, rest.MaxMany) + `"1"]}`: "numbers",
	} {
		if a := w.must(400, "PUT "+at, body); a.data()[path] == nil {
			t.Errorf("%.60s: %s", body, a.text)
		}
	}
	for _, what := range []string{"PUT " + at, "PUT " + at + "/activate"} {
		a := w.must(201, what, `{"numbers":["2701","2701","(bad)"]}`)
		if made, bad := resource.Text(a.data(), "success.2701.id"), asJSON(t, a.data()["error"]); made != "2701" ||
			strings.Contains(bad, `"2701"`) || !strings.Contains(bad, `"(bad)"`) {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	if a := w.must(400, "PUT A/resources/collection", `[`+strings.Repeat(`{},`, rest.MaxMany)+`{}]`); a.fault("data", "maxItems") == "" {
		t.Error(a.text)
	}
}

// TestNumbersOfOthers has a callflow take a public number that another account
// has (spec/crossbar-api.md section 3, rule 5).
func TestNumbersOfOthers(t *testing.T) {
	w := newWorld(t)
	child := "/v2/accounts/" + w.child(w.creds.AccountID, "Child")
	w.must(201, "PUT A/phone_numbers/+12025550101", `{}`)
	w.must(201, "PUT "+child+"/phone_numbers/+12025550102", `{}`)
	const both = `{"numbers":["2600","+12025550101","2025550102","+12025550199"]}`
	for at, not := range map[string]string{"A": "+12025550102", child: "+12025550101"} {
		a := w.must(403, "PUT "+at+"/callflows", both)
		if a.env["message"] != "forbidden" || a.data()["message"] != "unauthorized to use "+not {
			t.Errorf("%s: %s", at, a.text)
		}
	}
	id := resource.Text(w.must(201, "PUT "+child+"/callflows", `{"numbers":["2600","+12025550102"]}`).data(), "id")
	w.must(403, "PATCH "+child+"/callflows/"+id, `{"numbers":["+12025550101"]}`)
	w.must(200, "DELETE A/phone_numbers/+12025550101", "")
	w.must(200, "PATCH "+child+"/callflows/"+id, `{"numbers":["+12025550101"]}`)
}

// TestValidationChecksMore holds data to what a schema cannot say.
func TestValidationChecksMore(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ name, data, path string }{
		{"metaflows", `{"numbers":{"1":{"module":"nope"}}}`, "numbers.1.module"},
		{"metaflows.record_call", `{"url":"ftp://x.example/"}`, "url"},
		{"call_recording.parameters", `{"url":"ftp://x.example/"}`, "url"},
		{"webhooks", `{"name":"W","hook":"object","uri":"https://x.example/"}`, "custom_data.type"},
		{"webhooks", `{"name":"W","hook":"all","uri":"ftp://x.example/"}`, "uri"},
		{"devices", `{"name":"D","sip":{"method":"ip"}}`, "sip.ip"},
		{"users", `{"first_name":"A","last_name":"B","metaflows":{"numbers":{"1":{"module":"nope"}}}}`, "metaflows.numbers.1.module"},
		{"accounts", `{"name":"A","call_recording":{"account":{"any":{"any":{"url":"ftp://x.example/"}}}}}`, "call_recording.account.any.any.url"},
		{"list_entries", `{"list_id":"l","pattern":"("}`, "pattern"},
		{"phone_numbers", `{"voice_url":"ftp://x.example/"}`, "voice_url"},
		{"faxbox", `{"name":"F","smtp_permission_list":["("]}`, "smtp_permission_list.0"},
		{"callflows", `{"patterns":["("]}`, "patterns.0"},
		{"menus", `[1]`, "json"},
	} {
		what := "PUT /v2/schemas/" + test.name + "/validation"
		if a := w.must(400, what, `raw:{"data":`+test.data+`}`); a.data()[test.path] == nil {
			t.Errorf("%s %s: %s", test.name, test.data, a.text)
		}
	}
	w.must(201, "PUT A/users", `{"first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
	a := w.must(201, "PUT /v2/schemas/users/validation", `{"first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
	if a.data()["priv_level"] != "user" {
		t.Error(a.text)
	}
	if a := w.must(201, "PUT /v2/schemas/metaflows/validation", `{"numbers":{"1":{"module":"hold"}}}`); !strings.Contains(a.text, `"unhold_key":"1"`) {
		t.Error(a.text)
	}
}

// TestChannelsOfOne are lists that web clients ask for.
func TestChannelsOfOne(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/users", `{"id":"u","first_name":"A","last_name":"B"}`)
	w.must(201, "PUT A/devices", `{"id":"d","name":"D","sip":{"method":"ip","ip":"192.0.2.1"}}`)
	for _, of := range []string{"users/%", "devices/%"} {
		if a := w.must(200, "GET A/"+strings.Replace(of, "%", of[:1], 1)+"/channels", ""); len(a.rows()) != 0 || a.rows() == nil {
			t.Error(a.text)
		}
		w.must(404, "GET A/"+strings.Replace(of, "%", "none", 1)+"/channels", "")
	}
	if a := w.must(400, "PUT A/devices", `{"name":"D","sip":{"method":"ip","ip":"::ffff:192.0.2.1"}}`); a.fault("sip.ip", "unique") == "" {
		t.Error(a.text)
	}
}

// TestSoundOfWhatIsGone deletes a document while its sound comes.
func TestSoundOfWhatIsGone(t *testing.T) {
	var w *world
	w = newWorld(t, func(c *Config) {
		c.Decode = func(r io.Reader) (audio.Reader, string, error) {
			w.must(200, "DELETE A/media/m?hard_delete=true", "")
			return audio.Decode(r)
		}
	})
	w.must(201, "PUT A/media", `{"id":"m","name":"M"}`)
	w.must(404, "POST A/media/m/raw", "raw:"+string(wavOf(t, 800)))
	w.must(201, "PUT A/media", `{"id":"m","name":"Another"}`)
	w.must(404, "GET A/media/m/raw", "")
}

// between is a store in which something else happens before one writing.
type between struct {
	store.Docs

	put, del string // the type of the document that is written, or deleted
	do       func()
}

func (b *between) once(kind, want string) {
	if do := b.do; do != nil && kind == want {
		b.do = nil
		do()
	}
}

func (b *between) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	b.once(d.Type, b.put)
	return b.Docs.Put(ctx, d)
}

func (b *between) Delete(ctx context.Context, k store.Key, rev int64, hard bool) error {
	b.once(k.Type, b.del)
	return b.Docs.Delete(ctx, k, rev, hard)
}

// TestNoEntryWithoutItsList makes entries of lists that are deleted at the same
// moment.
func TestNoEntryWithoutItsList(t *testing.T) {
	b := &between{}
	w := newWorld(t, func(c *Config) { b.Docs, c.Docs = c.Docs, b })
	left := func(when string) {
		t.Helper()
		found, err := w.store.List(t.Context(), store.Query{Account: w.creds.AccountID, Type: documents.ListEntries.Type})
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %d entries are left behind (%v)", when, len(found), err)
		}
	}
	w.must(201, "PUT A/lists", `{"id":"l1","name":"L"}`)
	b.put, b.do = documents.ListEntries.Type, func() { w.must(200, "DELETE A/lists/l1", "") }
	w.must(404, "PUT A/lists/l1/entries", `{"number":"1"}`)
	left("the list goes first")

	w.must(201, "PUT A/lists", `{"id":"l2","name":"L"}`)
	b.del, b.do = documents.Lists.Type, func() { w.must(201, "PUT A/lists/l2/entries", `{"number":"1"}`) }
	w.must(200, "DELETE A/lists/l2", "")
	left("the entry comes in between")

	w.must(201, "PUT A/lists", `{"id":"l3","name":"L"}`)
	w.must(201, "PUT A/lists/l3/entries", `{"id":"e","number":"1"}`)
	w.must(201, "PUT A/lists/l3/entries", `{"id":"f","number":"2"}`)
	b.del, b.do = documents.ListEntries.Type, func() {
		if err := b.Docs.Delete(t.Context(), store.Key{Account: w.creds.AccountID, Type: documents.ListEntries.Type, ID: "f"}, 1, true); err != nil {
			t.Error(err)
		}
	}
	if rows := w.must(200, "DELETE A/lists/l3/entries", "").rows(); len(rows) != 1 {
		t.Errorf("%d were deleted", len(rows))
	}
}
