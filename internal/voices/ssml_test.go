package voices

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

func TestMarkupIsShownAsText(t *testing.T) {
	for source, want := range map[string]string{
		`Hello`:                                   "Hello",
		`Your code is<break time="1s"/>4 2.`:      "Your code is 4 2.",
		"<p>One.</p><p>Two\n  three.</p>":         "One. Two three.",
		`<sub alias="World Wide Web">WWW</sub>`:   "WWW",
		`un<emphasis>believ</emphasis>able`:       "unbelievable",
		`a &lt; b &amp; &#67;`:                    "a < b & C",
		`<speak>whole <s>thing</s></speak>`:       "whole thing",
		`<?xml version="1.0"?><speak>x</speak>`:   "x",
		`<!-- no --><w role="amazon:VB">read</w>`: "read",
		`<break time="1s"/>`:                      "",
	} {
		m, err := parseSSML(source)
		if err != nil || m.text != want {
			t.Errorf("%s is shown as %q, want %q (%v)", source, m.text, want, err)
		}
	}
}

func TestBrokenMarkupIsReadAsText(t *testing.T) {
	v := open(t, Config{Provider: "builtin"})
	for source, want := range map[string]string{
		`Hello <b>world`:                     "Hello world",
		`a < b`:                              "a < b",
		`fish & chips`:                       "fish & chips",
		`one</speak><speak>two`:              "one two",
		`say &nothing; <break time=1s/> now`: "say &nothing; now",
		`cut <break time="1s"`:               "cut",
		strings.Repeat("<p>", 60) + "deep" + strings.Repeat("</p>", 60): "deep",
		`<break`: "",
	} {
		sound, facts, err := v.Say(t.Context(), audio.Speech{Text: source, SSML: true})
		if err != nil || len(facts) != 2 || !warned(facts, "say.ssml") {
			t.Fatalf("%s: %+v, %v", source, facts, err)
		}
		if got := facts[1].(event.Spoken).Text; got != want || strings.Contains(sound.String(), "</") {
			t.Errorf("%s is read as %q (%s), want %q", source, got, sound, want)
		}
	}
}

// spokenAs is how long SSML is with a provider, and what was odd.
func spokenAs(t *testing.T, v *Voices, engine, ssml string) (time.Duration, []event.Fact) {
	t.Helper()
	sound, facts, err := v.Say(t.Context(), audio.Speech{Text: ssml, SSML: true, Engine: engine})
	if err != nil {
		t.Fatalf("%s: %v", ssml, err)
	}
	return time.Duration(frames(t, sound)) * audio.FrameTime, facts
}

func TestBreaksLast(t *testing.T) {
	v := open(t, Config{Provider: "builtin"})
	length := func(ssml string) time.Duration {
		d, facts := spokenAs(t, v, "builtin", ssml)
		if len(facts) != 1 {
			t.Errorf("%s: %+v", ssml, facts)
		}
		return d
	}
	for _, c := range []struct {
		without, with string
		longer        time.Duration
	}{
		{`one <break time="0s"/> two`, `one two`, 0},
		{`one <break time="1ms"/> two`, `one <break time="1s"/> two`, time.Second},
		{`one <break time="1ms"/> two`, `one <break time="1s"/><break time="500ms"/> two`, 1500 * time.Millisecond},
		{`one. two`, `one. <break time="1430ms"/> two`, time.Second},
		{`one. <break strength="none"/> two`, `one. two`, 430 * time.Millisecond},
		{`one <break strength="weak"/> two`, `one <break strength="x-strong"/> two`, 580 * time.Millisecond},
		{`one`, `one<break time="2s"/>`, 1880 * time.Millisecond},
		{`one`, `<break time="2s"/>one`, 2 * time.Second},
		{`one two`, `<s>one two</s>`, 0},
		{`<p>one</p>two`, `<p>one</p><p>two</p>`, 0},
	} {
		if d := length(c.with) - length(c.without) - c.longer; d < -50*time.Millisecond || d > 50*time.Millisecond {
			t.Errorf("%s is longer than %s by %v, want %v", c.with, c.without, d+c.longer, c.longer)
		}
	}
	if d := length(`<break time="1s"/>`); d < 950*time.Millisecond || d > 1050*time.Millisecond {
		t.Errorf("a second alone lasts %v", d)
	}
	if d := length(`one <p>two</p> three`); d < length("one two three")+time.Second {
		t.Errorf("a paragraph does not stand alone: %v", d)
	}
}

