package api

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

// columns are what a row of each list has besides the id, where the document
// has it (spec/crossbar-api.md section 5). A "*" is the whole document.
var columns = map[string]string{
	"users":   "features username email first_name last_name priv_level feature_level presence_id timezone call_recording service flags",
	"devices": "name username mac_address owner_id enabled device_type mobile call_recording flags",
	"media":   "name media_type media_source language is_prompt",
	"menus":   "name flags", "groups": "name features endpoints flags", "directories": "name flags",
	"vmboxes":        "name mailbox owner_id messages folders flags",
	"conferences":    "name owner_id member moderator ui_flags conference_numbers flags _read_only",
	"callflows":      "name type numbers patterns featurecode owner_id group_id modules flags",
	"temporal_rules": "name type flags", "temporal_rules_sets": "name rules flags",
	"queues": "name strategy", "faxboxes": "*", "recordings": "*", "lists": "name description list_type", "blacklists": "name flags",
	"resources": "name enabled weight_cost template_name classifiers",
	"webhooks":  "hook name uri group enabled disable_reason",
}

// known are values of keys that not every text fits.
var known = map[string]string{
	"flags": `["f"]`, "numbers": `["1"]`, "patterns": `["^1$"]`, "featurecode": `{"name":"x"}`, "conference_numbers": `["7"]`,
	"classifiers": `{"did_us":{}}`, "enabled": `true`, "weight_cost": `7`, "member": `{}`, "moderator": `{}`,
	"owner_id": `"` + userA + `"`, "email": `"a@b.example"`, "priv_level": `"admin"`, "uri": `"https://app.example/"`,
	"hook": `"all"`, "media_source": `"upload"`, "strategy": `"most_idle"`, "call_recording": `{"any":{}}`, "timezone": `"Europe/Berlin"`,
	"mac_address": `"00:11:22:33:44:55"`, "endpoints": `{}`, "username": `"zoe"`, "folders": "-", "messages": "-",
	"features": "-", "modules": "-", "_read_only": "-", "rules": "-", "is_prompt": "-", "media_type": "-", "language": `"en-us"`,
}

// TestColumns lists a document of each kind that has all there is to list.
func TestColumns(t *testing.T) {
	w := newWorld(t)
	for _, res := range w.resources {
		want, told := columns[res.Name]
		if !told {
			if res.Type != "function" { // Kazoo's are listed nowhere
				t.Errorf("it is not said what a list of %s shows", res.Name)
			}
			continue
		}
		if want == "*" {
			if !res.Whole && !res.Fixed {
				t.Errorf("a list of %s does not show whole documents", res.Name)
			}
			continue
		}
		doc, err := resource.ParseObject(res.Example)
		if err != nil {
			t.Fatal(err)
		}
		for key := range strings.FieldsSeq(want) {
			text, odd := known[key]
			if !odd {
				text = `"some ` + key + `"`
			}
			if _, has := doc[key]; has || text == "-" || key == "features" && res.Name == "users" {
				continue
			}
			if doc[key], err = resource.Parse([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if res.Name == "devices" {
			doc["sip"] = resource.Object{"username": "zoe"}
			delete(doc, "username")
		}
		if res.Name == "groups" {
			doc["features"] = []any{"x"}
		}
		if res.Name == "temporal_rules_sets" {
			doc["temporal_rules"] = []any{"x"}
		}
		w.T = t
		w.must(201, "PUT A/"+res.Name, asJSON(t, doc))
		row, _ := w.must(200, "GET A/"+res.Name, "").rows()[0].(resource.Object)
		got := slices.Sorted(maps.Keys(row))
		all := append(strings.Fields(want), "id")
		if res.Name == "media" { // nothing was uploaded, and it is no prompt
			all = slices.DeleteFunc(all, func(k string) bool { return !slices.Contains(got, k) && (k == "media_type" || k == "is_prompt") })
		}
		if slices.Sort(all); !slices.Equal(got, all) {
			t.Errorf("a row of %s has\n%v, not\n%v", res.Name, got, all)
		}
	}
}

// TestTwoAtOnce has two clients change each kind of document at the same
// moment: with If-Match one of them wins and the other hears of it, without
// both changes are there.
func TestTwoAtOnce(t *testing.T) { onEach(t, testTwoAtOnce) }

func testTwoAtOnce(t *testing.T, w *world) {
	t.Helper()
	for _, res := range w.resources {
		if res.Fixed || res.NoPatch {
			continue
		}
		w.T = t
		made := w.must(201, "PUT A/"+res.Name, string(res.Example))
		id, rev := resource.Text(made.data(), "id"), resource.Text(made.env, "revision")
		path := "/v2/accounts/" + w.creds.AccountID + "/" + res.Name + "/" + id
		if codes := w.both(path, rev); !slices.Equal(codes, []int{200, 409}) {
			t.Errorf("%s with If-Match: %v", res.Name, codes)
		}
		if codes := w.both(path, ""); !slices.Equal(codes, []int{200, 200}) {
			t.Errorf("%s without: %v", res.Name, codes)
		}
		now := w.must(200, "GET "+path, "").data()
		if now["x_0"] == nil || now["x_1"] == nil {
			t.Errorf("%s: a change is lost: %v", res.Name, now)
		}
	}
}

// both are the statuses of two changes at once, sorted.
func (w *world) both(path, match string) []int {
	codes := make([]int, 2)
	var done sync.WaitGroup
	for i := range codes {
		req := httptest.NewRequest(http.MethodPatch, path, strings.NewReader(`{"data":{"x_`+string(rune('0'+i))+`":1}}`))
		req.Header.Set("X-Auth-Token", w.token)
		if match != "" {
			req.Header.Set("If-Match", `"`+match+`"`)
		}
		done.Go(func() {
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, req)
			codes[i] = rec.Code
		})
	}
	done.Wait()
	slices.Sort(codes)
	return codes
}

// TestOtherTypes asks each resource for a document of another.
func TestOtherTypes(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/menus", `{"id":"m","name":"M"}`)
	w.must(201, "PUT A/users", `{"id":"u","first_name":"A","last_name":"B"}`)
	for _, res := range w.resources {
		id := "m"
		if res.Name == "menus" {
			id = "u"
		}
		methods := []string{"GET", "POST", "PATCH", "DELETE"}
		if res.Fixed {
			methods = []string{"GET", "DELETE"}
		}
		for _, method := range methods {
			body := ""
			if method == "POST" {
				body = string(res.Example)
			}
			if res.NoPatch && method == "PATCH" {
				continue
			}
			w.T = t
			if a := w.do(method+" A/"+res.Name+"/"+id, body); a.code != http.StatusNotFound || a.data()["cause"] != id {
				t.Errorf("%s %s: %d %s", method, res.Name, a.code, a.text)
			}
		}
	}
}
