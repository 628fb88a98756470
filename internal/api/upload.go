package api

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Upload is a file that a request carries.
type Upload struct {
	Name string // as the client calls it, or made up; never with a path
	Type string // its media type as the client says, "" if it does not
	// Body is its bytes, decoded. A body that is too large, or broken, is an
	// error of Read, which uploadFault makes an answer of.
	Body io.Reader
}

// maxParts is how many parts a multipart body may have.
const maxParts = 32

// Upload is the file in the body of a request to an operation that Consumes
// files (spec/crossbar-api.md section 1.2): the body itself; decoded, if it is
// in base64, with or without "data:audio/mp3;base64," before it; or the one
// file of a multipart body. The JSON part of such a body is its envelope, and
// its other fields are parameters. limit is in bytes.
func (s *Server) Upload(r *Request, limit int64) (Upload, error) {
	if r.HTTP.ContentLength > 2*limit+MaxBody/8 { // base64 is a third longer, multipart has its lines
		return Upload{}, errTooLarge(limit)
	}
	told := r.HTTP.Header.Get("Content-Type")
	kind, params, _ := mime.ParseMediaType(told) // "" where it is none
	if strings.HasPrefix(kind, "multipart/") {
		return s.multipart(r, params["boundary"], limit)
	}
	up := Upload{Name: s.uploadName(r.Param("filename")), Type: kind, Body: r.HTTP.Body}
	if isBase64(kind) || isBase64(r.HTTP.Header.Get("Content-Transfer-Encoding")) {
		if isBase64(kind) {
			up.Type = ""
		}
		up = decoded(up)
	}
	up.Body = http.MaxBytesReader(nil, io.NopCloser(up.Body), limit)
	return up, nil
}

func isBase64(kind string) bool {
	switch strings.ToLower(kind) {
	case "base64", "application/base64", "application/x-base64":
		return true
	default:
		return false
	}
}

// decoded reads base64. What stands before it says of what type it is.
func decoded(up Upload) Upload {
	const longest = 256 // of "data:…;base64,"
	in := bufio.NewReaderSize(up.Body, longest*2)
	start, _ := in.Peek(longest) // an error comes again with the first Read
	if rest, ok := bytes.CutPrefix(start, []byte("data:")); ok {
		if head, _, ok := bytes.Cut(rest, []byte(",")); ok {
			told, _, _ := strings.Cut(string(head), ";")
			up.Type = told
			_, _ = in.Discard(len("data:") + len(head) + len(",")) // it was peeked at
		}
	}
	up.Body = base64.NewDecoder(base64.StdEncoding, in)
	return up
}

// uploadName is a file's name without its path, or one that says when it came.
func (s *Server) uploadName(given string) string {
	given = given[strings.LastIndexAny(given, `/\`)+1:]
	if given == "" || len(given) > 255 {
		return fmt.Sprintf("uploaded_file_%d", resource.Gregorian(s.now()))
	}
	return given
}

// multipart reads all parts: which of them is what is known at the end only.
func (s *Server) multipart(r *Request, boundary string, limit int64) (Upload, error) {
	body := http.MaxBytesReader(nil, r.HTTP.Body, limit+MaxBody/8)
	parts, files := multipart.NewReader(body, boundary), []Upload{}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n == maxParts {
			err = errTooManyParts
		}
		if err != nil {
			return Upload{}, uploadFault(err)
		}
		file, err := s.part(r, part, limit)
		if err != nil {
			return Upload{}, uploadFault(err)
		}
		if file.Body != nil {
			files = append(files, file)
		}
	}
	switch len(files) {
	case 0:
		return Upload{}, errInvalid("file", "required", "Field is required but missing", nil)
	case 1:
		return files[0], nil
	default:
		return Upload{}, errInvalid("file", "maxItems", "The list is more than 1 items", map[string]any{"target": 1})
	}
}

// part is one part: a file, or what belongs into the envelope; then it is not.
func (s *Server) part(r *Request, part *multipart.Part, limit int64) (Upload, error) {
	kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
	up := Upload{Name: s.uploadName(part.FileName()), Type: kind, Body: part}
	if isBase64(kind) || isBase64(part.Header.Get("Content-Transfer-Encoding")) {
		up = decoded(up)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, io.NopCloser(up.Body), limit))
	switch {
	case err != nil:
		return Upload{}, err
	case carriesEnvelope(kind) && part.FileName() == "" && kind != "":
		r.body, err = parseEnvelope(kind, raw)
		return Upload{}, err
	case part.FileName() == "" && kind == "" && part.FormName() != "":
		r.body.aside[asideKey(part.FormName())] = string(raw)
		return Upload{}, nil
	default:
		up.Body = bytes.NewReader(raw)
		return up, nil
	}
}

// errTooManyParts is a multipart body that no client means.
var errTooManyParts = fmt.Errorf("more than %d parts", maxParts)

// uploadFault is what a client is told of an error of reading an upload; what
// is not the client's fault stays as it is.
func uploadFault(err error) error {
	var large *http.MaxBytesError
	var corrupt base64.CorruptInputError
	var faults schema.Faults
	switch {
	case errors.As(err, &faults):
		return err
	case errors.As(err, &large):
		return errTooLarge(large.Limit)
	case errors.As(err, &corrupt):
		return errInvalid("file", "wrong_format", "Field is not in the correct format: "+corrupt.Error(),
			map[string]any{"format": "base64"})
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded):
		return errInvalid("file", "invalid", "The body could not be read to its end", nil)
	case strings.HasPrefix(err.Error(), "multipart: "), errors.Is(err, errTooManyParts),
		strings.HasPrefix(err.Error(), "malformed MIME header"):
		return errInvalid("file", "invalid", "The body is not multipart as it says: "+err.Error(), nil)
	default:
		return err
	}
}
