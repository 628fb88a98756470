package actions

import (
	"math"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/audio"
)

// defaultTone is how long a tone is that says nothing of that, in milliseconds.
const defaultTone = 500

// tone is the sound of an item that is a tone.
func (m macroItem) tone() (audio.Sound, error) {
	on := m.DurationOn
	if on == 0 {
		on = defaultTone
	}
	parts := []string{strconv.Itoa(on), strconv.Itoa(m.DurationOff)}
	for _, hz := range m.Frequencies {
		parts = append(parts, strconv.Itoa(hz))
	}
	level := audio.ToneLevel
	if m.Volume != nil {
		if *m.Volume == 0 {
			parts = append(parts[:2], "0")
		} else {
			level += 20 * math.Log10(float64(*m.Volume)/100)
		}
	}
	script := "v=" + strconv.FormatFloat(level, 'f', 1, 64) + ";%(" + strings.Join(parts, ",") + ")"
	if m.Repeat > 1 {
		script += ";loops=" + strconv.Itoa(m.Repeat)
	}
	sound, err := audio.ToneStream(audio.ToneScheme + script)
	if err != nil {
		return nil, err
	}
	return audio.Named(sound, m.toneName()), nil
}

// toneName is what a timeline calls it.
func (m macroItem) toneName() string {
	hz := make([]string, len(m.Frequencies))
	for i, f := range m.Frequencies {
		hz[i] = strconv.Itoa(f)
	}
	name := "tone " + strings.Join(hz, "+") + " Hz"
	if m.Repeat > 1 {
		name += ", " + strconv.Itoa(m.Repeat) + " times"
	}
	return name
}
