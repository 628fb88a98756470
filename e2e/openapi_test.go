package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"testing"
)

// validatorVersion is that of the npm package that holds OpenAPI documents to
// the specification.
const validatorVersion = "2.11.0"

// TestOpenAPI holds the served document to OpenAPI's own schemas, as a
// stranger has them.
func TestOpenAPI(t *testing.T) {
	node := npm(t, "@seriousme/openapi-schema-validator", validatorVersion)
	s := serve(t)
	resp, err := http.Get(s.HTTP + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	cmd := exec.CommandContext(t.Context(), node, "sdk/openapi.mjs")
	cmd.Stdin = io.LimitReader(resp.Body, 16<<20)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Valid   bool            `json:"valid"`
		Version string          `json:"version"`
		Errors  json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Valid || got.Version != "3.1" {
		t.Errorf("it is OpenAPI %q, valid: %v: %.2000s", got.Version, got.Valid, got.Errors)
	}
}
