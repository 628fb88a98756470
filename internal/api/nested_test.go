package api

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/resource"
)

// steps does requests one after another: what is asked, the body, the status,
// and what must be in the answer.
func (w *world) steps(all [][4]string) {
	w.Helper()
	for _, s := range all {
		a := w.do(s[0], s[1])
		if got := strings.TrimSpace(strings.Join([]string{s[0], s[1]}, " ")); asJSON(w.T, a.code) != s[2] {
			w.Fatalf("%s: %d, not %s: %s", got, a.code, s[2], a.text)
		} else if data := asJSON(w.T, a.env["data"]) + a.text; !strings.Contains(data, s[3]) {
			w.Errorf("%s: no %s in %s", got, s[3], a.text)
		}
	}
}

const (
	userA   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	deviceA = "dddddddddddddddddddddddddddddddd"
)

func TestEntries(t *testing.T) {
	w := newWorld(t)
	w.steps([][4]string{
		{"PUT A/lists", `{"id":"l1","name":"One"}`, "201", ""},
		{"PUT A/lists", `{"id":"l2","name":"Two"}`, "201", ""},
		{"PUT A/lists/none/entries", `{}`, "404", `"cause":"none"`},
		{"PUT A/lists/l1/entries", `{"id":"e1","number":"+12025550101","displayname":"Ada; L","list_id":"l2"}`, "201", `"list_id":"l1"`},
		{"PUT A/lists/l1/entries", `{"id":"e2","number":"+12025550102","capture_group_length":3}`, "201", ""},
		{"PUT A/lists/l2/entries", `{"id":"e3","pattern":"^\\+49"}`, "201", ""},
		{"GET A/lists/l1/entries?ascending=true", "", "200", `[{"displayname":"Ada; L","id":"e1","list_id":"l1","number":"+12025550101"},{"capture`},
		{"GET A/lists/l1/entries?filter_number=%2B12025550102", "", "200", `[{"capture_group_length":3,"id":"e2"`},
		{"GET A/lists/l1/entries/e3", "", "404", `"cause":"e3"`},
		{"PATCH A/lists/l2/entries/e1", `{}`, "404", ""},
		{"DELETE A/lists/l2/entries/e1", "", "404", ""},
		{"PATCH A/lists/l1/entries/e1", `{"firstname":"Ada","list_id":"l2"}`, "200", `"list_id":"l1"`},
		{"POST A/lists/l1/entries/e1", `{"number":"+1","lastname":"L"}`, "200", `{"id":"e1","lastname":"L","list_id":"l1","number":"+1"}`},
		{"GET A/lists/l1/entries/e1/vcard", "", "200", "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:L\r\nN:L;;;;\r\nTEL:+1\r\nEND:VCARD\r\n"},
		{"DELETE A/lists/l1/entries/e1", "", "200", ""},
		{"GET A/lists/l1/entries/e1", "", "404", ""},
		{"DELETE A/lists/l1/entries", "", "200", `"id":"e2"`},
		{"GET A/lists/l1/entries", "", "200", "[]"},
		{"DELETE A/lists/l2", "", "200", ""},
		{"GET A/lists/l2/entries", "", "404", `"cause":"l2"`},
		{"PUT A/lists/l1/entries", `{"id":"e3"}`, "409", ""}, // went with its list
	})
}

