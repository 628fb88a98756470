package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/observe"
)

const (
	heartbeat  = 15 * time.Second // a comment goes out so often when nothing happens
	writeLimit = 10 * time.Second // a client that takes nothing for so long is let go
)

// stream is a client that is sent events as they happen (server-sent events,
// WHATWG HTML section 9.2).
type stream struct {
	w   http.ResponseWriter
	ctl *http.ResponseController
}

func openStream(w http.ResponseWriter) *stream {
	h := w.Header()
	h.Set("Content-Type", rest.TypeEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	return &stream{w: w, ctl: http.NewResponseController(w)}
}

// send writes one event; id 0 is none.
func (st *stream) send(id int, kind string, data []byte) error {
	if err := st.allow(); err != nil {
		return err
	}
	if id > 0 {
		if _, err := fmt.Fprintf(st.w, "id: %d\n", id); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(st.w, "event: %s\ndata: %s\n\n", kind, data)
	return err
}

// beat shows both sides that the other is still there.
func (st *stream) beat() error {
	if err := st.allow(); err != nil {
		return err
	}
	if _, err := fmt.Fprint(st.w, ": still here\n\n"); err != nil {
		return err
	}
	return st.flush()
}

// allow gives the next write its own deadline, in the place of the server's.
func (st *stream) allow() error {
	err := st.ctl.SetWriteDeadline(time.Now().Add(writeLimit))
	if errors.Is(err, http.ErrNotSupported) { // not a connection, as in tests
		return nil
	}
	return err
}

func (st *stream) flush() error {
	err := st.ctl.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// follow streams a call: what was, then what comes, until it is over.
func (h *Handler) follow(r *rest.Request) (rest.Reply, error) {
	account, call := r.Account.ID, r.Var("call_id")
	f := h.cfg.Calls.Follow(account, call) // before the history, so that nothing falls between
	history, err := h.cfg.Calls.Events(r.Context(), account, call)
	if err != nil {
		f.Stop()
		return rest.Reply{}, err
	}
	have, _ := strconv.Atoi(r.HTTP.Header.Get("Last-Event-ID"))
	return rest.Reply{Take: func(w http.ResponseWriter) {
		defer f.Stop()
		if over(history) && have >= len(history) {
			w.WriteHeader(http.StatusNoContent) // so that the client does not come back
			return
		}
		t := &telling{stream: openStream(w), have: have, seen: map[string]int{}}
		if t.history(history) == nil {
			h.pump(r, t.stream, f, t.live)
		}
	}}, nil
}

func over(events []event.Event) bool {
	for _, e := range events {
		if _, ended := e.What.(event.Ended); ended {
			return true
		}
	}
	return false
}

// telling is one call told to one client.
type telling struct {
	*stream
	count int            // events told or passed over so far: the last one's id
	have  int            // how many of them the client has from before
	seen  map[string]int // the history, to know again what the follower has too
}

// errOver ends a stream as it should.
var errOver = errors.New("calls: the stream is over")

func (t *telling) history(events []event.Event) error {
	for _, e := range events {
		raw, err := t.tell(e)
		if err != nil {
			return err
		}
		t.seen[string(raw)]++
	}
	if over(events) {
		return t.end()
	}
	return t.flush()
}

func (t *telling) tell(e event.Event) ([]byte, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	if t.count++; t.count <= t.have {
		return raw, nil
	}
	return raw, t.send(t.count, e.What.Kind(), raw)
}

func (t *telling) live(e event.Event) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if t.seen[string(raw)] > 0 {
		t.seen[string(raw)]--
		return nil
	}
	if _, err := t.tell(e); err != nil {
		return err
	}
	if _, ended := e.What.(event.Ended); ended {
		return t.end()
	}
	return t.flush()
}

// end says that nothing more will come.
func (t *telling) end() error {
	if err := t.send(0, "end", []byte("{}")); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	return errOver
}

// pump hands events to each until it, the client, the follower or the token
// has had enough.
func (h *Handler) pump(r *rest.Request, st *stream, f *observe.Follower, each func(event.Event) error) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var expired <-chan time.Time
	if ends := r.Auth.Expires(); !ends.IsZero() {
		t := time.NewTimer(ends.Sub(h.cfg.Now()))
		defer t.Stop()
		expired = t.C
	}
	for {
		var err error
		select {
		case e, ok := <-f.C:
			if !ok {
				return
			}
			err = each(e)
		case <-beat.C:
			err = st.beat()
		case <-expired:
			return
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// accountEvents streams the events of all of an account's calls from now on,
// after a list of those that run.
func (h *Handler) accountEvents(r *rest.Request) (rest.Reply, error) {
	if r.Accept != rest.TypeEvents {
		return rest.Reply{}, rest.Bare(http.StatusNotAcceptable)
	}
	f := h.cfg.Calls.Follow(r.Account.ID, "")
	running, err := json.Marshal(append([]any{}, h.liveNow(r)...))
	if err != nil {
		f.Stop()
		return rest.Reply{}, err
	}
	return rest.Reply{Take: func(w http.ResponseWriter) {
		defer f.Stop()
		st := openStream(w)
		if st.send(0, "calls", running) != nil || st.flush() != nil {
			return
		}
		h.pump(r, st, f, func(e event.Event) error {
			raw, err := json.Marshal(e)
			if err == nil {
				err = st.send(0, e.What.Kind(), raw)
			}
			if err != nil {
				return err
			}
			return st.flush()
		})
	}}, nil
}

func (h *Handler) liveNow(r *rest.Request) []any {
	var out []any
	for _, record := range h.cfg.Calls.Live(r.Account.ID) {
		out = append(out, record)
	}
	return out
}
