package sim

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestCheck: what is wrong with broken documents, and where.
func TestCheck(t *testing.T) {
	names, err := filepath.Glob("testdata/check/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	c := NewChecker("")
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(text), dashes)
			r := c.Check(strings.TrimSuffix(filepath.Base(name), ".txt"), []byte(source))
			var b bytes.Buffer
			r.Show(&b)
			if *update {
				if err := os.WriteFile(name, []byte(source+dashes+b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if b.String() != want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), want)
			}
			for _, f := range r.Faults {
				lines := strings.Split(source, "\n")
				if f.Line < 1 || f.Line > len(lines) || f.Column < 1 || f.Column > len(lines[f.Line-1])+1 {
					t.Errorf("line %d, column %d is nowhere in the document", f.Line, f.Column)
				}
			}
		})
	}
}

// TestManyFaults: a document of nothing but faults is told of in parts.
func TestManyFaults(t *testing.T) {
	text := `{"module":"x","children":{` + strings.TrimSuffix(strings.Repeat(`"%":{"module":"y"},`, 5000), ",") + `}}`
	for i := range 5000 {
		text = strings.Replace(text, "%", strconv.Itoa(i), 1)
	}
	r := NewChecker("").Check("x.json", []byte(text))
	if n := len(r.Faults); n != maxFaults+1 || r.Faults[n-1].Message != "4901 more faults" {
		t.Errorf("%d faults, %+v", n, r.Faults[n-1])
	}
}

func TestShowJSON(t *testing.T) {
	var b bytes.Buffer
	if err := ShowJSON(&b, []Report{NewChecker("twilio").Check("a.xml", []byte("<Response/>"))}); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(b.Bytes(), &all); err != nil || all[0]["file"] != "a.xml" || all[0]["faults"] == nil {
		t.Errorf("%v: %s", err, b.String())
	}
}

// FuzzCheck: whatever a document is, it is looked at, and every finding is
// somewhere in it.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"module":"tts","data":{"text":5}}`, `{"flow":{"module":"x"}}`, `{"data":{"flow":[]}}`, `<Response><Say/></Response>`,
		`{"call":{}}`, `{"flow":null,"patterns":["("]}`, "", "\xff", `{"call":{"at":"x"},"web":{"/":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	checkers := []Checker{NewChecker(""), NewChecker("twilio")}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range checkers {
			for _, f := range c.Check("fuzz", body).Faults {
				if f.Message == "" || f.Line > bytes.Count(body, []byte("\n"))+1 {
					t.Errorf("%+v of %q", f, body)
				}
			}
		}
	})
}
