package documents

import (
	"encoding/json"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// check holds a value to a schema and returns it with its defaults.
func check(s *schema.Schema, v any) (resource.Object, schema.Faults) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, schema.Faults{{Rule: "type", Message: "Value cannot be read: " + err.Error()}}
	}
	full, faults := s.Check(raw)
	if len(faults) > 0 {
		return nil, faults
	}
	o, err := resource.ParseObject(full)
	if err != nil {
		return nil, schema.Faults{{Rule: "type", Message: "Value cannot be read: " + err.Error()}}
	}
	return o, nil
}

// URLChecker says what is wrong with a URL that this server would ask; nil
// takes every one.
type URLChecker func(url string) error

// CheckURLs are the faults of the URLs at these paths of a document
// (spec/crossbar-api.md section 1.6).
func CheckURLs(o resource.Object, urls URLChecker, paths ...string) schema.Faults {
	var faults schema.Faults
	for _, path := range paths {
		url := resource.Text(o, path)
		if url == "" || urls == nil {
			continue
		}
		if err := urls(url); err != nil {
			faults = append(faults, schema.BadURL(url, err, strings.Split(path, ".")...))
		}
	}
	return faults
}
