package voices

import (
	"context"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/voices/english"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// builtinVersion goes into the name of everything it speaks: to be counted up
// when the voice sounds different.
const builtinVersion = "1"

// builtin is the voice of our own: English, always there.
type builtin struct{}

func (builtin) name() string    { return "builtin" }
func (builtin) version() string { return builtinVersion }

func (builtin) speak(_ context.Context, r request) (audio.Reader, error) {
	voice := formant.Female()
	if r.voice == "male" {
		voice = formant.Male()
	}
	if r.ssml != nil {
		return formant.NewReader(r.ssml.phrases(), voice), nil
	}
	return formant.NewReader(english.Read(r.text), voice), nil
}