// samplesOf is SSML as the built-in voice speaks it.
func samplesOf(t *testing.T, ssml string) []int16 {
	t.Helper()
	m, err := parseSSML(ssml)
	if err != nil {
		t.Fatal(err)
	}
	r := formant.NewReader(m.phrases(), formant.Male())
	var out []int16
	for buf := make([]int16, 4000); ; {
		n, err := r.ReadSamples(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			return out
		}
	}
}

// loudness is the mean power in dB.
func loudness(s []int16) float64 {
	sum := 1e-9
	for _, x := range s {
		sum += float64(x) * float64(x)
	}
	return 10 * math.Log10(sum/float64(len(s)))
}

// pitch is the frequency at which the middle of the samples repeats best.
func pitch(s []int16) float64 {
	s = s[len(s)/2-2000 : len(s)/2+2000]
	best, at := 0.0, 0
	for lag := formant.Rate / 320; lag < formant.Rate/60; lag++ {
		sum := 0.0
		for i := lag; i < len(s); i++ {
			sum += float64(s[i]) * float64(s[i-lag])
		}
		if sum /= float64(len(s) - lag); sum > best {
			best, at = sum, lag
		}
	}
	return formant.Rate / float64(max(at, 1))
}

func TestProsodyIsHeard(t *testing.T) {
	say := func(attrs string) []int16 { return samplesOf(t, "<prosody "+attrs+">mama lala mama lala</prosody>") }
	usual := say("")
	share := func(s []int16) float64 { return float64(len(s)) / float64(len(usual)) }
	for attrs, want := range map[string]float64{
		`rate="50%"`: 1.9, `rate="200%"`: 0.55, `rate="x-slow"`: 1.9, `rate="slow"`: 1.3, `rate="fast"`: 0.8, `rate="-50%"`: 1.9,
	} {
		if got := share(say(attrs)); math.Abs(got-want) > 0.12 {
			t.Errorf("%s takes %.2f of the time, want %.2f", attrs, got, want)
		}
	}
	for attrs, want := range map[string]float64{`volume="-6dB"`: -6, `volume="+3dB"`: 3, `volume="x-soft"`: -12, `volume="soft"`: -6} {
		if got := loudness(say(attrs)) - loudness(usual); math.Abs(got-want) > 0.7 {
			t.Errorf("%s is %.1f dB louder, want %.1f", attrs, got, want)
		}
	}
	if got := loudness(say(`volume="silent"`)); got > 1 {
		t.Errorf("silence has %.1f dB", got)
	}
	for attrs, want := range map[string]float64{`pitch="+50%"`: 1.5, `pitch="-20%"`: 0.8, `pitch="x-high"`: 1.33, `pitch="+12st"`: 2} {
		if got := pitch(say(attrs)) / pitch(usual); math.Abs(got-want) > 0.08 {
			t.Errorf("%s is %.2f of the pitch, want %.2f", attrs, got, want)
		}
	}
	nested := samplesOf(t, `<prosody rate="50%"><prosody rate="200%">mama lala mama lala</prosody></prosody>`)
	if !slices.Equal(nested, usual) {
		t.Error("half of twice is not once")
	}
}

func TestEmphasisAndBleep(t *testing.T) {
	plain, strong := samplesOf(t, "not me now"), samplesOf(t, `not <emphasis level="strong">me</emphasis> now`)
	reduced := samplesOf(t, `not <emphasis level="reduced">me</emphasis> now`)
	if len(strong) <= len(plain) || len(reduced) >= len(plain) {
		t.Errorf("strong takes %d samples, plain %d, reduced %d", len(strong), len(plain), len(reduced))
	}
	bleep := samplesOf(t, `<say-as interpret-as="expletive">darn</say-as>`)
	tone := bleep[600:4600]
	var re, im float64
	for i, x := range tone {
		a := 2 * math.Pi * 1000 * float64(i) / formant.Rate
		re += float64(x) * math.Cos(a)
		im += float64(x) * math.Sin(a)
	}
	if share := 2 * math.Hypot(re, im) / float64(len(tone)); share < 0.1*32767 {
		t.Errorf("the bleep has %.0f at 1 kHz", share)
	}
}

