package api

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// asMultipart is a body of parts; each begins with its headers.
func asMultipart(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--b\r\n" + strings.Replace(p, "\n\n", "\r\n\r\n", 1) + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

const (
	multi    = `multipart/form-data; boundary=b`
	filePart = "Content-Disposition: form-data; name=\"f\"; filename=\"a/b.wav\"\r\nContent-Type: audio/wav\n\n"
	jsonPart = "Content-Disposition: form-data; name=\"e\"\r\nContent-Type: application/json\n\n"
	formPart = "Content-Disposition: form-data; name=\"Page-Size\"\n\n"
)

func uploadOf(s *Server, kind, transfer, body string) (*Request, []byte, error) {
	req := httptest.NewRequest("POST", "/v2/x", strings.NewReader(body))
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Content-Transfer-Encoding", transfer)
	r := &Request{
		HTTP: req, ctx: req.Context(), query: req.URL.Query(), body: envelope{data: resource.Object{}, aside: resource.Object{}},
	}
	file, err := s.Upload(r, 1000)
	if err != nil {
		return r, nil, err
	}
	got, err := io.ReadAll(file)
	if err != nil {
		err = uploadFault(err)
	}
	return r, got, err
}

func TestUploads(t *testing.T) {
	s := newWorld(t).Server
	in64 := base64.StdEncoding.EncodeToString([]byte("sound"))
	for _, c := range []struct{ kind, transfer, body string }{
		{"audio/wav", "", "sound"},
		{"", "", "sound"},
		{"application/x-base64", "", in64},
		{"application/base64", "", "data:audio/mp3;base64," + in64},
		{"audio/wav", "BASE64", in64[:4] + "\r\n" + in64[4:]},
		{multi, "", asMultipart(filePart + "sound")},
		{multi, "", asMultipart(filePart+"sound", jsonPart+`{"data":{"a":1}}`, formPart+"7")},
		{multi, "", asMultipart(jsonPart+`{"data":{"a":1}}`, strings.Replace(filePart, "\n\n", "\r\nContent-Transfer-Encoding: base64\n\n", 1)+in64)},
	} {
		r, got, err := uploadOf(s, c.kind, c.transfer, c.body)
		if err != nil || string(got) != "sound" {
			t.Errorf("%+v: %q %v", c, got, err)
		}
		if strings.Contains(c.body, `"a":1`) && len(r.Data()) != 1 {
			t.Errorf("%+v: no envelope", c)
		}
		if strings.Contains(c.body, "Page-Size") && r.Param("page_size") != "7" {
			t.Errorf("%+v: no parameter", c)
		}
	}
	for _, c := range []struct{ kind, body, rule string }{
		{"audio/wav", strings.Repeat("x", 1001), "maxSize"},
		{"application/x-base64", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 1001)), "maxSize"},
		{"application/x-base64", "!!!!", "wrong_format"},
		{multi, asMultipart(), "required"},
		{multi, asMultipart(filePart+"a", filePart+"b"), "maxItems"},
		{multi, asMultipart(filePart + strings.Repeat("x", 1001)), "maxSize"},
		{multi, "--b\r\nContent", "invalid"},
		{"multipart/form-data", asMultipart(filePart + "a"), "invalid"},
		{multi, asMultipart(jsonPart + "{"), "invalid"},
		{multi, asMultipart(slices.Repeat([]string{formPart + "1"}, maxParts+1)...), "invalid"},
	} {
		_, _, err := uploadOf(s, c.kind, "", c.body)
		faults, _ := errors.AsType[schema.Faults](err)
		if len(faults) != 1 || faults[0].Rule != c.rule {
			t.Errorf("%s %.40q: %v", c.kind, c.body, err)
		}
	}
}

func FuzzUpload(f *testing.F) {
	s := New(Config{})
	for _, kind := range []string{"audio/wav", "application/x-base64", multi, "multipart/mixed"} {
		for _, body := range []string{"", "data:a/b;base64,eHg=", asMultipart(filePart+"a", jsonPart+`{"data":{}}`)} {
			f.Add(kind, "", body)
			f.Add(kind, "base64", body)
		}
	}
	f.Fuzz(func(t *testing.T, kind, transfer, body string) {
		_, _, err := uploadOf(s, kind, transfer, body)
		if err != nil && asError(err, "") == nil {
			t.Errorf("%v is no answer", err)
		}
	})
}

// TestMediaUploads sends a sound in each of the forms that bodies have.
func TestMediaUploads(t *testing.T) {
	w := newWorld(t)
	raw := "A/media/" + resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id") + "/raw"
	wav := string(wavOf(t, 800))
	for _, kind := range []string{multi, "application/x-base64"} {
		w.head = http.Header{"Content-Type": {kind}}
		body := "data:audio/wav;base64," + base64.StdEncoding.EncodeToString([]byte(wav))
		if kind == multi {
			body = asMultipart(filePart + wav)
		}
		w.must(200, "POST "+raw, "raw:"+body)
		w.head = http.Header{}
		if a := w.must(200, "GET "+raw, ""); a.text != wav {
			t.Errorf("%s: %d bytes", kind, len(a.text))
		}
	}
}

// TestEnvelopeKeys writes the keys beside data in all the ways there are.
func TestEnvelopeKeys(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/menus", `raw:{"DATA":{"name":"a"}}`)
	w.must(201, "PUT A/menus", `raw:{"Data":"no","data":{"name":"b"}}`)
	if a := w.must(400, "PUT A/menus", `raw:{"data":null,"Data":{"name":"c"}}`); a.fault("data", "required") == "" {
		t.Error(a.text)
	}
	for _, body := range []string{`{"data":{},"PAGE-SIZE":1}`, `{"data":{"page_size":1},"page_size":2}`} {
		if a := w.must(200, "GET A/menus", "raw:"+body); len(a.rows()) != 1 {
			t.Errorf("%s: %s", body, a.text)
		}
	}
}
