package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// fence is a block of code in Markdown: its language, a word more, its text.
var fence = regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$")

// took is a real time, which differs from run to run.
var took = regexp.MustCompile(`\d+ ms|[\d.]+ s(\))`)

// TestPages does what pages of docs show: their files are written, and their
// commands must answer as they do there.
func TestPages(t *testing.T) {
	for name, commands := range map[string]int{"testing": 8, "menus": 3} {
		t.Run(name, func(t *testing.T) { doPage(t, "../../docs/"+name+".md", commands) })
	}
}

// doPage does what a page shows, which must be so many commands at least.
func doPage(t *testing.T, file string, commands int) {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran := 0
	for _, m := range fence.FindAllSubmatch(page, -1) {
		kind, name, text := string(m[1]), string(m[2]), m[3]
		if kind != "console" {
			if err := os.WriteFile(name, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		line, want, _ := strings.Cut(string(text), "\n")
		args := strings.Fields(strings.TrimPrefix(line, "$ pivot "))
		if got := run(t, args); took.ReplaceAllString(got, "0 ms$1") != took.ReplaceAllString(want, "0 ms$1") {
			t.Errorf("%s\ngot\n%s\nwant\n%s", line, got, want)
		}
		ran++
	}
	if ran < commands {
		t.Errorf("only %d commands were run", ran)
	}
}

// run is what a command writes, the error included.
func run(t *testing.T, args []string) string {
	t.Helper()
	var b bytes.Buffer
	was := out
	out = &b
	defer func() { out = was }()
	var c commands
	k, err := kong.New(&c, append(settings(), kong.Exit(func(int) { t.Error("it ended") }), kong.Writers(&b, io.Discard))...)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := k.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	parsed.BindTo(context.Background(), (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		b.WriteString("pivot: error: " + err.Error() + "\n")
		if coded := (exit{}); !errors.As(err, &coded) || coded.code != 1 {
			t.Errorf("%v ended with %v", args, err)
		}
	}
	return b.String()
}
