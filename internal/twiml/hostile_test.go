package twiml

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

func utf16le(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func response(inner string) []byte { return []byte("<Response>" + inner + "</Response>") }

// hostile are documents made to be trouble, with a word of what is said of
// them; "" is carried out.
func hostile() []struct {
	name string
	body []byte
	want string
} {
	return []struct {
		name string
		body []byte
		want string
	}{
		{"a verb too many", response(strings.Repeat("<Say>a</Say>", 10_000)), "more than 10000 elements"},
		{"10,000 verbs", response(strings.Repeat("<Say>a</Say>", 9_999)), "steps in a row"},
		{"10,000 unknown verbs", response(strings.Repeat("<Frobnicate/>", 9_999)), "and 9899 more"},
		{"10,000 mistyped verbs", response(strings.Repeat("<Gathre a='1'/>", 9_999)), "did you mean <Gather>?"},
		{"100,000 attributes", response(strings.Repeat("<Say "+attrs(50)+"/>", 2_000)), "more than 30000 attributes"},
		{"30,000 unknown attributes", response(strings.Repeat("<Say "+attrs(50)+"/>", 599)), ""},
		{"10,000 verbs that do nothing", response(strings.Repeat("<Set/>", 9_000)), ""},
		{"1,000 deep", response(strings.Repeat("<Gather>", 1000) + strings.Repeat("</Gather>", 1000)), "within each other"},
		{"1,000 deep and open", response(strings.Repeat("<Gather>", 1000)), "within each other"},
		{"1 MB of text", response("<Say>" + strings.Repeat("é ", 1<<19/2-100) + "</Say>"), ""},
		{"1 MB of SSML", response("<Say>" + strings.Repeat("<s>a&amp;</s>", 9_000) + strings.Repeat("&lt;", 200_000) + "</Say>"), ""},
		{"1 MB of blanks", response(strings.Repeat(" \n", 1<<19-100)), ""},
		{"1 MB in a comment", response("<!--" + strings.Repeat("x<", 1<<19-100) + "-->"), ""},
		{"more than 1 MB", response("<Say>" + strings.Repeat("x", 1<<20) + "</Say>"), "longer than 1048576 bytes"},
		{"1 MB of attributes", response("<Say " + strings.Repeat("a='' ", 200_000) + "/>"), "a tag is longer"},
		{"64 KB of attributes", response("<Say " + attrs(5_000) + "/>"), "more than 60 attributes"},
		{"a long attribute", response("<Say voice='" + strings.Repeat("x", 60_000) + "'>a</Say>"), ""},
		{"a long name", response("<" + strings.Repeat("S", 60_000) + "/>"), "there is no verb"},
		{"a tag without end", []byte("<Response><Say " + strings.Repeat("x", 1<<19)), "a tag is longer"},
		{"billion laughs", []byte(laughs()), "entity"},
		{"an external entity", []byte(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response><Say>&x;</Say></Response>`), "entity"},
		{"an external DTD", []byte(`<!DOCTYPE Response SYSTEM "http://127.0.0.1/x.dtd"><Response/>`), ""},
		{"bad UTF-8", response("<Say>\xff\xfe</Say>"), "UTF-8"},
		{"NUL", response("<Say>\x00</Say>"), "illegal character"},
		{"Latin-1", []byte("<?xml version='1.0' encoding='ISO-8859-1'?><Response><Say>caf\xe9</Say></Response>"), ""},
		{"UTF-16", utf16le("<?xml version='1.0' encoding='UTF-16'?><Response><Say>é</Say></Response>"), ""},
		{"half of UTF-16", utf16le("<Response>")[:9], "ends too early"},
		{"UTF-8 with a byte order mark", append([]byte("\xef\xbb\xbf"), response("<Say>é</Say>")...), ""},
		{"UTF-7", []byte("<?xml version='1.0' encoding='UTF-7'?><Response/>"), "UTF-7"},
		{"XML 1.1", []byte("<?xml version='1.1'?><Response/>"), "version"},
		{"nothing", nil, "no <Response>"},
		{"a namespace", []byte(`<t:Response xmlns:t="urn:x"><t:Say>a</t:Say></t:Response>`), "<t:Response>"},
	}
}

// attrs are n attributes of different names.
func attrs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d='' ", i)
	}
	return b.String()
}

func laughs() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE lolz [<!ENTITY lol0 "lol">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `<!ENTITY lol%d "%s">`, i, strings.Repeat(fmt.Sprintf("&lol%d;", i-1), 10))
	}
	b.WriteString(`]><Response><Say>&lol9;</Say></Response>`)
	return b.String()
}

// maxMemory is what a document may cost, in bytes.
const maxMemory = 50 << 20

func TestHostile(t *testing.T) {
	check := engine().Check
	for _, p := range []Profile{Pivot, Twilio} {
		for _, x := range hostile() {
			t.Run(string(p)+" "+x.name, func(t *testing.T) {
				var before, after runtime.MemStats
				d := New(p)
				runtime.ReadMemStats(&before)
				faults, warnings := d.Check(x.body)
				runtime.ReadMemStats(&after)
				if cost := after.TotalAlloc - before.TotalAlloc; cost > maxMemory {
					t.Errorf("it cost %d bytes", cost)
				}
				if len(faults) > maxFaults+1 || len(warnings) > maxFaults+1 {
					t.Errorf("%d faults, %d warnings", len(faults), len(warnings))
				}
				said := faults.Error()
				if x.want == "" && (p == Pivot || x.name != "10,000 verbs that do nothing") && said != "" {
					t.Errorf("%.300s", said)
				}
				if !strings.Contains(said, x.want) {
					t.Errorf("%.300s, want %s", said, x.want)
				}
				placed(t, faults)
				placed(t, warnings)
				if said == "" {
					if _, err := d.Decode("text/xml", x.body, check); err != nil {
						t.Errorf("%.300v", err)
					}
				}
			})
		}
	}
}

// placed demands a place and a code of every fault.
func placed(t *testing.T, faults schema.Faults) {
	t.Helper()
	for _, f := range faults {
		line, column := position(f)
		if code, _ := f.Extra["code"].(int); line < 1 || column < 1 || code < 11000 || f.Message == "" || f.Rule == "" {
			t.Errorf("%+v", f)
		}
	}
}

// BenchmarkDocument is what documents cost: a usual one, and the worst.
func BenchmarkDocument(b *testing.B) {
	check := engine().Check
	run := func(name string, body []byte) {
		b.Run(name, func(b *testing.B) {
			d := New(Twilio)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				_, _ = d.Decode("text/xml", body, check) // faults are an answer too
			}
		})
	}
	run("usual", response(`<Gather numDigits="1" action="/menu"><Say voice="alice">Press one.</Say></Gather><Redirect>/again</Redirect>`))
	for _, x := range hostile() {
		if len(x.body) > 50_000 {
			run(strings.ReplaceAll(x.name, " ", "_"), x.body)
		}
	}
}

// TestCharsets: the Content-Type's charset is obeyed, a byte order mark more.
func TestCharsets(t *testing.T) {
	latin := []byte("<Response><Say>caf\xe9 \x80</Say></Response>")
	for _, x := range []struct {
		kind string
		body []byte
		want string
	}{
		{"text/xml; charset=ISO-8859-1", latin, "café €"},
		{"text/xml; charset=\"windows-1252\"", latin, "café €"},
		{"text/xml; charset=iso-8859-1", append([]byte("\xef\xbb\xbf"), response("<Say>café €</Say>")...), "café €"},
		{"text/xml; charset=utf-16le", utf16le("<Response><Say>café €</Say></Response>")[2:], "café €"},
		{"text/xml; charset=utf-16", utf16le("<Response><Say>café €</Say></Response>"), "café €"},
		{"text/xml; charset=iso-8859-15", []byte("<Response><Say>caf\xe9 \xa4</Say></Response>"), "café €"},
	} {
		got, err := New(Twilio).Decode(x.kind, x.body, fine)
		if err != nil || !strings.Contains(string(got.Data), x.want) {
			t.Errorf("%s: %v %v", x.kind, got, err)
		}
	}
	if got, err := New(Twilio).Decode("text/plain", []byte("\xff\xfe"), engine().Check); got != nil || err != nil {
		t.Error("a byte order mark alone:", got, err)
	}
	_, err := New(Twilio).Decode("text/xml; charset=big5", latin, fine)
	if parse, ok := errors.AsType[*event.ParseError](err); !ok || !strings.Contains(parse.Message, "big5") {
		t.Error(err)
	}
}

// TestRefused: what an action would not take is told of the verb it came from.
func TestRefused(t *testing.T) {
	refuse := func(*flow.Node) (*flow.Node, schema.Faults) {
		return nil, schema.Faults{
			{Path: []string{"children", "_", "data", "text"}, Rule: "maxLength", Message: "too long"},
			{Path: []string{"children", "_", "children", "_", "module"}, Rule: "error", Message: "unknown"},
		}
	}
	_, err := New(Twilio).Decode("", response("<Pause/>\n<Say>Hi</Say>"), refuse)
	if err == nil || !strings.Contains(err.Error(), "Response.Say[1]: <Say> becomes say, which is wrong: data.text: too long") {
		t.Error(err)
	}
	_, err = New(Twilio).Decode("application/json", []byte(`{}`), fine)
	if err == nil {
		t.Error("JSON without a decoder")
	}
}

func seeds(f *testing.F) {
	f.Helper()
	for _, x := range hostile() {
		if len(x.body) < 4096 {
			f.Add(x.body)
		}
	}
	f.Add(response(`<Gather input="dtmf speech" timeout="5" hints="a,b"><Say>Hi <break time="1s"/></Say><Play loop="0">a.mp3</Play></Gather>`))
	f.Add(response(`<Record maxLength="3" recordingUrl="http://a.test"/><Refer><Sip>a@b?X-A=1</Sip></Refer><Start><Recording/></Start>`))
	f.Add([]byte(`{"module":"hangup"}`))
}

// nothing says that there is nothing in body but marks and blanks.
func nothing(body []byte) bool {
	text, err := toUTF8(body, "")
	return err == nil && blank(text)
}

// FuzzDecode: whatever a server answers becomes a program that the engine
// takes, or an error of the three kinds; nothing crashes.
func FuzzDecode(f *testing.F) {
	seeds(f)
	check := engine().Check
	dialects := map[Profile]Dialect{Pivot: New(Pivot), Twilio: New(Twilio)}
	f.Fuzz(func(t *testing.T, body []byte) {
		for p, d := range dialects {
			for _, kind := range []string{"text/xml", "text/plain; charset=latin1", "text/html"} {
				program, err := d.Decode(kind, body, check)
				if err == nil && program == nil && !nothing(body) {
					t.Fatalf("%s %s: nothing came of %q", p, kind, body)
				}
				if err != nil && strings.Contains(err.Error(), "which is wrong") {
					t.Fatalf("%s %s: %v", p, kind, err)
				}
			}
		}
	})
}

// FuzzCheck: every fault has a place inside the document.
func FuzzCheck(f *testing.F) {
	seeds(f)
	dialects := []Dialect{New(Pivot), New(Twilio)}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, d := range dialects {
			faults, warnings := d.Check(body)
			placed(t, faults)
			placed(t, warnings)
			lines := bytes.Count(body, []byte("\n")) + bytes.Count(body, []byte("\n\x00")) + 1
			for _, x := range append(faults, warnings...) {
				if line, _ := position(x); line > lines {
					t.Fatalf("line %d of %d: %+v", line, lines, x)
				}
			}
		}
	})
}
