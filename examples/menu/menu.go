// Package menu is a web application that Pivot asks what to do with calls. It
// is the one that `pivot demo` runs, and a place to start from for your own:
// it needs nothing but Go's standard library, and any language that can
// answer an HTTP request with JSON can do the same.
//
// How it works: a callflow in Pivot has a "pivot" node with the URL of this
// application. When a call comes to it, Pivot asks that URL and tells who
// calls whom in the parameters: From, To, Call-ID, Caller-ID-Number … The
// answer is a callflow, which Pivot carries out. A pivot node in the answer
// makes Pivot ask again, this time with the keys that the caller pressed, as
// Digits.
package menu

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Handler is the application. base is where Pivot reaches it, such as
// "http://127.0.0.1:3000"; if it is "", each request's Host is believed.
//
//	/voice      welcomes the caller and asks for a code of four digits
//	/code       is told the code, and says it
//	/menu       a spoken menu: 1, 2, and 9 to hear it again
//	/chime.wav  the sound that /voice plays
func Handler(base string) http.Handler {
	sound := chime()
	mux := http.NewServeMux()
	mux.HandleFunc("/voice", func(w http.ResponseWriter, r *http.Request) { answer(w, voice(at(base, r))) })
	mux.HandleFunc("/code", func(w http.ResponseWriter, r *http.Request) { answer(w, code(at(base, r), r)) })
	mux.HandleFunc("/menu", func(w http.ResponseWriter, r *http.Request) { answer(w, menu(at(base, r), r)) })
	mux.HandleFunc("GET /chime.wav", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("Content-Length", strconv.Itoa(len(sound)))
		_, _ = w.Write(sound) // a caller who has gone is no error of ours
	})
	return mux
}

// at is the URL that our own paths are below.
func at(base string, r *http.Request) string {
	if base == "" {
		return "http://" + r.Host
	}
	return strings.TrimSuffix(base, "/")
}

// step is one node of a callflow: what to do, how, and what comes next.
// "_" is the child that is taken when no other fits.
type step struct {
	Module   string           `json:"module"`
	Data     map[string]any   `json:"data"`
	Children map[string]*step `json:"children,omitempty"`
}

// first does the steps one after the other.
func first(steps ...*step) *step {
	for i, s := range steps[1:] {
		steps[i].Children = map[string]*step{"_": s}
	}
	return steps[0]
}

// The steps that this application uses. Pivot has more of them.

// say speaks a text.
func say(text string) *step { return &step{Module: "tts", Data: map[string]any{"text": text}} }

// play plays a sound file from a URL.
func play(url string) *step { return &step{Module: "play", Data: map[string]any{"id": url}} }

// hangup ends the call.
func hangup() *step { return &step{Module: "hangup", Data: map[string]any{}} }

// collect waits for so many keys. # ends it early; so does waiting for ten
// seconds for the first key, or for three between keys.
func collect(keys int) *step {
	return &step{Module: "collect_dtmf", Data: map[string]any{
		"max_digits": keys, "timeout": 10_000, "interdigit_timeout": 3_000,
	}}
}

// ask asks a page of ours, and does what that answers. Its child is for when
// we cannot be reached: a caller should never be left in silence.
func ask(url string) *step {
	return &step{
		Module: "pivot", Data: map[string]any{"voice_url": url, "method": "post"},
		Children: map[string]*step{"_": first(say("Sorry, something went wrong. Please call again later."), hangup())},
	}
}

// answer sends a callflow. The Content-Type matters: Pivot reads JSON as JSON
// only if it is called so.
func answer(w http.ResponseWriter, flow *step) {
	w.Header().Set("Content-Type", "application/json")
	// A callflow can always be written; if Pivot has gone, nobody waits for it.
	_ = json.NewEncoder(w).Encode(flow)
}

// voice is how a call begins.
func voice(base string) *step {
	return first(
		say("Welcome to Pivot."),
		play(base+"/chime.wav"),
		say("Please enter your four digit code."),
		collect(4),
		ask(base+"/code"),
	)
}

// fourDigits is what a code looks like.
var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

// tries is how often a caller is asked before we give up.
const tries = 3

// code hears which keys were pressed. It keeps nothing between requests: how
// often the caller was asked is in the URL that we gave.
func code(base string, r *http.Request) *step {
	digits := r.FormValue("Digits") // of a GET's query and of a POST's form alike
	if fourDigits.MatchString(digits) {
		// With blanks between them the digits are spoken one by one.
		return first(say("You entered "+strings.Join(strings.Split(digits, ""), " ")+". Goodbye."), hangup())
	}
	asked := try(r)
	if asked >= tries {
		return first(say("Sorry, that did not work. Goodbye."), hangup())
	}
	return first(
		say("Sorry, I need four digits. Please enter your code."),
		collect(4),
		ask(base+"/code?try="+strconv.Itoa(asked+1)),
	)
}

// menu reads the choices out, and does what was chosen when it is asked again.
func menu(base string, r *http.Request) *step {
	choices := say("For the time, press 1. For a sound, press 2. To hear this again, press 9.")
	asked := try(r)
	again := func(n int) *step { return ask(base + "/menu?try=" + strconv.Itoa(n)) }
	switch digits := r.FormValue("Digits"); {
	case digits == "1":
		return first(say("It is "+time.Now().Format("3:04 PM")+"."), choices, collect(1), again(1))
	case digits == "2":
		return first(play(base+"/chime.wav"), choices, collect(1), again(1))
	case digits == "9" || digits == "" && !r.URL.Query().Has("try"): // a new caller has not pressed anything
		return first(choices, collect(1), again(1))
	case asked >= tries:
		return first(say("Goodbye."), hangup())
	}
	return first(say("Sorry, that is not one of the choices."), choices, collect(1), again(asked+1))
}

// try is how often the caller was asked already.
func try(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("try"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}
