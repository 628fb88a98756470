package recogniser

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// answer is what a server understood. The segments are there in verbose
// answers.
type answer struct {
	Text     *string   `json:"text"`
	Segments []segment `json:"segments"`
	Error    any       `json:"error"`
}

// segment is a part of it, with how likely its words are.
type segment struct {
	Start     float64  `json:"start"` // s
	End       float64  `json:"end"`
	LogProb   *float64 `json:"avg_logprob"`
	NoSpeech  float64  `json:"no_speech_prob"`
	OwnChance *float64 `json:"confidence"` // of servers that say so
}

// Whisper hears words in noise; by its own measure such segments are no
// speech and unlikely.
const (
	noSpeech = 0.6
	unlikely = -1.0
)

// read reads an answer.
func read(text []byte) (audio.Transcript, error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return audio.Transcript{}, fmt.Errorf("the answer is no transcription: %w", err)
	}
	if a.Text == nil {
		if said := complaint(text); a.Error != nil {
			return audio.Transcript{}, errors.New("the server says it failed" + said)
		}
		return audio.Transcript{}, errors.New("the answer is no transcription: it has no text")
	}
	if a.noise() {
		return audio.Transcript{}, nil
	}
	return audio.Transcript{Text: clean(*a.Text), Confidence: a.confidence()}, nil
}

// noise says whether no segment is speech.
func (a answer) noise() bool {
	for _, s := range a.Segments {
		if s.LogProb == nil || s.NoSpeech < noSpeech || *s.LogProb > unlikely {
			return false
		}
	}
	return len(a.Segments) > 0
}

// confidence is the mean of the segments', weighted by their lengths; 0 if
// they do not say.
func (a answer) confidence() float64 {
	var sum, weight float64
	for _, s := range a.Segments {
		length := max(s.End-s.Start, 0.01)
		switch {
		case s.OwnChance != nil:
			sum += length * *s.OwnChance
		case s.LogProb != nil:
			sum += length * math.Exp(*s.LogProb)
		default:
			continue
		}
		weight += length
	}
	if weight == 0 {
		return 0
	}
	mean := sum / weight
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return 0
	}
	return min(max(mean, 0), 1)
}

// clean is text in one line of printable characters, not too many of them.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxText {
		return string(r[:maxText])
	}
	return text
}

// complaint is what a server says is wrong, after a colon: {"error":
// {"message": …}}, {"error": "…"}, {"detail": …}, or the first line; "" if it
// says nothing.
func complaint(text []byte) string {
	var a struct{ Error, Message, Detail json.RawMessage }
	said := string(text)
	if json.Unmarshal(text, &a) == nil {
		for _, raw := range []json.RawMessage{a.Error, a.Message, a.Detail} {
			var inner struct{ Message string }
			var plain string
			if json.Unmarshal(raw, &inner) == nil && inner.Message != "" {
				said = inner.Message
				break
			}
			if json.Unmarshal(raw, &plain) == nil && plain != "" {
				said = plain
				break
			}
		}
	}
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	if said = clean(said); said == "" {
		return ""
	}
	return ": " + event.Clip(said, 300)
}
