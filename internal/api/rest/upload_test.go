package rest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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

func uploadOf(kind, transfer, body string) (*Request, []byte, error) {
	req := httptest.NewRequest("POST", "/v2/x", strings.NewReader(body))
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Content-Transfer-Encoding", transfer)
	r := &Request{
		HTTP: req, by: served(), ctx: req.Context(),
		Query: req.URL.Query(), body: envelope{data: resource.Object{}, aside: resource.Object{}},
	}
	file, err := r.Upload(1000)
	if err != nil {
		return r, nil, err
	}
	got, err := io.ReadAll(file)
	if err != nil {
		err = UploadFault(err)
	}
	return r, got, err
}

func TestUploads(t *testing.T) {
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
		r, got, err := uploadOf(c.kind, c.transfer, c.body)
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
		_, _, err := uploadOf(c.kind, "", c.body)
		faults, _ := errors.AsType[schema.Faults](err)
		if len(faults) != 1 || faults[0].Rule != c.rule {
			t.Errorf("%s %.40q: %v", c.kind, c.body, err)
		}
	}
}

// TestEnvelopeInParts sends an envelope in multipart to an operation that takes
// no file (spec/crossbar-api.md section 1.2).
func TestEnvelopeInParts(t *testing.T) {
	s := served(Operation{Method: "PUT", Path: "x", Who: Anyone, Do: func(r *Request) (Reply, error) {
		return Reply{Data: r.Data(), Extra: map[string]any{"size": r.Param("page_size"), "start": r.Param("start_key")}}, nil
	}})
	for body, want := range map[string]string{
		asMultipart(jsonPart + `{"data":{"a":1}}`):                                  `201 {"data":{"a":1},`,
		asMultipart(formPart+"7", jsonPart+`{"data":{"a":1},"start_key":"k"}`):      `"size":"7","start":"k"`,
		asMultipart(jsonPart+`{"data":{"a":1},"start_key":"k"}`, formPart+"7"):      `"size":"7","start":"k"`,
		asMultipart(formPart + "7"):                                                 `400 {"data":{"data":{"required"`,
		asMultipart(jsonPart+`{"data":{"a":1}}`, filePart+"sound"):                  "415 ",
		asMultipart(jsonPart + `{`):                                                 `400 {"data":{"json":{"invalid"`,
		asMultipart(jsonPart + `{"data":"` + strings.Repeat("x", MaxBody+1) + `"}`): `400 {"data":{"file":{"maxSize"`,
		"--b\r\nContent": `400 {"data":{"file":{"invalid"`,
	} {
		req := httptest.NewRequest("PUT", "/v2/x", strings.NewReader(body))
		req.Header.Set("Content-Type", multi)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		if got := fmt.Sprint(rec.Code, " ", rec.Body); !strings.Contains(got, want) {
			t.Errorf("%.200q: %.200s", body, got)
		}
	}
}

func FuzzUpload(f *testing.F) {
	for _, kind := range []string{"audio/wav", "application/x-base64", multi, "multipart/mixed"} {
		for _, body := range []string{"", "data:a/b;base64,eHg=", asMultipart(filePart+"a", jsonPart+`{"data":{}}`)} {
			f.Add(kind, "", body)
			f.Add(kind, "base64", body)
		}
	}
	f.Fuzz(func(t *testing.T, kind, transfer, body string) {
		_, _, err := uploadOf(kind, transfer, body)
		if err != nil && asError(err, "") == nil {
			t.Errorf("%v is no answer", err)
		}
	})
}