func TestOfUser(t *testing.T) {
	w := newWorld(t)
	w.steps([][4]string{
		{"PUT A/users", `{"id":"` + userA + `","first_name":"Ada","last_name":"L","profile":{"note":"a,b"}}`, "201", ""},
		{"PUT A/devices", `{"id":"` + deviceA + `","name":"Own","owner_id":"` + userA + `"}`, "201", ""},
		{"PUT A/devices", `{"id":"d2","name":"Taken","hotdesk":{"users":{"` + userA + `":{}}}}`, "201", ""},
		{"PUT A/devices", `{"id":"d3","name":"Other"}`, "201", ""},
		{"PUT A/groups", `{"id":"g1","name":"In","endpoints":{"` + userA + `":{"type":"user"}}}`, "201", ""},
		{"PUT A/groups", `{"id":"g2","name":"Out","endpoints":{}}`, "201", ""},
		{"PUT A/vmboxes", `{"id":"v1","name":"V","mailbox":"1","owner_id":"` + userA + `"}`, "201", ""},
		{"GET A/users/" + userA + "/groups", "", "200", `[{"endpoints":1,"flags":[],"id":"g1","name":"In"}]`},
		{"GET A/users/" + userA + "/vmboxes", "", "200", `[{"flags":[],"folders":{"new":0,"saved":0},"id":"v1","mailbox":"1","messages":0,"name":"V"`},
		{"GET A/users/" + userA + "/recordings", "", "200", "[]"},
		{"GET A/users/" + userA + "/cdrs", "", "200", "[]"},
		{"GET A/users/" + userA + "/cdrs/interaction", "", "200", "[]"},
		{"GET A/users/none/cdrs", "", "404", ""},
		{"GET A/users/" + userA + "/hotdesks", "", "200", `[{"device_id":"d2","device_name":"Taken"}]`},
		{"GET A/devices/d2/hotdesks", "", "200", `[{"first_name":"Ada","last_name":"L","user_id":"` + userA + `"}]`},
		{"GET A/users/" + userA + "/vcard", "", "200", "FN:Ada L\r\nN:L;Ada;;;\r\nNOTE:a\\,b\r\n"},
		{"GET A/users/none/devices", "", "404", `"cause":"none"`},
		{"GET A/devices/status", "", "200", `[]`},
		{"GET A/devices/none/hotdesks", "", "404", ""},
		{"POST A/devices/d2/sync", "", "501", "not registered"},
		{"PUT A/devices/d2", `{"action":"notify"}`, "501", "not registered"},
		{"PUT A/devices/d2", `{"action":"x"}`, "400", `"action":{"enum"`},
		{"POST A/devices/none/sync", "", "404", ""},
		{"GET A/vmboxes/v1/messages", "", "200", "[]"},
		{"GET A/vmboxes/none/messages", "", "404", ""},
		{"PUT A/vmboxes/v1/messages", "", "501", ""},
	})
	rows := w.must(200, "GET A/users/"+userA+"/devices", "").rows()
	if len(rows) != 2 || rows[0].(resource.Object)["hotdesked"] != false || rows[1].(resource.Object)["hotdesked"] != true {
		t.Errorf("devices: %v", rows)
	}
}

func TestOwnMetaflows(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/users", `{"id":"`+userA+`","first_name":"Ada","last_name":"L","username":"ada","password":"secret12"}`)
	w.must(201, "PUT A/devices", `{"id":"`+deviceA+`","name":"D"}`)
	for _, at := range []string{"", "users/" + userA + "/", "devices/" + deviceA + "/"} {
		m := "A/" + at + "metaflows"
		w.steps([][4]string{
			{"GET " + m, "", "200", "{}"},
			{
				"POST " + m, `{"numbers":{"2":{"module":"hold","children":{"1":{"module":"hangup"}}}}}`, "200",
				`{"binding_digit":"*","numbers":{"2":{"children":{"1":{"data":{},"module":"hangup"}},"data":{"unhold_key":"1"},"module":"hold"}}}`,
			},
			{"POST " + m, `{"patterns":{"^3":{"module":"nothing"}}}`, "400", `"patterns.^3.module":{"error"`},
			{"POST " + m, `{"numbers":{"x":{"module":"hold"}}}`, "400", `"numbers.x":{"additionalProperties"`},
			{"POST " + m, `{"numbers":{"1":{"module":"play","data":{"leg":"all"}}}}`, "400", `"numbers.1.data.leg":{"enum"`},
			{"POST " + m, `{"numbers":{"1":{"module":"hold","children":{"a":{}}}}}`, "400", `"numbers.1.children.a.module":{"required"`},
			{"POST " + m, `{"binding_digit":"9"}`, "200", `{"binding_digit":"9"}`}, // replaced, not merged
			{"GET " + m, "", "200", `{"binding_digit":"9"}`},
			{"DELETE " + m, "", "200", "{}"},
			{"GET " + m, "", "200", "{}"},
		})
	}
	w.must(404, "POST A/users/none/metaflows", "{}")
	w.tokenOf("pivot", "ada", "secret12", "md5") // the rest of the user stayed
}

