package api

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
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
		`{"numbers":[` + strings.Repeat(`"1",`, maxMany) + `"1"]}`: "numbers",
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
	if a := w.must(400, "PUT A/resources/collection", `[`+strings.Repeat(`{},`, maxMany)+`{}]`); a.fault("data", "maxItems") == "" {
		t.Error(a.text)
	}
}
