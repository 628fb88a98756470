package actions

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Recordings keeps what is recorded.
type Recordings interface {
	// Create begins a recording.
	Create(ctx context.Context, of Tape) (Recording, error)
	// Upload sends a recording that was kept to a customer's web server, with
	// as many tries as it takes. tell gets each of them as an event.Uploaded;
	// the error is that of the last one.
	Upload(ctx context.Context, what Upload, tell func(event.Fact)) error
	// After has work done in the background, where it may outlive the call.
	// Its context ends with the server, which waits for it.
	After(work func(ctx context.Context))
}

// Tape is a recording to be made.
type Tape struct {
	Account, ID string
	Call        call.Info
	Name        string // what it is called, for people
	Origin      string // what made it: "callflow : record_caller"
	Format      string // "mp3", "wav", or "" for the best there is
	Channels    int    // 1, or 2: left and right
	Trim        bool   // leave out the silence at both ends
	URL         string // where it will be sent, "" if it stays with us
	Began       time.Time
}

// Recording is sound on its way to be kept. One of Close and Discard ends it.
type Recording interface {
	// Channel takes the sound of channel n: 0, or of two 0 (left) and 1.
	Channel(n int) audio.Sink
	// Close keeps what was recorded. If it fails nothing is kept. It does not
	// take long, however long the recording is.
	Close() (Kept, error)
	// Discard throws it away; after Close it does nothing.
	Discard()
}

// Kept is a recording that is kept.
type Kept struct {
	Format string        // what it really is: "mp3" or "wav"
	Length time.Duration // without the silence that was trimmed
	Bytes  int64
	URL    string // where web servers can get it
}

// Upload is a recording and where to send it.
type Upload struct {
	Account, ID string
	Format      string // "mp3", "wav"
	Method, URL string // PUT or POST, and where the file itself goes
}
