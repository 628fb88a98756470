package api

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
)

// loose are actions that take any data.
func loose(names ...string) func(*Config) {
	return func(c *Config) {
		for _, n := range names {
			c.Actions = append(c.Actions, flow.Define(flow.Def[struct{}]{Name: n, Run: nothing[struct{}]}))
		}
		c.Checker = flow.NewEngine(flow.Config{Actions: c.Actions})
	}
}

// target is the id of what is used in these tests.
const target = "0123456789abcdef0123456789abcdef"

// node is a callflow of one node.
func nodeOf(module, data string) string {
	return `callflows {"numbers":["2600"],"flow":{"module":"` + module + `","data":` + data + `,"children":{}}}`
}

// TestUsed holds each kind of reference to what a deletion must say of it.
func TestUsed(t *testing.T) {
	made := map[string]string{
		"users": `"first_name":"A","last_name":"B"`, "menus": `"name":"M"`, "media": `"name":"M"`, "vmboxes": `"name":"V","mailbox":"1"`,
		"devices": `"name":"D"`, "groups": `"name":"G","endpoints":{}`, "directories": `"name":"D"`, "lists": `"name":"L"`,
		"temporal_rules": `"name":"T","cycle":"daily"`, "temporal_rules_sets": `"name":"S"`, "conferences": `"name":"C"`,
		"callflows": `"numbers":["1"]`, "queues": `"name":"Q"`, "faxboxes": `"name":"F"`, "blacklists": `"name":"B"`,
	}
	id := `{"id":"` + target + `"}`
	for _, c := range []struct{ target, user string }{
		{"menus", nodeOf("menu", id)},
		{"callflows", nodeOf("callflow", id)},
		{"vmboxes", nodeOf("voicemail", id)},
		{"users", nodeOf("user", id)},
		{"devices", nodeOf("device", id)},
		{"groups", nodeOf("group", id)},
		{"media", nodeOf("play", id)},
		{"directories", nodeOf("directory", id)},
		{"conferences", nodeOf("conference", id)},
		{"lists", nodeOf("cidlistmatch", id)},
		{"lists", nodeOf("dynamic_cid", id)},
		{"faxboxes", nodeOf("faxbox", id)},
		{"lists", nodeOf("lookupcidname", `{"lists":["x","`+target+`"]}`)},
		{"queues", nodeOf("acdc_member", id)},
		{"temporal_rules", nodeOf("temporal_route", `{"rules":["`+target+`"]}`)},
		{"temporal_rules_sets", nodeOf("temporal_route", `{"rule_set":"`+target+`"}`)},
		{"media", nodeOf("response", `{"media":"`+target+`"}`)},
		{"users", nodeOf("ring_group", `{"endpoints":[{"endpoint_type":"user","id":"`+target+`"}]}`)},
		{"users", nodeOf("notification", `{"recipients":[{"type":"user","id":["`+target+`"]}]}`)},
		{"media", nodeOf("audio_macro", `{"macros":[{"macro":"play","id":"`+target+`"}]}`)},
		{"media", nodeOf("conference", `{"welcome_prompt":{"media_id":"`+target+`"}}`)},
		{"temporal_rules", `callflows {"numbers":["2"],"flow":{"module":"temporal_route","data":{},"children":{"` +
			target + `":{"module":"hangup","data":{}}}}}`},
		{"users", `callflows {"numbers":["2"],"owner_id":"` + target + `"}`},
		{"groups", `callflows {"numbers":["2"],"group_id":"` + target + `"}`},
		{"callflows", `callflows {"numbers":["2"],"metaflow":{"numbers":{"1":{"module":"hangup","children":{"x":{"module":"callflow","data":` + id + `}}}}}}`},
		{"temporal_rules", `temporal_rules_sets {"name":"S","temporal_rules":["` + target + `"]}`},
		{"directories", `users {"first_name":"A","last_name":"B","directories":{"` + target + `":"x"}}`},
		{"callflows", `users {"first_name":"A","last_name":"B","directories":{"x":"` + target + `"}}`},
		{"media", `users {"first_name":"A","last_name":"B","pronounced_name":{"media_id":"` + target + `"}}`},
		{"queues", `users {"first_name":"A","last_name":"B","queues":["` + target + `"]}`},
		{"users", `devices {"name":"D","owner_id":"` + target + `"}`},
		{"users", `devices {"name":"D","hotdesk":{"users":{"` + target + `":{}}}}`},
		{"media", `devices {"name":"D","metaflows":{"patterns":{"x":{"module":"play","data":` + id + `}}}}`},
		{"users", `vmboxes {"name":"V","mailbox":"2","owner_id":"` + target + `"}`},
		{"media", `vmboxes {"name":"V","mailbox":"2","media":{"unavailable":"` + target + `"}}`},
		{"users", `conferences {"owner_id":"` + target + `"}`},
		{"users", `faxboxes {"name":"F","owner_id":"` + target + `"}`},
		{"devices", `groups {"name":"G","endpoints":{"` + target + `":{"type":"device"}}}`},
		{"groups", `groups {"name":"G","endpoints":{"` + target + `":{}}}`},
		{"media", `menus {"name":"M","media":{"greeting":"` + target + `"}}`},
		{"media", `menus {"name":"M","media":{"exit_media":"/acc/` + target + `"}}`},
		{"media", `queues {"name":"Q","moh":"` + target + `"}`},
	} {
		t.Run(c.target+" by "+c.user, func(t *testing.T) {
			w := newWorld(t, loose("menu", "callflow", "user", "device", "group", "play", "directory", "conference", "cidlistmatch",
				"dynamic_cid", "faxbox", "lookupcidname", "acdc_member", "temporal_route", "response", "ring_group", "notification", "audio_macro"))
			one := "A/" + c.target + "/" + target
			w.must(201, "PUT A/"+c.target, `{"id":"`+target+`",`+made[c.target]+`}`)
			kind, body, _ := strings.Cut(c.user, " ")
			user := w.must(201, "PUT A/"+kind, body)
			by := user.data()["id"]
			refused := w.must(409, "DELETE "+one, "")
			used, _ := refused.data()["used_by"].([]any)
			if refused.env["message"] != "in_use" || len(used) != 1 || !resource.Equal(used[0].(resource.Object)["id"], by) {
				t.Fatalf("refused with %s", refused.text)
			}
			w.must(200, "GET "+one, "")
			gone := w.must(200, "DELETE "+one+"?force=true", "")
			if left, _ := resource.At(gone.data(), "_read_only.dangling"); asJSON(t, left) != asJSON(t, used) {
				t.Errorf("deleted with %s", gone.text)
			}
		})
	}
}

