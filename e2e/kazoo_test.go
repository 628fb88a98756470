package e2e

import (
	"crypto/md5" //nolint:gosec // what clients of Kazoo send
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// scripted is one request of a script for Kazoo, and what it must be answered.
type scripted struct {
	// what is the method and the path below /v2; A/ is the account, {name} is
	// what an earlier request was kept as.
	what string
	// data is put into an envelope; what begins with "raw:" is the whole body.
	// Both are sent as curl -d sends them, as a form.
	data string
	code int
	// keys must be in data, in its first row where it is a list, with "=" with
	// that value; with ^ before them they are in the envelope.
	keys string
	as   string // the name that data.id is kept as
}

// TestKazooScripts replays what scripts that were written for Kazoo ask.
// docs/kazoo.md tells what of it is the same, and what is not.
func TestKazooScripts(t *testing.T) {
	s := serve(t, "--admin", "ada:secret12", "--account", "main", "--realm", "sip.main.example")
	for _, script := range scripts {
		t.Run(script.name, func(t *testing.T) {
			k := kazoo{T: t, server: s, kept: map[string]string{"token": s.auth.token, "md5": digest("ada:secret12"), "key": apiKey}}
			for _, r := range script.asks {
				k.check(r)
			}
		})
	}
}

func digest(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // what clients of Kazoo send
	return hex.EncodeToString(sum[:])
}

// kazoo is a script that runs.
type kazoo struct {
	*testing.T
	*server
	kept map[string]string
}

func (k *kazoo) check(r scripted) {
	k.Helper()
	code, raw := k.send(r)
	var env map[string]any
	if json.Unmarshal(raw, &env) != nil && r.keys != "" {
		k.Errorf("%s: no JSON: %d %s", r.what, code, raw)
		return
	}
	if code != r.code {
		k.Errorf("%s: %d, not %d: %s", r.what, code, r.code, raw)
	}
	if lost := missingKeys(env, k.fill(r.keys)); len(lost) > 0 {
		k.Errorf("%s: without %s: %s", r.what, lost, raw)
	}
	if data, ok := env["data"].(map[string]any); ok && r.as != "" {
		k.kept[r.as] = fmt.Sprint(data["id"])
	}
}

// fill puts in what stands for something.
func (k *kazoo) fill(text string) string {
	pairs := []string{"A/", "accounts/" + k.auth.account + "/"}
	for name, value := range k.kept {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// send asks as curl would.
func (k *kazoo) send(r scripted) (int, []byte) {
	k.Helper()
	method, path, _ := strings.Cut(r.what, " ")
	body, raw := strings.CutPrefix(r.data, "raw:")
	if body != "" && !raw {
		body = `{"data":` + body + `}`
	}
	req, err := http.NewRequestWithContext(k.Context(), method, k.HTTP+"/v2/"+k.fill(path), strings.NewReader(k.fill(body)))
	if err != nil {
		k.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if !strings.Contains(path, "_auth") && !strings.Contains(path, "tokeninfo") {
		req.Header.Set("X-Auth-Token", k.auth.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		k.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		k.Fatal(err)
	}
	return res.StatusCode, text
}

// missingKeys are those of keys that an answer does not have.
func missingKeys(env map[string]any, keys string) (lost []string) {
	data := env["data"]
	if rows, ok := data.([]any); ok && len(rows) > 0 {
		data = rows[0]
	}
	for key := range strings.FieldsSeq(keys) {
		in, _ := data.(map[string]any)
		name, beside := strings.CutPrefix(key, "^")
		if beside {
			in = env
		}
		name, want, valued := strings.Cut(name, "=")
		value, there := in[name]
		if list, ok := value.([]any); ok && len(list) == 1 {
			value = list[0]
		}
		if !there || valued && fmt.Sprint(value) != want {
			lost = append(lost, key)
		}
	}
	return lost
}

// TestMissingKeys is that the test above can fail.
func TestMissingKeys(t *testing.T) {
	env := map[string]any{"status": "success", "data": []any{map[string]any{"id": "x", "numbers": []any{"1"}}}}
	if lost := missingKeys(env, "id id=x numbers=1 ^status=success"); len(lost) > 0 {
		t.Errorf("%s", lost)
	}
	if lost := missingKeys(env, "name id=y ^status=error ^revision"); !slices.Equal(lost, []string{"name", "id=y", "^status=error", "^revision"}) {
		t.Errorf("%s", lost)
	}
}