func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	below, _ := w.must(201, "PUT /v2/accounts", `{"name":"Below"}`).data()["id"].(string)
	hook := func(more string) string { return `{"name":"H","uri":"https://app.example/h"` + more + `}` }
	w.steps([][4]string{
		{"GET /v2/webhooks", "", "200", `"id":"channel_create"`},
		{"GET /v2/webhooks/samples", "", "200", "[]"},
		{"PUT A/webhooks", hook(`,"hook":"object"`), "400", `"custom_data.action":{"required"`},
		{"PUT A/webhooks", hook(`,"hook":"object","custom_data":{"type":"planet","action":"all"}`), "400", `"custom_data.type":{"enum"`},
		{"PUT A/webhooks", hook(`,"hook":"notifications"`), "400", `"custom_data.type":{"required"`},
		{"PUT A/webhooks", `{"name":"H","hook":"all","uri":"http://127.0.0.1/"}`, "400", `"uri":{"error"`},
		{"PUT A/webhooks", hook(`,"id":"h1","hook":"object","custom_data":{"type":"user","action":"all"}`), "201", `"retries":2`},
		{"PUT A/webhooks", hook(`,"id":"h2","hook":"channel_create","enabled":false,"disable_reason":"tired"`), "201", ""},
		{"PATCH A/webhooks", `{}`, "400", "re-enable"},
		{"PATCH A/webhooks", `{"re-enable":true}`, "200", `[{"enabled":true,"hook":"channel_create","id":"h2","name":"H","uri":"https://app.example/h"}]`},
		{"PATCH A/webhooks", `{"re-enable":true}`, "200", `[]`},
		{"PUT /v2/accounts/" + below + "/webhooks", `{"id":"h3","name":"B","hook":"channel_create","uri":"https://app.example/h","enabled":false}`, "201", ""},
		{"PATCH A/descendants/webhooks", `{}`, "400", "re-enable"},
		{"PATCH A/descendants/webhooks", `{"re-enable":true}`, "200", `[{"enabled":true,"hook":"channel_create","id":"h3","name":"B","uri":"https://app.example/h"}]`},
		{"GET A/webhooks/attempts", "", "200", "[]"},
		{"GET A/webhooks/h1/attempts", "", "200", "[]"},
		{"GET A/webhooks/no/attempts", "", "404", ""},
	})
}

