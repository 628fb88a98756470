package voices

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/prompts"
)

// The model of the recogniser, where Debian's pocketsphinx-en-us puts it.
const listener = "/usr/share/pocketsphinx/model/en-us/"

// sentences are what the demo and menus say; the recogniser chooses among them.
var sentences = []string{
	"Welcome to Pivot.", "Please enter your four digit code.", "You entered one two three four. Goodbye.",
	"Press one for sales, two for support.", "Thank you for calling.", "Your call is important to us.",
	"Please hold while we connect you.", "All of our agents are busy.", "Please leave a message after the tone.",
	"To hear this message again, press star.", "The number you have dialed is not in service.",
	"You are now in the queue.", "Your account balance is twelve dollars and fifty cents.",
	"Our office is closed until Monday morning.", "Press pound when you are finished.",
	"Sorry, that is not a valid extension.", "Please say your name.", "Goodbye.",
	"Do you want to record this call?", "The time is two thirty in the afternoon.",
}

// speaker is one voice under test.
type speaker struct{ engine, voice string }

// TestTheBuiltInVoiceIsUnderstood lets a recogniser listen to strings of 4 to
// 6 digits and to sentences. Its model is made for 16 kHz, so what it makes of
// the narrow band of a telephone is only reported, as is espeak-ng.
func TestTheBuiltInVoiceIsUnderstood(t *testing.T) {
	if testing.Short() {
		t.Skip("listening takes a quarter of a minute")
	}
	stranger(t, "pocketsphinx_batch")
	if _, err := os.Stat(listener); err != nil {
		if os.Getenv("PIVOT_STRANGERS") == "required" {
			t.Fatalf("pocketsphinx-en-us is not installed: %v", err)
		}
		t.Skip("pocketsphinx-en-us is not installed")
	}
	v := open(t, Config{})
	numbers := digitStrings(40)
	for _, s := range []speaker{{"builtin", "female"}, {"builtin", "male"}, {"espeak", "female"}, {"espeak", "male"}} {
		t.Run(s.engine+" "+s.voice, func(t *testing.T) {
			if s.engine == "espeak" {
				stranger(t, "espeak-ng")
			}
			wide := digitsRight(t, v, s, numbers, false)
			narrow := digitsRight(t, v, s, numbers, true)
			right := understood(t, v, s, sentences)
			t.Logf("%.1f %% of digits, %.1f %% over 8 kHz µ-law, %d of %d sentences", wide, narrow, right, len(sentences))
			if s.engine == "builtin" && (wide < 95 || right < len(sentences)-1) {
				t.Error("it is not understood")
			}
		})
	}
}

// TestPromptsAreUnderstood lets the recogniser choose among all prompts for
// each of them: people hear more by what they expect. Those that it takes for
// another are named.
func TestPromptsAreUnderstood(t *testing.T) {
	if testing.Short() {
		t.Skip("listening takes a minute")
	}
	stranger(t, "pocketsphinx_batch")
	if _, err := os.Stat(listener); err != nil {
		if os.Getenv("PIVOT_STRANGERS") == "required" {
			t.Fatalf("pocketsphinx-en-us is not installed: %v", err)
		}
		t.Skip("pocketsphinx-en-us is not installed")
	}
	var texts []string
	for i, p := range prompts.All() {
		if p.Text != "" && i%3 == 0 && len(p.Text) < 130 && !slices.Contains(texts, p.Text) {
			texts = append(texts, p.Text)
		}
	}
	right := understood(t, open(t, Config{}), speaker{"builtin", "female"}, texts)
	t.Logf("%d of %d prompts", right, len(texts))
	if right*10 < len(texts)*9 {
		t.Error("prompts are not understood")
	}
}

// digitStrings are n strings of 4 to 6 digits, the same in every run.
func digitStrings(n int) []string {
	r := rand.New(rand.NewPCG(4, 6)) //nolint:gosec // not a secret
	words := strings.Fields("zero one two three four five six seven eight nine")
	out := make([]string, n)
	for i := range out {
		for range 4 + r.IntN(3) {
			out[i] += " " + words[r.IntN(10)]
		}
		out[i] = out[i][1:]
	}
	return out
}

