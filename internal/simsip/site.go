package simsip

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/sim"
)

// site is a test's pages on a web server of this machine.
type site struct {
	origin string
	pages  *sim.Pages
	server *http.Server
	done   chan struct{}
}

// open serves pages. What they link to elsewhere is on this site, too.
func open(ctx context.Context, pages *sim.Pages) (*site, error) {
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{origin: "http://" + socket.Addr().String(), pages: pages, done: make(chan struct{})}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(socket) // ends with close
	}()
	return s, nil
}

func (s *site) close() {
	_ = s.server.Close()
	<-s.done
}

// origins are the beginnings of URLs.
var origins = regexp.MustCompile(`https?://[A-Za-z0-9.-]+(?::[0-9]+)?`)

// here is a text with all its URLs on this site.
func (s *site) here(text []byte) []byte { return origins.ReplaceAllLiteral(text, []byte(s.origin)) }

// ServeHTTP gives a page, or a sound where no page is: tests do not bring
// their sounds along.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path.Ext(r.URL.Path) {
	case ".wav", ".mp3":
		if !s.pages.Has(r) {
			sound := silentWAV()
			w.Header().Set("Content-Type", "audio/wav")
			w.Header().Set("Content-Length", strconv.Itoa(len(sound)))
			_, _ = w.Write(sound) // a server that has gone is no error of ours
			return
		}
	}
	s.pages.Serve(w, r, s.here)
}

// silentWAV is a short pause as a WAV file: 16 bit linear sound at 8 kHz.
func silentWAV() []byte {
	const rate, samples = 8000, 4000
	var b bytes.Buffer
	put := func(parts ...any) {
		for _, p := range parts {
			_ = binary.Write(&b, binary.LittleEndian, p) // a buffer takes everything
		}
	}
	put([]byte("RIFF"), uint32(36+2*samples), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1))
	put(uint32(rate), uint32(2*rate), uint16(2), uint16(16), []byte("data"), uint32(2*samples))
	return append(b.Bytes(), make([]byte, 2*samples)...)
}