func TestRosters(t *testing.T) {
	w := newWorld(t)
	w.steps([][4]string{
		{"PUT A/queues", `{"id":"q","name":"Q"}`, "201", ""},
		{"PUT A/users", `{"id":"u1","first_name":"A","last_name":"B","queues":["other"]}`, "201", ""},
		{"PUT A/users", `{"id":"u2","first_name":"A","last_name":"B"}`, "201", ""},
		{"GET A/queues/q/roster", "", "200", "[]"},
		{"GET A/queues/none/roster", "", "404", ""},
		{"POST A/queues/q/roster", `["u1","u2"]`, "200", `["u1","u2"]`},
		{"POST A/queues/q/roster", `["u1","nobody"]`, "400", `"1":{"not_found"`},
		{"POST A/queues/q/roster", `{}`, "400", ""},
		{"GET A/users/u1", "", "200", `"queues":["other","q"]`},
		{"POST A/queues/q/roster", `["u2"]`, "200", `["u2"]`},
		{"GET A/users/u1", "", "200", `"queues":["other"]`},
		{"DELETE A/queues/q/roster", "", "200", "[]"},
		{"GET A/queues/q/roster", "", "200", "[]"},
	})
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	w.steps([][4]string{
		{"PUT A/callflows", `{"id":"c1","name":"Main Menu","numbers":["2600","+12025550100"]}`, "201", ""},
		{"PUT A/callflows", `{"id":"c2","name":"Other","numbers":["77"]}`, "201", ""},
		{"PUT A/users", `{"id":"u1","first_name":"Ada","last_name":"Lovelace","username":"al"}`, "400", ""}, // no password
		{"PUT A/users", `{"id":"u1","first_name":"Ada","last_name":"Lovelace"}`, "201", ""},
		{"GET A/search?t=callflow&q=name_and_number&v=26", "", "200", `"id":"c1"`},
		{"GET A/search?t=callflow&q=number&v=2025550100", "", "200", `"id":"c1"`},
		{"GET A/search?t=callflow&q=name&v=mainm", "", "200", `"id":"c1"`},
		{"GET A/search?t=callflow&q=name&v=menu", "", "200", `"data":[]`},
		{"GET A/search?t=callflow&q=number&v=main", "", "200", `"data":[]`},
		{"GET A/search?t=user&q=name&v=love", "", "200", `"id":"u1"`},
		{"GET A/search?t=planet&q=name&v=x", "", "400", `"t":{"enum"`},
		{"GET A/search?t=user&q=shoe&v=x", "", "400", `"q":{"enum"`},
		{"GET A/search?t=user&q=name", "", "400", `"v":{"required"`},
		{"GET A/search", "", "400", `"t":{"required"`},
		{"GET A/search/multi?t=callflow&by_name=mainm&by_number=none", "", "200", `"number":[]`},
		{"GET A/search/multi?t=callflow&by_name=mainm&by_number=none", "", "200", `"id":"c1"`},
		{"GET A/search/multi?t=callflow", "", "400", `"by_name":{"required"`},
		{"GET A/search/multi?t=callflow&by_shoe=x", "", "400", `"by_shoe":{"enum"`},
		{"GET A/search/multi?t=callflow&by_name=", "", "400", `"by_name":{"required"`},
		{"GET /v2/search/multi?t=account&by_name=piv&by_realm=none&by_id=" + w.creds.AccountID, "", "200", `"realm":[]`},
		{"GET /v2/search/multi?t=account&by_id=" + w.creds.AccountID[:6], "", "200", `"id":"` + w.creds.AccountID},
		{"GET /v2/search?t=account&q=name&v=piv", "", "200", `"name":"pivot"`},
		{"GET /v2/search?t=user&q=name&v=x", "", "400", ""},
	})
}

func TestCarriers(t *testing.T) {
	w := newWorld(t)
	const good = `{"id":"r1","name":"R","gateways":[{"server":"sip.example"}]}`
	w.steps([][4]string{
		{"PUT /v2/resources", good, "201", `"grace_period":5`},
		{"GET /v2/resources", "", "200", `[{"enabled":true,"id":"r1","name":"R","weight_cost":50}]`},
		{"GET A/resources/r1", "", "404", ""},
		{"PATCH /v2/resources/r1", `{"weight_cost":7}`, "200", `"weight_cost":7`},
		{"PUT A/resources/collection", `[` + good + `,{"name":"bad"}]`, "201", `"gateways":{"required"`},
		{"POST A/resources/collection", `[{"id":"r1","name":"New","gateways":[]},{"id":"r9","name":"N","gateways":[]}]`, "200", `"cause":"r9"`},
		{"GET A/resources/r1", "", "200", `"name":"New"`},
		{"PUT A/resources/collection", `{}`, "400", ""},
		{"DELETE /v2/resources/r1", "", "200", ""},
		{"GET /v2/resources/r1", "", "404", ""},
		{"GET A/resources/r1", "", "200", ""},
	})
}