func digitsRight(t *testing.T, v *Voices, s speaker, numbers []string, narrow bool) float64 {
	t.Helper()
	const grammar = "#JSGF V1.0;\ngrammar d;\npublic <s> = <d> <d> <d> <d> [ <d> [ <d> ] ];\n" +
		"<d> = zero | one | two | three | four | five | six | seven | eight | nine;\n"
	wrong, all := 0, 0
	for i, got := range understand(t, v, s, grammar, numbers, narrow) {
		want := strings.Fields(numbers[i])
		wrong += distance(want, strings.Fields(got))
		all += len(want)
	}
	return 100 - 100*float64(wrong)/float64(all)
}

// understood is how many of the texts the recogniser tells from each other.
func understood(t *testing.T, v *Voices, s speaker, texts []string) int {
	t.Helper()
	bare := make([]string, len(texts))
	for i, text := range texts {
		bare[i] = strings.Join(strings.Fields(regexp.MustCompile(`[^a-z' ]`).ReplaceAllString(strings.ToLower(text), " ")), " ")
	}
	grammar := "#JSGF V1.0;\ngrammar s;\npublic <s> = " + strings.Join(bare, " | ") + ";\n"
	right := 0
	for i, got := range understand(t, v, s, grammar, texts, false) {
		if got == bare[i] {
			right++
		} else {
			t.Logf("%s %s: %q was heard as %q", s.engine, s.voice, texts[i], got)
		}
	}
	return right
}

// understand is what the recogniser hears of each text.
func understand(t *testing.T, v *Voices, s speaker, grammar string, texts []string, narrow bool) []string {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	for i, text := range texts {
		name := fmt.Sprintf("%03d", i)
		fmt.Fprintln(&list, name)
		record(t, v, audio.Speech{Text: text, Voice: s.voice, Engine: s.engine}, filepath.Join(dir, name+".raw"), narrow)
	}
	for name, content := range map[string]string{"list": list.String(), "grammar": grammar} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "pocketsphinx_batch", "-hmm", listener+"en-us", "-dict",
		listener+"cmudict-en-us.dict", "-jsgf", "grammar", "-ctl", "list", "-cepdir", dir, "-cepext", ".raw",
		"-adcin", "yes", "-hyp", "heard")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pocketsphinx_batch: %v\n%s", err, out[max(0, len(out)-2000):])
	}
	heard, err := os.ReadFile(filepath.Join(dir, "heard"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(heard)) { // "one two (000 -1234)"
		lines = append(lines, strings.TrimSpace(line[:strings.LastIndex(line, "(")]))
	}
	if len(lines) != len(texts) {
		t.Fatalf("%d of %d texts were listened to", len(lines), len(texts))
	}
	return lines
}

// record writes what a listener gets as samples at 16 kHz: over G.722's band,
// or narrow over µ-law.
func record(t *testing.T, v *Voices, s audio.Speech, path string, narrow bool) {
	t.Helper()
	sound, facts, err := v.Say(t.Context(), s)
	if err != nil || len(facts) != 1 {
		t.Fatalf("%+v: %+v, %v", s, facts, err)
	}
	<-sound.(*audio.Clip).Done()
	codec := audio.CodecByName("G722")
	if narrow {
		codec = audio.CodecByName("PCMU")
	}
	samples := listen(t, sound, codec)
	var raw []byte
	for _, x := range samples {
		raw = append(raw, byte(x), byte(x>>8))
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// listen decodes a sound as a telephone does, at 16 kHz.
func listen(t *testing.T, sound audio.Sound, codec *audio.Codec) []int16 {
	t.Helper()
	cur := sound.Open(codec)
	defer cur.Close()
	decoder := codec.NewDecoder()
	line := &heard{rate: codec.SampleRate}
	for {
		frame, err := cur.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			line.samples = decoder.Decode(line.samples, frame)
		} else if !errors.Is(err, audio.ErrNotYet) {
			t.Fatal(err)
		}
	}
	r, err := audio.Resampled(line, 16000)
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	for buf := make([]int16, 4000); ; {
		n, err := r.ReadSamples(buf)
		out = append(out, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// heard is samples as a Reader.
type heard struct {
	rate    int
	samples []int16
}

func (h *heard) Rate() int { return h.rate }

func (h *heard) ReadSamples(p []int16) (int, error) {
	n := copy(p, h.samples)
	h.samples = h.samples[n:]
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// distance is how many words must be changed, added or left out.
func distance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			cost := before + 1
			if a[i] == b[j] {
				cost = before
			}
			before = row[j+1]
			row[j+1] = min(cost, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
