// Command bench measures what Pivot costs and how fast it is, on loopback. Each
// measurement ends by itself and prints one table:
//
//	go run ./bench media -calls 500 -seconds 10
//
// Ratios against something measured in the same run count; absolute numbers
// of a shared machine do not.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// benches are the measurements by name. Those with a dash are parts of others.
var benches = map[string]func(args []string) error{
	"calls":      callsBench,
	"lamps":      lampsBench,
	"media":      mediaBench,
	"media-peer": mediaPeer,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		if b, ok := benches[args[0]]; ok {
			return b(args[1:])
		}
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(benches)), func(n string) bool { return strings.Contains(n, "-") })
	return fmt.Errorf("usage: go run ./bench %s [flags]", strings.Join(names, "|"))
}