// TestAcrossDocuments is what one document may not have because of others.
func TestAcrossDocuments(t *testing.T) {
	w := newWorld(t)
	child := "/v2/accounts/" + resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Child","realm":"child.example"}`).data(), "id")
	w.steps([][4]string{
		{"PUT A/devices", `{"id":"d1","name":"D","sip":{"username":"ann","password":"secret"},"mac_address":"00-AA-bb-CC-dd-01"}`, "201", `"mac_address":"00:aa:bb:cc:dd:01"`},
		{"PUT A/devices", `{"name":"D","sip":{"username":"ann"}}`, "400", `"sip.username":{"unique":{"cause":"ann","message":"SIP credentials already in use"}}`},
		{"PUT A/devices", `{"name":"D","mac_address":"00aabbccdd01"}`, "400", `"mac_address":{"unique"`},
		{"PUT " + child + "/devices", `{"name":"D","sip":{"username":"ann"}}`, "201", ""}, // in another realm
		{"PUT A/devices", `{"name":"D","sip":{"username":"bob","realm":"shared.example"}}`, "201", `"realm":"shared.example"`},
		{"PUT " + child + "/devices", `{"name":"D","sip":{"username":"bob","realm":"shared.example"}}`, "400", `"sip.username":{"unique"`},
		{"PUT " + child + "/devices", `{"name":"D","sip":{"username":"cat","realm":"CHILD.example"}}`, "201", `"sip":{"expire_seconds":300,"invite_format":"contact","method":"password","username":"cat"}`},
		{"PUT A/devices", `{"name":"D","sip":{"method":"ip"}}`, "400", `"sip.ip":{"required"`},
		{"PUT A/devices", `{"name":"D","sip":{"method":"ip","ip":"x"}}`, "400", `"sip.ip":{"invalid"`},
		{"PUT A/devices", `{"name":"D","sip":{"method":"ip","ip":"192.0.2.9"}}`, "201", ""},
		{"PUT " + child + "/devices", `{"name":"D","sip":{"method":"ip","ip":"192.0.2.9"}}`, "400", `"sip.ip":{"unique"`},
		{"PATCH A/devices/d1", `{"device_type":"softphone"}`, "200", ""},
		{"PATCH A/devices/d1", `{"device_type":"fax"}`, "400", `"device_type":{"invalid"`},
		{"PUT A/conferences", `{"id":"c1","conference_numbers":["1"],"member":{"numbers":["2"]}}`, "201", ""},
		{"PUT A/conferences", `{"moderator":{"numbers":["2"]}}`, "400", `"numbers":{"unique":{"cause":"2","message":"Numbers already in use"}}`},
		{"PATCH A/conferences/c1", `{"moderator":{"numbers":["2"]}}`, "200", `"participants":[]`}, // its own
		{"PUT A/faxboxes", `{"name":"F","custom_smtp_email_address":"f@x.example"}`, "201", ""},
		{"PUT A/faxboxes", `{"name":"F","custom_smtp_email_address":"f@x.example"}`, "400", `"custom_smtp_email_address":{"unique"`},
		{"PUT " + child + "/faxboxes", `{"name":"F","custom_smtp_email_address":"f@x.example"}`, "400", `"custom_smtp_email_address":{"unique"`},
		{"PUT A/faxboxes", `{"name":"F","notifications":{"inbound":{"callback":{"url":"http://127.0.0.1/"}}}}`, "400", `"notifications.inbound.callback.url":{"error"`},
		{"PUT A/functions", `{"name":"F","url":"http://127.0.0.1/f"}`, "400", `"url":{"error":{"message":"invalid client URL: not there"`},
		{"PUT A/functions", `{"name":"F","url":""}`, "400", `"url":{"minLength"`},
		{"PUT A/vmboxes", `{"name":"V","mailbox":"1"}`, "201", ""},
		{"PUT A/vmboxes", `{"name":"V","mailbox":"1"}`, "400", `"message":"Invalid mailbox number or already exists"`},
		{"PUT A/blacklists", `{"name":"B","numbers":{"2025550123":{"name":"x"},"*5":{}}}`, "201", `"numbers":{"*5":{},"+12025550123":{"name":"x"}}`},
		{"PUT A/directories", `{"id":"dir","name":"D","users":["x"]}`, "201", `"users":[]`},
		{"PUT A/users", `{"id":"u1","first_name":"A","last_name":"B","directories":{"dir":"flow"}}`, "201", ""},
		{"GET A/directories/dir", "", "200", `"users":[{"callflow_id":"flow","user_id":"u1"}]`},
		{"PUT A/users", `{"first_name":"A","last_name":"B","call_recording":{"any":{"any":{"url":"http://127.0.0.1/"}}}}`, "400", `"call_recording.any.any.url":{"error"`},
	})
}