// TestUnused deletes what others only seem to use.
func TestUnused(t *testing.T) {
	w := newWorld(t, loose("menu", "user"))
	w.must(201, "PUT A/menus", `{"id":"main","name":"M"}`)
	w.must(201, "PUT A/users", `{"id":"main","first_name":"A","last_name":"B"}`)
	w.must(201, "PUT A/callflows", `{"id":"main","name":"F","numbers":["1"],"flow":{"module":"menu","data":{"id":"main"}}}`)
	w.must(200, "DELETE A/users/main", "") // another type
	w.head.Set("If-Match", `"1-x"`)
	if a := w.must(409, "DELETE A/menus/main", ""); a.env["message"] != "datastore_conflict" {
		t.Errorf("another revision: %s", a.text)
	}
	w.head.Del("If-Match")
	used := w.must(409, "DELETE A/menus/main", "")
	if got := asJSON(t, used.data()["used_by"]); got != `[{"id":"main","name":"F","type":"callflow"}]` {
		t.Errorf("used by %s", got)
	}
	w.must(200, "PATCH A/callflows/main", `{"flow":{"data":{"id":"other"}}}`)
	w.must(200, "DELETE A/menus/main", "")
	w.must(201, "PUT A/menus", `{"id":"other","name":"M"}`)
	w.must(200, "DELETE A/callflows/main", "")
	w.must(200, "DELETE A/menus/other", "") // its user is gone
}

// TestUsedByAccount is what an account itself uses.
func TestUsedByAccount(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/media", `{"id":"m","name":"M"}`)
	w.must(201, "PUT A/callflows", `{"id":"c","numbers":["1"]}`)
	w.must(201, "PUT A/blacklists", `{"id":"b","name":"B"}`)
	w.must(200, "PATCH /v2/accounts/"+w.creds.AccountID, `{"music_on_hold":{"media_id":"m"},"preflow":{"always":"c"},"blacklists":["b"]}`)
	for _, one := range []string{"media/m", "callflows/c", "blacklists/b"} {
		a := w.must(409, "DELETE A/"+one, "")
		if !strings.Contains(a.text, `"type":"account"`) {
			t.Errorf("%s: %s", one, a.text)
		}
		w.must(200, "DELETE A/"+one, `{"force":true}`)
	}
}

// TestMetadata names everything that a callflow means, whatever its type.
func TestMetadata(t *testing.T) {
	w := newWorld(t, loose("menu", "temporal_route", "directory", "lookupcidname"))
	for _, r := range []string{
		`menus {"id":"m1","name":"Menu"}`, `temporal_rules {"id":"t1","name":"Day","cycle":"daily"}`, `lists {"id":"l1","name":"List"}`,
		`temporal_rules_sets {"id":"s1","name":"Set"}`, `directories {"id":"d1","name":"Staff"}`,
		`users {"id":"m1","first_name":"Not","last_name":"This"}`,
	} {
		kind, body, _ := strings.Cut(r, " ")
		w.must(201, "PUT A/"+kind, body)
	}
	w.must(201, "PUT A/callflows", `{"id":"c","numbers":["1"],"flow":{"module":"menu","data":{"id":"m1"},"children":{
		"1":{"module":"temporal_route","data":{"rules":["t1"],"rule_set":"s1"}},
		"2":{"module":"directory","data":{"id":"d1"},"children":{"_":{"module":"lookupcidname","data":{"lists":["l1","gone"]}}}}}}}`)
	want := `{"d1":{"name":"Staff","pvt_type":"directory"},"l1":{"name":"List","pvt_type":"list"},"m1":{"name":"Menu","pvt_type":"menu"},` +
		`"s1":{"name":"Set","pvt_type":"temporal_rule_set"},"t1":{"name":"Day","pvt_type":"temporal_rule"}}`
	if got := asJSON(t, w.must(200, "GET A/callflows/c", "").data()["metadata"]); got != want {
		t.Errorf("metadata is\n%s, want\n%s", got, want)
	}
}