func TestMarkupIsNoted(t *testing.T) {
	t.Setenv("PATH", "")
	v := open(t, Config{})
	for ssml, code := range map[string]string{
		`<lang xml:lang="fr-FR">Bonjour</lang>`:                     "say.language",
		`<lang xml:lang="en-GB">Hello</lang>`:                       "",
		`<phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>`:      "",
		`<phoneme alphabet="x-sampa" ph="pI&quot;kA:n">p</phoneme>`: "",
		`<phoneme alphabet="ipa" ph="漢">pecan</phoneme>`:            "say.ssml",
		`<phoneme alphabet="x-amazon-pinyin" ph="a">p</phoneme>`:    "say.ssml",
		`<audio src="x">music</audio>`:                              "say.ssml",
		`<break time="fast"/>x`:                                     "say.ssml",
		`<break time="60s"/>x`:                                      "say.ssml",
		`<prosody rate="quick" pitch="up">x</prosody>`:              "say.ssml",
		`<w role="amazon:VB">read</w> <mark name="x"/>`:             "",
	} {
		_, facts := spokenAs(t, v, "", ssml)
		if _, again := spokenAs(t, v, "", ssml); len(again) != len(facts) {
			t.Errorf("%s: %+v, again %+v", ssml, facts, again)
		}
		if code == "" && len(facts) != 1 || code != "" && (len(facts) != 2 || !warned(facts, code)) {
			t.Errorf("%s: %+v, want %s", ssml, facts, code)
		}
	}
	_, facts := spokenAs(t, v, "", strings.Repeat(`<break time="x"/><a/><b/><c/><d/><e/><f/><g/>x`, 3))
	if len(facts) != maxNotes+1 {
		t.Errorf("%d facts", len(facts))
	}
}

// TestMarkupIsKeptApart: the same words with other markup are another sound.
func TestMarkupIsKeptApart(t *testing.T) {
	v := open(t, Config{Provider: "builtin"})
	a, _, errA := v.Say(t.Context(), audio.Speech{Text: "one two"})
	b, _, errB := v.Say(t.Context(), audio.Speech{Text: `one <break time="2s"/>two`, SSML: true})
	if errA != nil || errB != nil || a == b || frames(t, b) < frames(t, a)+90 || b.String() != `say "one two"` {
		t.Errorf("%v %v, %v %v", a, b, errA, errB)
	}
	if _, _, err := v.Say(t.Context(), audio.Speech{Text: strings.Repeat("<s/>", MaxText), SSML: true}); err == nil {
		t.Error("a text beyond the limit is taken")
	}
}

func TestEspeakMarkup(t *testing.T) {
	for _, c := range []struct{ language, source, want string }{
		{"en-us", `a<break time="1.5s"/>b<break strength="none"/>`, `a<break time="1500ms"/>b<break strength="none"/>`},
		{"en-us", `<say-as interpret-as="digits">1234</say-as>`, `one two three four`},
		{"en-us", `<say-as interpret-as="ordinal">3</say-as>`, `third`},
		{"de", `<say-as interpret-as="digits">12</say-as>`, `<say-as interpret-as="characters">12</say-as>`},
		{"de", `<say-as interpret-as="ordinal">3</say-as>`, `3`},
		{"en-us", `<sub alias="[[x]] &lt;">y</sub>`, `[ [x]] &lt;`},
		{"en-us", `<phoneme ph="tʃɪp">chip</phoneme>`, `[[tS|'I|p]] `},
		{"en-us", `<phoneme ph="tʃɪp">chip</phoneme>. So.`, `[[tS|'I|p]] <break strength="strong"/> So.`},
		{"de", `<phoneme ph="tʃɪp">chip</phoneme>`, `chip`},
		{"en-us", `<lang xml:lang="fr-FR">oui</lang>`, `<voice xml:lang="fr-FR" gender="female">oui</voice>`},
		{"en-us", `<prosody rate="50%" pitch="+20%" volume="-6dB">x</prosody>`, `<prosody rate="50%" pitch="+20%" volume="-50%">x</prosody>`},
		{"en-us", `<emphasis>x</emphasis><p><w role="r">y</w></p>`, `<emphasis>x</emphasis><p>y</p>`},
		{"en-us", `<say-as interpret-as="expletive">darn</say-as>`, `<break time="280ms"/>`},
	} {
		m, err := parseSSML(c.source)
		if err != nil {
			t.Fatal(err)
		}
		if got := espeakSSML(request{ssml: m, language: c.language, voice: "female"}); got != "<speak>"+c.want+"</speak>" {
			t.Errorf("%s became\n%s, want\n%s", c.source, got, c.want)
		}
	}
}

