package api

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

// TestMediaUploads sends a sound in each of the forms that bodies have.
func TestMediaUploads(t *testing.T) {
	w := newWorld(t)
	raw := "A/media/" + resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id") + "/raw"
	wav := string(wavOf(t, 800))
	for kind, body := range map[string]string{
		"multipart/form-data; boundary=b": "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a/b.wav\"\r\n" +
			"Content-Type: audio/wav\r\n\r\n" + wav + "\r\n--b--\r\n",
		"application/x-base64": "data:audio/wav;base64," + base64.StdEncoding.EncodeToString([]byte(wav)),
	} {
		w.head = http.Header{"Content-Type": {kind}}
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
