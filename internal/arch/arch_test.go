// Package arch holds the code to its drawing.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers, from the ground up. A package may import those in lower rows only,
// never its neighbours. Paths are below the repository's root.
var layers = [][]string{
	{"internal/gregorian", "internal/guard", "internal/trial"},
	{"internal/audio", "internal/schema", "internal/store", "internal/event", "internal/config", "internal/prompts", "internal/saying", "internal/temporal", "internal/voices/formant", "examples/menu"},
	{"internal/call", "internal/voices/english", "internal/cdr", "internal/presence", "internal/resource", "internal/rtp", "internal/sdp", "internal/timeline", "internal/webhook"},
	{"internal/flow", "internal/route", "internal/documents", "internal/call/fake", "internal/store/sqlstore", "internal/store/storetest", "internal/store/postgrestest"},
	{"internal/actions", "internal/callflows", "internal/identity", "internal/kazoo", "internal/media", "internal/observe", "internal/recogniser", "internal/sip", "internal/twiml", "internal/voices"},
	{"internal/answering"},
	{"internal/api/rest", "internal/callbacks", "internal/notify", "internal/phone", "internal/recordings", "internal/sim"},
	{"internal/api/accounts", "internal/api/calls", "internal/api/numbers", "internal/api/sounds"},
	{"internal/api"},
	{"internal/openapi"},
	{"internal/app", "internal/docs"},
	{"internal/demo", "internal/simsip"},
	{"cmd/pivot", "bench", "e2e", "examples/menu/serve"},
}

// down are the few imports inside a row or at odds with the drawing, with why.
var down = map[string]string{
	"internal/schema -> internal/event": "faults are shown on timelines as facts",
}

// only says who alone may import what; a prefix ends in "/".
var only = map[string][]string{
	"database/sql":                {"internal/store/sqlstore"},
	"github.com/jackc/pgx/":       {"internal/store/sqlstore", "internal/store/postgrestest"},
	"github.com/emiago/sipgo/":    {"internal/sip"},
	"github.com/emiago/sipgo":     {"internal/sip"},
	"github.com/pion/":            {"internal/rtp", "internal/sdp"},
	"github.com/wneessen/go-mail": {"internal/notify"},
	"encoding/xml":                {"internal/presence", "internal/twiml", "internal/voices"}, // lamps, TwiML documents, and SSML
}

const module = "github.com/pivotvoice/pivot/"

func TestImportsPointDown(t *testing.T) {
	row := map[string]int{}
	for i, l := range layers {
		for _, p := range l {
			row[p] = i
		}
	}
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg, _ := filepath.Rel("../..", filepath.Dir(path))
		if _, known := row[pkg]; !known {
			t.Errorf("%s is on no layer", pkg)
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			seen += checkImport(t, row, pkg, name)
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("saw %d imports of our own: %v", seen, err)
	}
}

// checkImport holds one import to the rules and counts our own.
func checkImport(t *testing.T, row map[string]int, pkg, name string) int {
	t.Helper()
	for what, who := range only {
		hit := name == what || strings.HasSuffix(what, "/") && strings.HasPrefix(name, what)
		if hit && !slices.Contains(who, pkg) {
			t.Errorf("%s imports %s, which only %v may", pkg, name, who)
		}
	}
	in, ours := strings.CutPrefix(name, module)
	if !ours {
		return 0
	}
	if _, excused := down[pkg+" -> "+in]; !excused && row[in] >= row[pkg] {
		t.Errorf("%s (row %d) imports %s (row %d)", pkg, row[pkg], in, row[in])
	}
	return 1
}
