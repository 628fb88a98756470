package callbacks

import (
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// host is one server, with what waits for it.
type host struct {
	name    string
	lanes   map[string]*lane // by call
	ready   []*lane          // whose first job is due, in turn
	queued  bool             // it is in Queue.ready
	active  int              // requests under way
	waiting int              // jobs in its lanes
	failing bool             // the last request had no answer
}

// lane is what waits for one server about one call: the first goes first.
type lane struct {
	host  *host
	call  string
	jobs  []*job
	timer *time.Timer // runs while the first job is not due
}

// limit is how many requests may be under way: one that does not answer gets
// one at a time, so that it keeps nothing from the others.
func (h *host) limit() int {
	if h.failing {
		return 1
	}
	return atOneHost
}

func (j *job) lane() string { return j.slot.Account + " " + j.Call }

// crowded says whether too much waits for a server. q.mu is held.
func (q *Queue) crowded(server string) bool {
	h := q.hosts[server]
	return h != nil && h.waiting >= maxAtHost
}

// add puts a job at the end of its lane. q.mu is held.
func (q *Queue) add(j *job) {
	h := q.hosts[j.server()]
	if h == nil {
		h = &host{name: j.server(), lanes: map[string]*lane{}}
		q.hosts[h.name] = h
	}
	l := h.lanes[j.lane()]
	if l == nil {
		l = &lane{host: h, call: j.lane()}
		h.lanes[l.call] = l
	}
	h.waiting++
	l.jobs = append(l.jobs, j)
	if len(l.jobs) == 1 {
		q.schedule(l)
	}
}

// schedule has the first job of a lane delivered when it is due. q.mu is held.
func (q *Queue) schedule(l *lane) {
	if q.closed {
		return
	}
	wait := time.Until(l.jobs[0].Next)
	if wait <= 0 {
		q.due(l)
		return
	}
	l.timer = time.AfterFunc(wait, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if !q.closed {
			q.due(l)
		}
	})
}

// due puts a lane in the line of its server. q.mu is held.
func (q *Queue) due(l *lane) {
	l.timer = nil
	l.host.ready = append(l.host.ready, l)
	q.line(l.host)
	q.dispatch()
}

// line puts a server in the line of servers. q.mu is held.
func (q *Queue) line(h *host) {
	if !h.queued && len(h.ready) > 0 && h.active < h.limit() {
		h.queued = true
		q.ready = append(q.ready, h)
	}
}

// dispatch begins as many requests as there may be, one server after the
// other. q.mu is held.
func (q *Queue) dispatch() {
	for !q.closed && q.active < atOnce && len(q.ready) > 0 {
		h := q.ready[0]
		q.ready = slices.Delete(q.ready, 0, 1)
		h.queued = false
		if h.active >= h.limit() {
			continue // the end of one of its requests puts it back
		}
		l := h.ready[0]
		h.ready = slices.Delete(h.ready, 0, 1)
		h.active++
		q.active++
		q.line(h)
		j := l.jobs[0]
		q.work.Go(func() { q.deliver(l, j) })
	}
}

// deliver makes one request for the first job of a lane and sees what is to
// happen next.
func (q *Queue) deliver(l *lane, j *job) {
	f, again := q.try(j)
	cut := f.Failure == event.FailCancelled
	switch {
	case cut: // it stays as it was kept
	case again:
		q.keep(j)
	default:
		q.forget(j)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	h := l.host
	h.active--
	q.active--
	h.failing = f.Status == 0
	if !again && !cut {
		l.jobs = slices.Delete(l.jobs, 0, 1)
		h.waiting--
		q.waiting--
	}
	if len(l.jobs) > 0 {
		q.schedule(l)
	} else {
		delete(h.lanes, l.call)
	}
	if len(h.lanes) == 0 && h.active == 0 {
		delete(q.hosts, h.name)
	}
	q.line(h)
	q.dispatch()
}