func TestEspeakSpeaksMarkup(t *testing.T) {
	stranger(t, "espeak-ng")
	v := open(t, Config{Provider: "espeak"})
	short, _ := spokenAs(t, v, "espeak", `one <break time="10ms"/> two`)
	long, facts := spokenAs(t, v, "espeak", `one <break time="1s"/> two`)
	if d := long - short - time.Second; d < -100*time.Millisecond || d > 100*time.Millisecond || len(facts) != 1 {
		t.Errorf("a second lasts %v: %+v", long-short, facts)
	}
	slow, _ := spokenAs(t, v, "espeak", `<prosody rate="50%">one <break time="10ms"/> two</prosody>`)
	if slow < short*13/10 {
		t.Errorf("slow takes %v, usual %v", slow, short)
	}
	if _, facts := spokenAs(t, v, "espeak", `<break time="1s"/>`); facts[len(facts)-1].(event.Spoken).Provider != "builtin" {
		t.Errorf("silence alone: %+v", facts)
	}
}

func TestOpenAIGetsText(t *testing.T) {
	for source, want := range map[string]string{
		`Your code is <say-as interpret-as="characters">4a2</say-as>.`: "Your code is 4 a 2.",
		`<say-as interpret-as="digits">42</say-as>`:                    "4 2",
		`<say-as interpret-as="ordinal">3</say-as>`:                    "third",
		`<sub alias="World Wide Web">WWW</sub>`:                        "World Wide Web",
		`one<break strength="weak"/>two. <break time="100ms"/>three`:   "one, two. three",
		`one <break time="2s"/> two`:                                   "one \ntwo",
		`<p>One.</p><p>Two.</p>`:                                       "One.\nTwo.",
		`<emphasis>so</emphasis> <lang xml:lang="fr">oui</lang>`:       "so oui",
	} {
		m, err := parseSSML(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := openaiText(request{ssml: m, language: "en-us"}); got != want {
			t.Errorf("%s became %q, want %q", source, got, want)
		}
	}
}

func TestOpenAIIsAskedInText(t *testing.T) {
	wav := wavFile(t)
	var asked map[string]string
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		_, _ = w.Write(wav)
	})
	v := open(t, Config{Provider: "openai", URL: url})
	for _, c := range []struct{ voice, asked string }{
		{"Polly.Matthew", "onyx"}, {"shimmer", "shimmer"}, {"Polly.Nobody", "nova"},
	} {
		_, facts, err := v.Say(t.Context(), audio.Speech{Text: `<prosody rate="slow">x</prosody>` + c.voice, SSML: true, Voice: c.voice})
		if err != nil || asked["input"] != "x"+c.voice || asked["voice"] != c.asked || !warned(facts, "say.ssml") {
			t.Errorf("%s asked for %v: %+v, %v", c.voice, asked, facts, err)
		}
		if warned(facts, "say.voice") != (c.voice == "Polly.Nobody") {
			t.Errorf("%s: %+v", c.voice, facts)
		}
	}
}

