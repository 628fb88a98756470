package rest

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
)

// signed are numbers as people write them: a plus or minus in front of them
// is no formula.
var signed = regexp.MustCompile(`^[+-][0-9().\s-]*$`)

// writeCSV writes the rows of a list, with a header line of all their keys.
func writeCSV(w http.ResponseWriter, r *Request, data any) {
	rows, _ := data.([]any)
	flat := make([]map[string]string, len(rows))
	columns := map[string]bool{}
	for i, row := range rows {
		flat[i] = map[string]string{}
		flatten(flat[i], "", row)
		for k := range flat[i] {
			columns[k] = true
		}
	}
	names := slices.Sorted(maps.Keys(columns))
	name := r.HTTP.Header.Get("X-File-Name")
	if !tame.MatchString(name) || strings.Contains(name, "/") {
		name = r.Op.Group + ".csv"
	}
	h := w.Header()
	h.Set("Content-Type", TypeCSV)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.WriteHeader(http.StatusOK)
	if len(names) == 0 {
		return
	}
	out := csv.NewWriter(w)
	_ = out.Write(names) // errors stay in out, and then nobody listens
	line := make([]string, len(names))
	for _, row := range flat {
		for i, n := range names {
			line[i] = harmless(row[n])
		}
		_ = out.Write(line)
	}
	out.Flush()
}

// flatten gives each value in v its dotted name.
func flatten(into map[string]string, name string, v any) {
	switch w := v.(type) {
	case resource.Object:
		for k, e := range w {
			key := k
			if name != "" {
				key = name + "." + k
			}
			flatten(into, key, e)
		}
	case nil:
	case string:
		into[name] = w
	default:
		if raw, err := json.Marshal(w); err == nil {
			into[name] = string(raw)
		}
	}
}

// harmless keeps a spreadsheet from running what a caller chose as a name.
func harmless(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) || signed.MatchString(s) {
		return s
	}
	return "'" + s
}
