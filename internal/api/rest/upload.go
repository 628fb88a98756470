package rest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/schema"
)

// maxParts is how many parts a multipart body may have.
const maxParts = 32

// Upload is the file in the body of a request to an operation that Consumes
// files (spec/crossbar-api.md section 1.2): the body itself; decoded, if it is
// in base64, with or without "data:audio/mp3;base64," before it; or the one
// file of a multipart body. The JSON part of such a body is its envelope, and
// its other fields are parameters. limit is in bytes. A file that is too large, or
// broken, is an error of Read, which UploadFault makes an answer of.
func (r *Request) Upload(limit int64) (io.Reader, error) {
	if r.HTTP.ContentLength > 2*limit+MaxBody/8 { // base64 is a third longer, multipart has its lines
		return nil, TooLarge(limit)
	}
	told := r.HTTP.Header.Get("Content-Type")
	kind, params, _ := mime.ParseMediaType(told) // "" where it is none
	if strings.HasPrefix(kind, "multipart/") {
		return r.multipart(params["boundary"], limit)
	}
	var file io.Reader = r.HTTP.Body
	if isBase64(kind) || isBase64(r.HTTP.Header.Get("Content-Transfer-Encoding")) {
		file = decoded(file)
	}
	return http.MaxBytesReader(nil, io.NopCloser(file), limit), nil
}

func isBase64(kind string) bool {
	switch strings.ToLower(kind) {
	case "base64", "application/base64", "application/x-base64":
		return true
	default:
		return false
	}
}

// decoded reads base64, behind what may say of what type it is.
func decoded(file io.Reader) io.Reader {
	const longest = 256 // of "data:…;base64,"
	in := bufio.NewReaderSize(file, longest*2)
	start, _ := in.Peek(longest) // an error comes again with the first Read
	if rest, ok := bytes.CutPrefix(start, []byte("data:")); ok {
		if head, _, ok := bytes.Cut(rest, []byte(",")); ok {
			_, _ = in.Discard(len("data:") + len(head) + len(",")) // it was peeked at
		}
	}
	return base64.NewDecoder(base64.StdEncoding, in)
}

// multipart is the one file of a multipart body.
func (r *Request) multipart(boundary string, limit int64) (io.Reader, error) {
	body, err := r.wholeParts(limit)
	if err != nil {
		return nil, err
	}
	files, err := r.parts(body, boundary, limit)
	switch {
	case err != nil:
		return nil, err
	case len(files) == 0:
		return nil, schema.Faults{schema.Required("file")}
	case len(files) > 1:
		return nil, schema.Invalid("file", "maxItems", "The list is more than 1 items", map[string]any{"target": 1})
	}
	return files[0], nil
}

// inParts reads a multipart body of a request that takes an envelope: a JSON
// part of it is that. Files are for nobody.
func (r *Request) inParts(w http.ResponseWriter, boundary string) error {
	r.body.data = nil
	body, err := r.wholeParts(MaxBody)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	if err != nil {
		return err
	}
	files, err := r.parts(body, boundary, MaxBody)
	if err == nil && r.body.data == nil {
		err = schema.Faults{schema.Required("data")}
	}
	r.body.other = len(files) > 0
	return err
}

// wholeParts is a multipart body that has come to its end. Nothing is done with
// its parts before: who sends them slowly would hold up others, whose turn it
// could be.
func (r *Request) wholeParts(limit int64) (io.Reader, error) {
	body, err := newSpool(http.MaxBytesReader(nil, r.HTTP.Body, limit+MaxBody/8))
	if err != nil {
		return nil, UploadFault(err)
	}
	r.spools = append(r.spools, body)
	return body, nil
}

// parts reads all parts and returns the files: which part is what is known at
// the end only.
func (r *Request) parts(body io.Reader, boundary string, limit int64) ([]io.Reader, error) {
	parts, files := multipart.NewReader(body, boundary), []io.Reader{}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n == maxParts {
			err = errTooManyParts
		}
		if err != nil {
			return nil, UploadFault(err)
		}
		file, err := r.part(part, limit)
		if err != nil {
			return nil, UploadFault(err)
		}
		if file != nil {
			files = append(files, file)
		}
	}
	return files, nil
}

// part is one part: a file, or nil for what belongs into the envelope.
func (r *Request) part(part *multipart.Part, limit int64) (io.Reader, error) {
	kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
	var file io.Reader = part
	if isBase64(kind) || isBase64(part.Header.Get("Content-Transfer-Encoding")) {
		file = decoded(file)
	}
	body, err := newSpool(http.MaxBytesReader(nil, io.NopCloser(file), limit))
	if err != nil {
		return nil, err
	}
	r.spools = append(r.spools, body)
	if part.FileName() != "" || kind == "" && part.FormName() == "" || kind != "" && !CarriesEnvelope(kind) {
		return body, nil
	}
	if err = r.takeTurn(body.size); err != nil {
		return nil, err
	}
	raw, err := body.all()
	if err != nil {
		return nil, err
	}
	if kind != "" {
		before := r.body.aside
		err = r.ReadEnvelope(kind, raw)
		maps.Copy(before, r.body.aside)
		r.body.aside = before
		return nil, err
	}
	r.body.aside[asideKey(part.FormName())] = string(raw)
	return nil, nil //nolint:nilnil // it was a parameter
}

// errTooManyParts is a multipart body that no client means.
var errTooManyParts = fmt.Errorf("more than %d parts", maxParts)

// UploadFault is what a client is told of an error of reading an upload; what
// is not the client's fault stays as it is.
func UploadFault(err error) error {
	var large *http.MaxBytesError
	var corrupt base64.CorruptInputError
	var faults schema.Faults
	switch {
	case errors.As(err, &faults):
		return err
	case errors.As(err, &large):
		return TooLarge(large.Limit)
	case errors.As(err, &corrupt):
		return schema.Invalid("file", "wrong_format", "Field is not in the correct format: "+corrupt.Error(),
			map[string]any{"format": "base64"})
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded):
		return schema.Invalid("file", "invalid", "The body could not be read to its end", nil)
	case strings.HasPrefix(err.Error(), "multipart: "), errors.Is(err, errTooManyParts),
		strings.HasPrefix(err.Error(), "malformed MIME header"):
		return schema.Invalid("file", "invalid", "The body is not multipart as it says: "+err.Error(), nil)
	default:
		return err
	}
}
