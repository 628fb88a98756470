package sounds

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// quiet is a speaker whose texts are silence.
type quiet struct{ said int }

func (q *quiet) Say(context.Context, audio.Speech) (audio.Sound, []event.Fact, error) {
	q.said++
	return audio.Silence(10 * time.Millisecond), nil, nil
}

// TestSpeechWaitsItsTurn: only so many texts are spoken at one time.
func TestSpeechWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		who := &quiet{}
		s := New(Config{Speaker: who})
		for range encodersAtOnce {
			s.encoders <- struct{}{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		hello := audio.Speech{Text: "Hello"}
		if _, err := s.speak(ctx, hello); !errors.Is(err, context.DeadlineExceeded) || who.said > 0 {
			t.Errorf("%v, %d texts were spoken", err, who.said)
		}
		<-s.encoders
		m, err := s.speak(t.Context(), hello)
		if err != nil || who.said != 1 || len(s.encoders) != encodersAtOnce-1 {
			t.Fatalf("%v, %d texts were spoken", err, who.said)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestVoices is how many names of voices there are.
func TestVoices(t *testing.T) {
	if n := len(kazooVoice("").Enum()); n != 105 {
		t.Errorf("%d voices", n)
	}
}