func TestManyNumbers(t *testing.T) {
	w := newWorld(t)
	child := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Child"}`).data(), "id")
	key := resource.Text(w.must(200, "GET /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	const many = "A/phone_numbers/collection"
	w.steps([][4]string{
		{"PUT " + many, `{"numbers":["2025550101","7001","no number"],"carrier_name":"C"}`, "201", `"error":{"no number":{"code":400`},
		{"GET A/phone_numbers/+12025550101", "", "200", `"carrier_name":"C"`},
		{"GET A/phone_numbers/+12025550101", "", "200", `"state":"in_service"`},
		{"PUT " + many, `{"numbers":["7001"]}`, "201", `"error":{"7001":{"code":409`},
		{"PUT " + many, `{}`, "400", `"numbers":{"required"`},
		{"PATCH " + many, `{"numbers":["7001","7009"],"voice_url":"https://app.example/v"}`, "200", `"error":{"7009":{"code":404`},
		{"GET A/phone_numbers/7001", "", "200", `"carrier_name":"C"`},
		{"GET A/phone_numbers/7001", "", "200", `"used_by":"pivot"`},
		{"POST " + many, `{"numbers":["7001"],"x":1}`, "200", `"success":{"7001":`},
		{"GET A/phone_numbers/7001", "", "200", `"x":1`},
		{"GET A/phone_numbers/2025550101/identify", "", "200", `"number":"+12025550101"`},
		{"GET A/phone_numbers/7099/identify", "", "404", ""},
		{"PUT A/phone_numbers/7002/activate", "", "201", `"state":"in_service"`},
		{"PUT A/phone_numbers/7002/activate", "", "201", `"id":"7002"`},
		{"PUT A/phone_numbers/7002/reserve", "", "501", "none is reserved"},
		{"PUT A/phone_numbers/7002/port", "", "501", "No carrier"},
		{"PUT " + many + "/activate", `{"numbers":["7003"]}`, "201", `"success":{"7003"`},
		{"POST A/phone_numbers/fix", "", "200", `"7003":`},
		{"POST A/phone_numbers/check", `{"numbers":["7001","+12025559999"]}`, "200", `{"+12025559999":{"status":"unavailable"},"7001":{"status":"in_service"}}`},
		{"GET A/phone_numbers?prefix=415&quantity=2", "", "200", "[]"},
		{"GET A/phone_numbers/prefix?city=x", "", "501", ""},
		{"POST A/phone_numbers/locality", `{"numbers":["1"]}`, "501", ""},
		{"GET A/phone_numbers/carriers_info", "", "200", `"usable_carriers":[]`},
		{"GET A/phone_numbers/classifiers", "", "200", `"did_us":{"friendly_name":"US DID"`},
		{"GET A/phone_numbers/classifiers/911", "", "200", `"emergency":true`},
		{"GET /v2/phone_numbers/classifiers", "", "200", `"did_us":{"friendly_name":"US DID"`},
		{"GET /v2/phone_numbers/classifiers/4158867900", "", "200", `"name":"did_us"`},
		{"GET /v2/phone_numbers?prefix=415&quantity=2", "", "200", `"data":[]`},
		{"GET A/phone_numbers/classifiers/2025550100", "", "200", `"name":"did_us"`},
		{"DELETE " + many, `{"numbers":["7001","+12025550101","7098"]}`, "200", `"error":{"7098":{"code":404`},
		{"GET A/phone_numbers/7001", "", "404", ""},
	})
	if by, err := answering.New(w.store.Docs).Owner(t.Context(), call.Info{Request: "+12025550101"}); by != "" || err != nil {
		t.Errorf("a number that was given back has an owner: %q, %v", by, err)
	}
	w.token = key
	a := w.must(201, "PUT /v2/accounts/"+child+"/phone_numbers/collection", `{"numbers":["+12025550105","7001"]}`)
	if !strings.Contains(a.text, `"+12025550105":{"code":403`) || !strings.Contains(a.text, `"success":{"7001"`) {
		t.Errorf("a child account took a public number: %s", a.text)
	}
}
