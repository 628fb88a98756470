package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// console is a command and its answer on a page.
var console = regexp.MustCompile("(?ms)^```console\n\\$ (.*?)^```$")

// TestResourcesPage does what docs/resources.md shows, with a shell and curl:
// each answer must have what stands there.
func TestResourcesPage(t *testing.T) {
	shell := stranger(t, "bash")
	stranger(t, "curl")
	page, err := os.ReadFile("../docs/resources.md")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	told, ran := "", 0
	for _, m := range console.FindAllSubmatch(page, -1) {
		command, want := split(string(m[1]))
		if want == "" { // what later commands need
			told += command + "\n"
			continue
		}
		cmd := exec.CommandContext(t.Context(), shell, "-euc", told+command)
		cmd.Env = append(os.Environ(), "API="+s.HTTP+"/v2", "ACCOUNT="+s.auth.account, "TOKEN="+s.auth.token)
		out, err := cmd.CombinedOutput()
		var got struct{ Data any }
		if err != nil || json.Unmarshal(out, &got) != nil {
			t.Fatalf("%s\n%v %s", command, err, out)
		}
		var has any
		if err := json.Unmarshal([]byte(want), &has); err != nil {
			t.Fatalf("%s is no JSON: %v", want, err)
		}
		if lost := lacks(got.Data, has, "data"); lost != "" {
			t.Errorf("%s\n%s is not as shown in\n%s", command, lost, out)
		}
		ran++
	}
	if ran < 20 {
		t.Errorf("only %d commands were run", ran)
	}
}

// split parts a command, which may go on in lines that are indented, from its
// answer.
func split(text string) (command, answer string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	n := 1
	for n < len(lines) && strings.HasPrefix(lines[n], " ") {
		n++
	}
	return strings.Join(lines[:n], "\n"), strings.Join(lines[n:], "\n")
}

// lacks says where a value does not have what another has.
func lacks(got, want any, at string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(w) == 0 && at == "data" && len(g) > 0 {
			return at
		}
		for key, v := range w {
			if lost := lacks(g[key], v, at+"."+key); lost != "" {
				return lost
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return at
		}
		for i, v := range w {
			if lost := lacks(g[i], v, fmt.Sprintf("%s.%d", at, i)); lost != "" {
				return lost
			}
		}
	default:
		if got != want {
			return at
		}
	}
	return ""
}
