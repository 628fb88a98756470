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

// RecordingURLs are the paths of the URLs in the call_recording at a path, ""
// for one by itself.
func RecordingURLs(under string) []string {
	if under != "" {
		under += "."
	}
	var paths []string
	for _, direction := range []string{"any", "inbound", "outbound"} {
		for _, from := range []string{"any", "offnet", "onnet"} {
			paths = append(paths, under+direction+"."+from+".url")
		}
	}
	return paths
}

// CheckPart is what is wrong with a part of a document that the schema of this
// name took: what a schema cannot say.
func CheckPart(name string, part resource.Object, urls URLChecker) schema.Faults {
	switch name {
	case "metaflows":
		return CheckMetaflows(part, urls)
	case "metaflow":
		return checkMetaflow(part, urls)
	case "call_recording":
		return CheckURLs(part, urls, RecordingURLs("")...)
	case "call_recording.source":
		return CheckURLs(part, urls, "any.url", "offnet.url", "onnet.url")
	case "call_recording.parameters":
		return CheckURLs(part, urls, "url")
	}
	if strings.HasPrefix(name, "metaflows.") {
		return CheckURLs(part, urls, "url", "voice_url")
	}
	return nil
}
