package resource

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// FuzzFilter holds what passes at a glance at a document to what passes when
// it is read whole.
func FuzzFilter(f *testing.F) {
	f.Add("filter_a.b=[1,2]&has_key=a", `{"a":{"b":1}}`)
	f.Add("filter_not_x=1e999999999&created_from=5", `{"x":1e999999999}`)
	f.Add("value_missing=a&filter_a=", `{"a":["x",{"y":null}]}`)
	f.Add("filter_a=1&filter_a.b=2&has_key=c.d.e", `{"a":{"b":2,"a":1},"a":1,"c":{"d":[{"e":1}],"d":{"e":null}}}`)
	f.Add("filter_a\"b=x&filter_é=y", ` { "a\"b" : "x" , "\\u00e9" : "y\\\\" , "z":[ "]" , {"}":"{"} ] } `)
	f.Add("filter_pvt_alphanum_name=mainmenu&filter_id=m&filter_not_pvt_type=x&filter_name=Main menu", `{"name":"Main menu","id":"n"}`)
	f.Add("has_key=_rev&filter_pvt_account_db=account/ac/me/-account&created_from=1&modified_to=1", `{"_rev":"x"}`)
	f.Add("has_key=a&has_value=b", `{"a":tru,"b":1}`)
	f.Fuzz(func(t *testing.T, query, text string) {
		params, err := url.ParseQuery(query)
		_, err2 := ParseObject([]byte(text))
		if err != nil || err2 != nil {
			return
		}
		q, err := ParseQuery(params, params.Get)
		if err != nil {
			return
		}
		s := store.Doc{Key: store.Key{Account: "acme-account", Type: "menu", ID: "m"}, JSON: []byte(text), Rev: 3}
		glanced, err := glance(s, q.Filter.looks)
		whole, err2 := read(s)
		if err != nil || err2 != nil || q.Filter.Match(glanced) != q.Filter.Match(whole.Full()) {
			t.Errorf("%s: %v passes %v, and not at a glance: %v, %v", query, whole.Full(), q.Filter.Match(whole.Full()), err, err2)
		}
		idSpan(q).place("x")
		if s, err := timeSpan(q); err == nil {
			s.place("x")
		}
	})
}

// BenchmarkGlance looks for a key of a document of a kilobyte, and reads it
// whole.
func BenchmarkGlance(b *testing.B) {
	flow := `{"module":"hangup","data":{},"children":{}}`
	for i := range 6 {
		flow = fmt.Sprintf(`{"module":"tts","data":{"text":"Welcome to the line of those who wait. This is sentence %d."},`+
			`"children":{"_":%s}}`, i, flow)
	}
	s := store.Doc{Key: store.Key{Account: "a", Type: "callflow", ID: "c"}, JSON: []byte(`{"name":"x","numbers":["1"],"flow":` + flow + `}`)}
	params := url.Values{"filter_flow.module": {"menu"}}
	q, err := ParseQuery(params, params.Get)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("glance", func(b *testing.B) {
		b.SetBytes(int64(len(s.JSON)))
		for b.Loop() {
			if o, err := glance(s, q.Filter.looks); err != nil || q.Filter.Match(o) {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(s.JSON)))
		for b.Loop() {
			if d, err := read(s); err != nil || q.Filter.Match(d.Full()) {
				b.Fatal(err)
			}
		}
	})
}
