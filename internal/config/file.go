package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// File is settings read from YAML. Keys are the flags' names; those with a
// dash may be written nested: voices-url, or voices: {url: …}.
type File struct{ values map[string]any }

// ReadFile reads YAML settings. It has kong's signature of a configuration
// loader.
func ReadFile(r io.Reader) (kong.Resolver, error) {
	var doc map[string]any
	if err := yaml.NewDecoder(r).Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the configuration file is not YAML with settings: %w", err)
	}
	f := &File{values: map[string]any{}}
	return f, f.flatten("", doc)
}

// flatten turns nested keys into names with dashes.
func (f *File) flatten(prefix string, doc map[string]any) error {
	for key, v := range doc {
		name := prefix + strings.ReplaceAll(key, "_", "-")
		switch v := v.(type) {
		case map[string]any:
			if err := f.flatten(name+"-", v); err != nil {
				return err
			}
		case nil:
			return fmt.Errorf("%s: has no value", name)
		case []any:
			words := make([]string, len(v))
			for i, w := range v {
				words[i] = fmt.Sprint(w)
			}
			f.values[name] = strings.Join(words, ",")
		default:
			f.values[name] = fmt.Sprint(v)
		}
	}
	return nil
}

// Resolve is kong's question for one flag. The environment wins over the
// file; kong by itself would have it the other way round.
func (f *File) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	v, ok := f.values[flag.Name]
	if !ok {
		return nil, nil
	}
	return v, nil
}

// Validate refuses keys that are no settings of the server: flags that other
// commands have are none.
func (f *File) Validate(*kong.Application) error {
	app, err := kong.New(&Config{})
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	known := map[string]bool{}
	for _, flag := range app.Model.Flags {
		known[flag.Name] = true
	}
	delete(known, "help") // kong's own
	var all []error
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !known[name] {
			all = append(all, fmt.Errorf("%s: there is no such setting%s", name, nearest(name, known)))
		}
	}
	return errors.Join(all...)
}

// nearest suggests the known name that shares the most with a wrong one, if
// that is more than half of it.
func nearest(name string, known map[string]bool) string {
	best, distance := "", min(4, len(name)/2+1)
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := edits(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
