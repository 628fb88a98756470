package sim

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/event"
)

// TestDocuments: a test brings its documents along, and its callflows have
// numbers that menus hunt for. Each run has them as they are in the file.
func TestDocuments(t *testing.T) {
	const menu = `{"call": {"to": "+15550100"}, "documents": {"menus": {"main": {"name": "Main"}}},
		"callflows": {
			"door": {"numbers": ["+15550100"], "flow": {"module": "menu", "data": {"id": "main"}, "children": {"1": {"module": "tts", "data": {"text": "One."}}}}},
			"ann": {"data": {"numbers": ["201"], "flow": {"module": "tts", "data": {"text": "Ann is out."}}}},
			"bob": {"module": "tts", "data": {"text": "Bob."}}},`
	for name, text := range map[string]string{
		"hunts":           menu + `"press": [{"after": "extension", "keys": "201"}], "hears": ["extension", "Please hold", "Ann is out"]}`,
		"a child":         menu + `"press": [{"keys": "1#"}], "hears": ["extension", "One."]}`,
		"nothing to hunt": menu + `"press": [{"keys": "999"}], "hears": ["not a valid choice", "trouble"]}`,
		"a greeting": `{"call": {}, "documents": {"menus": {"m": {"name": "M", "record_pin": "4711", "allow_record_from_offnet": true}}},
			"flow": {"module": "menu", "data": {"id": "m"}},
			"press": [{"keys": "4711"}, {"after": "beep", "wait": "3s", "keys": "5"}, {"after": "save this", "keys": "1"}],
			"hears": ["enter an extension", "record your greeting", "beep", "save this", "Saved", "what was recorded as"]}`,
		"the account": `{"call": {}, "account": {"call_restriction": {"did_us": {"action": "deny"}}},
			"callflows": {"us": {"numbers": ["+12025551234"], "flow": {"module": "tts", "data": {"text": "Hello."}}}},
			"flow": {"module": "disa", "data": {"enforce_call_restriction": true}},
			"press": [{"keys": "2025551234#"}], "hears": ["not allowed"]}`,
		"people": `{"call": {}, "documents": {"directories": {"d": {"name": "Staff"}},
			"users": {"u": {"first_name": "Ada", "last_name": "Lovelace", "directories": {"d": "ada"}}}},
			"callflows": {"ada": {"module": "tts", "data": {"text": "This is Ada."}}}, "flow": {"module": "directory", "data": {"id": "d"}},
			"press": [{"keys": "232#"}, {"after": "Lovelace", "keys": "1"}], "hears": ["first letters", "I found", "Ada Lovelace", "This is Ada"]}`,
		"a blacklist": `{"call": {"to": "1", "from": "+14155550199"}, "account": {"blacklists": ["p"]},
			"documents": {"blacklists": {"p": {"name": "Pests", "numbers": {"+14155550199": {}}}}},
			"callflows": {"f": {"numbers": ["1"], "flow": {"module": "tts", "data": {"text": "Hello."}}}}, "ends": "603"}`,
		"before all others": `{"call": {"to": "1"}, "account": {"preflow": {"always": "first"}, "language": "DE-de"},
			"callflows": {"f": {"numbers": ["1"], "flow": {"module": "tts", "data": {"text": "Hello."}}},
			"first": {"module": "tts", "data": {"text": "First."}}}, "hears": ["First.", "Hello."]}`,
		"lists": `{"call": {}, "documents": {"lists": {"l": {"name": "L"}}, "list_entries": {"e": {"list_id": "l", "number": "+1555", "displayname": "Ada"}}},
			"flow": {"module": "tts", "data": {"text": "Hello."}}, "hears": ["hello"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			one, err := ReadTest("x.json", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if o := one.Run(t.Context(), Instant); !o.Passed() {
					t.Errorf("%q, %v\n%s", o.Problems, o.Err, o.Transcript())
				}
			}
			if o := again(t, one); !o.Passed() {
				text, _ := os.ReadFile(o.Test.File())
				t.Errorf("the saved call: %q, %v\n%s\n%s", o.Problems, o.Err, o.Transcript(), text)
			}
		})
	}
}

// TestDocumentsRefused: what is wrong with a document is told with its place.
func TestDocumentsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"{\"documents\": {\n  \"menues\": {}}}":                                        `x.json: line 2, column 13: documents.menues: there are no documents called menues; there are `,
		"{\"documents\": {\"menus\":\n  {\"m\": {\"name\": \"M\", \"retries\": 99}}}}": `x.json: line 2, column 34: documents.menus.m.retries: Value must be at most 10`,
		"{\"documents\": {\"menus\":\n  {\"m\": {}}}}":                                 `x.json: line 2, column 9: documents.menus.m.name: Field is required but missing`,
		"{\"documents\": {\"menus\":\n  {\"m\": []}}}":                                 `x.json: line 2, column 9: documents.menus.m: `,
		"{\"documents\": {\"menus\": []}}":                                             `x.json: line 1, column `,
		"{\"account\": 7}":                                                             `x.json: line 1, column 13: account: `,
	} {
		_, err := ReadTest("x.json", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	one, err := ReadTest("x.json", []byte(`{"call": {"to": "1"}, "callflows": {"a": 7}}`))
	if err != nil {
		t.Fatal(err)
	}
	if o := one.Run(t.Context(), Instant); o.Err == nil || !strings.Contains(o.Err.Error(), `callflows "a": `) {
		t.Error(o.Err)
	}
}

// again saves the call of a test and runs what was saved.
func again(t *testing.T, one *Test) Outcome {
	t.Helper()
	c, _, err := one.call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return saved(t, c, r).Run(t.Context(), Instant)
}

// TestSavedDocuments: a saved call has what it used, and nothing else of the
// account.
func TestSavedDocuments(t *testing.T) {
	one, err := ReadTest("x.json", []byte(`{"call": {"to": "1"}, "account": {"timezone": "Europe/Berlin", "name": "secret"}, "documents": {
		"menus": {"used": {"name": "Used"}, "other": {"name": "secret"}},
		"directories": {"staff": {"name": "Staff"}, "others": {"name": "secret"}},
		"users": {"u1": {"first_name": "Ada", "last_name": "L", "email": "secret@x.test", "directories": {"staff": "ada"}},
			"u2": {"first_name": "secret", "last_name": "L", "directories": {"others": "bob"}}}},
		"callflows": {"ada": {"module": "menu", "data": {"id": "used"}}, "bob": {"module": "tts", "data": {"text": "secret"}},
			"door": {"numbers": ["1"], "flow": {"module": "directory", "data": {"id": "staff"}}},
			"hunted": {"numbers": ["77"], "flow": {"module": "temporal_route"}}},
		"press": [{"keys": "232#"}, {"after": "I found", "keys": "1"}, {"after": "enter an extension", "keys": "77#"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if o := again(t, one); !o.Passed() {
		t.Errorf("%q, %v\n%s", o.Problems, o.Err, o.Transcript())
	} else if text, _ := os.ReadFile(o.Test.File()); strings.Contains(string(text), "secret") || !strings.Contains(string(text), "Berlin") {
		t.Errorf("%s", text)
	}
}

// TestSavedAsItWas: a saved call has the documents that it has changed as they
// were before it.
func TestSavedAsItWas(t *testing.T) {
	one, err := ReadTest("x.json", []byte(`{"call": {}, "documents": {"temporal_rules": {"r": {"name": "R", "cycle": "weekly", "wdays": ["monday"]}}},
		"flow": {"module": "temporal_route", "data": {"action": "enable", "rules": ["r"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	o := again(t, one)
	changed := slices.ContainsFunc(o.Result.Events, func(e event.Event) bool { return e.What.Kind() == "changed" })
	text, _ := os.ReadFile(o.Test.File())
	if !o.Passed() || !changed || !strings.Contains(string(text), "monday") || strings.Contains(string(text), `"enabled"`) {
		t.Errorf("%q, %v, changed: %v\n%s", o.Problems, o.Err, changed, text)
	}
}

// TestSavedLater: a saved call goes as it went, also when the menu was heard
// several times before a key, tomorrow, and without the server.
func TestSavedLater(t *testing.T) {
	for text, want := range map[string]string{
		`{"call": {}, "documents": {"menus": {"m": {"name": "M", "retries": 3, "timeout": 1000}}},
			"flow": {"module": "menu", "data": {"id": "m"}, "children": {"1": {"module": "tts", "data": {"text": "One."}}}},
			"press": [{"after": "enter an extension", "wait": "1ms"}, {"after": "enter an extension", "keys": "1"}]}`: `"wait": "1ms"`,
		`{"call": {}, "account": {"timezone": "Europe/Berlin"}, "flow": {"module": "audio_macro", "data": {"macros": [
			{"macro": "say", "type": "current_time"}]}}}`: `Berlin`,
		`{"call": {}, "flow": {"module": "temporal_route"}}`: `"at": "20`,
		`{"call": {"from": "+1555"}, "documents": {"list_entries": {"e": {"list_id": "vip", "number": "+1555"}}},
			"flow": {"module": "cidlistmatch", "data": {"id": "vip"}, "children": {"match": {"module": "tts", "data": {"text": "Hi."}},
			"_": {"module": "hangup"}}}}`: `"+1555"`,
		`{"call": {}, "documents": {"functions": {"today": {"name": "F", "url": "http://x.test/f"}}}, "web": {"/f": {"type": "application/json",
			"body": "{\"module\":\"tts\",\"data\":{\"text\":\"Hi.\"}}"}}, "flow": {"module": "function", "data": {"id": "today"}}}`: `"today"`,
	} {
		one, err := ReadTest("x.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		o := again(t, one)
		if kept, _ := os.ReadFile(o.Test.File()); !o.Passed() || !strings.Contains(string(kept), want) {
			t.Errorf("%q, %v\n%s", o.Problems, o.Err, kept)
		}
	}
}
