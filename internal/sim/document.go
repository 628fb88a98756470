package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/flow"
)

// FileHost is the host under which the files beside a document are asked for.
// The name can belong to nobody (RFC 6761 section 6.2).
const FileHost = "files.test"

// maxFile is how large a file may be that is read at all.
const maxFile = 16 << 20

// isFile says whether a URL is one of FileHost.
func isFile(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host == FileHost
}

// Ask is how a web server is asked first, as a pivot node says it.
type Ask struct {
	URL    string `json:"voice_url"`
	Method string `json:"method,omitempty"`
	Format string `json:"req_format,omitempty"`
	Compat string `json:"compat,omitempty"`
}

// Program is the pivot node that asks. A Twilio application is asked by POST,
// all others by GET, unless a says otherwise. Whoever says compat means TwiML.
func (a Ask) Program() *flow.Node {
	if a.Format == "" && a.Compat != "" {
		a.Format = "twiml"
	}
	if a.Method == "" && a.Compat == "twilio" {
		a.Method = "post"
	}
	data, _ := json.Marshal(a) // strings can always be written
	return &flow.Node{Module: "pivot", Data: data}
}

// wrapped is a document in one of its forms: a node, a callflow with its node
// under "flow", or that as the API gives it, under "data".
type wrapped struct {
	Module *json.RawMessage `json:"module"`
	Flow   json.RawMessage  `json:"flow"`
	Data   json.RawMessage  `json:"data"`
}

// unwrap is the node in a JSON document, and the path that leads there.
func unwrap(body []byte) (node []byte, at []string) {
	var w, inner wrapped
	if json.Unmarshal(body, &w) != nil || w.Module != nil {
		return body, nil
	}
	if w.Flow != nil {
		return w.Flow, []string{"flow"}
	}
	if json.Unmarshal(w.Data, &inner) == nil && inner.Flow != nil {
		return inner.Flow, []string{"data", "flow"}
	}
	return body, nil
}

// readCallflow reads a callflow document or a node.
func readCallflow(body []byte) (c answering.Callflow, err error) {
	node, at := unwrap(body)
	switch len(at) {
	case 0:
		c.Flow = &flow.Node{}
		err = json.Unmarshal(node, c.Flow)
	case 1:
		err = json.Unmarshal(body, &c)
	default:
		var api struct {
			Data answering.Callflow `json:"data"`
		}
		err = json.Unmarshal(body, &api)
		c = api.Data
	}
	if err == nil && c.Flow == nil {
		err = errors.New("there is no flow in it")
	}
	return c, err
}

// ReadFile is a file's content, if it is not too large.
func ReadFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return readAll(name, f)
}

func readAll(name string, r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(body) > maxFile {
		err = fmt.Errorf("%s is larger than %d MB", name, maxFile>>20)
	}
	return body, err
}

// File makes c run a file: a callflow as it is, and TwiML as if a web server
// had answered with it, which has the other files of its folder too. ask says
// how it is asked. Close gives the folder back.
func (c *Call) File(name string, ask Ask) (close func(), err error) {
	body, err := ReadFile(name)
	if err != nil {
		return nil, err
	}
	if typeOf(name, body) == typeJSON {
		doc, err := readCallflow(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c.Program = doc.Flow
		return func() {}, nil
	}
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	if ask.Format == "" {
		ask.Format = "twiml"
	}
	ask.URL = fileURL(filepath.Base(name))
	c.Files, c.Program = folder{dir}, ask.Program()
	return func() { _ = dir.Close() }, nil
}

func fileURL(name string) string {
	return (&url.URL{Scheme: "http", Host: FileHost, Path: "/" + name}).String()
}

// folder is a folder as a web server.
type folder struct{ root *os.Root }

// RoundTrip implements http.RoundTripper.
func (f folder) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	file, err := f.root.Open(name)
	if err != nil {
		page := Page{Status: http.StatusNotFound, Type: "text/plain", Body: []byte("there is no such file: " + name)}
		if !errors.Is(err, fs.ErrNotExist) {
			page.Body = []byte(err.Error())
		}
		return page.response(r), nil
	}
	defer func() { _ = file.Close() }()
	body, err := readAll(name, file)
	if err != nil {
		return Page{Status: http.StatusInternalServerError, Body: []byte(err.Error())}.response(r), nil
	}
	return Page{Type: typeOf(name, body), Body: body}.response(r), nil
}