func TestVoicesOfTwiML(t *testing.T) {
	for name, want := range map[string][3]string{
		"":                             {"female", "", ""},
		"man":                          {"male", "", ""},
		"Woman":                        {"female", "", ""},
		"alice":                        {"female", "", ""},
		"Polly.Joanna":                 {"female", "en-US", ""},
		"polly.matthew-Neural":         {"male", "en-US", ""},
		"Polly.Amy-Generative":         {"female", "en-GB", ""},
		"Polly.Léa":                    {"female", "fr-FR", ""},
		"Polly.Hans":                   {"male", "de-DE", ""},
		"Google.en-US-Standard-C":      {"female", "en-US", ""},
		"Google.en-US-Wavenet-D":       {"male", "en-US", ""},
		"Google.de-DE-Neural2-B":       {"male", "de-DE", ""},
		"Google.en-US-Chirp3-HD-Puck":  {"male", "en-US", ""},
		"Google.en-US-Chirp3-HD-Aoede": {"female", "en-US", ""},
		"Google.xx-YY-Standard-A":      {"female", "xx-YY", "Google.xx-YY-Standard-A"},
		"Google.en":                    {"female", "", "Google.en"},
		"Polly.Nobody":                 {"female", "", "Polly.Nobody"},
		"kal":                          {"female", "", "kal"},
		"female/en-US":                 {"female", "en-US", ""},
		"Male/de-DE":                   {"male", "de-DE", ""},
		"male/ru-RU/Vladimir":          {"male", "ru-RU", ""},
		"en-US-Wavenet-D":              {"male", "en-US", ""},
		"fr-FR-Standard-A":             {"female", "fr-FR", ""},
		"http://x":                     {"female", "", "http://x"},
	} {
		voice, language, own := findVoice(name)
		if got := [3]string{voice, language, own}; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestUnknownVoiceIsNoted, once for each speech and by its name.
func TestUnknownVoiceIsNoted(t *testing.T) {
	t.Setenv("PATH", "")
	v := open(t, Config{})
	for range 2 {
		_, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello", Voice: "Polly.Nobody"})
		if err != nil || len(facts) != 2 || !warned(facts, "say.voice") || !strings.Contains(facts[0].(event.Warned).Message, "Polly.Nobody") {
			t.Errorf("%+v, %v", facts, err)
		}
	}
	_, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello", Voice: "Polly.Vicki"})
	if err != nil || !warned(facts, "say.language") || facts[1].(event.Spoken).Language != "de-de" {
		t.Errorf("a German voice: %+v, %v", facts, err)
	}
	_, facts, err = v.Say(t.Context(), audio.Speech{Text: "Hello", Voice: "Polly.Vicki", Language: "en-US"})
	if err != nil || len(facts) != 1 {
		t.Errorf("a German voice for English: %+v, %v", facts, err)
	}
}

// FuzzSSML: whatever comes is read, shown without harm, and written for every
// provider.
func FuzzSSML(f *testing.F) {
	for _, s := range []string{
		`a<break time="1s"/>b`, `<prosody rate="-1e309%" pitch="NaN%" volume="infdB">x</prosody>`, `<break time="1e400s"/>`,
		`<say-as interpret-as="date" format="mdy">1/2/3</say-as>`, `<phoneme alphabet="x-sampa" ph="@` + "`" + `">x</phoneme>`,
		`<say-as interpret-as="unit">1/0km</say-as>`, `</speak><speak>`, "<a", "&", "<!DOCTYPE x [<!ENTITY y 'z'>]>&y;",
		`<p><s>x</s><sub alias="">y</sub></p>`, `<speak>x</speak>`, "\xff<p>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		r, _, err := newRequest(audio.Speech{Text: source, SSML: true})
		if err != nil || r.ssml == nil {
			return
		}
		for _, p := range r.ssml.phrases() {
			if p.Pause < 0 || p.Bleep < 0 || p.Bleep > 2*time.Second {
				t.Errorf("%q pauses for %v and bleeps for %v", source, p.Pause, p.Bleep)
			}
			for _, w := range p.Words {
				if m := w.Manner; m.Rate < 0 || m.Rate > 3 || math.IsNaN(m.Pitch) || math.Abs(m.Pitch) > 12 || !(m.Volume <= 12) {
					t.Errorf("%q is spoken with %+v", source, m)
				}
			}
		}
		for _, n := range r.ssml.notes(builtin{}, r) {
			_ = n.Message
		}
		again, err := parseSSML(strings.TrimSuffix(strings.TrimPrefix(espeakSSML(r), "<speak>"), "</speak>"))
		if err != nil || again == nil {
			t.Errorf("%q for espeak-ng: %v", source, err)
		}
		_ = openaiText(r)
	})
}

// TestWords is what people are shown of SSML, whole or broken.
func TestWords(t *testing.T) {
	for ssml, want := range map[string]string{
		"plain &amp; simple": "plain & simple",
		`<speak>One<break time="1s"/>two <sub alias="three">3</sub>.</speak>`: "One two 3.",
		"<p>One</p>two <emphasis>thr":                                         "One two thr",
	} {
		if got := Words(ssml); got != want {
			t.Errorf("%s: %q, want %q", ssml, got, want)
		}
	}
}
