package sip

import (
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// txTable is the transactions under way, so that a message which comes again
// meets the one it belongs to (RFC 3261 sections 17.1.3 and 17.2.3).
type txTable struct {
	timers Timers

	mu      sync.Mutex
	servers map[string]*serverTx
	clients map[string]*clientTx
	calls   map[string]int // how many of servers each call has
	closed  bool
}

// The bounds of the requests that are remembered, each for half a minute.
const (
	maxServers = 1 << 16 // in all; requests within calls go on beyond it
	maxPerCall = 256
)

// How often messages are looked at that come again and again, or of which
// any number may come: each is a line of the call's log.
const (
	maxRepeats = 32     // of one request; RFC 3261's timers make 11
	maxAnswers = 2000   // to one request of ours: a phone that rings may say so each minute
	maxAcks    = 10_000 // in one call
)

// crowded says that no more requests of that call can be remembered: of a call
// that is there, or of one that is not.
func (x *txTable) crowded(call string, there bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls[call] >= maxPerCall || !there && len(x.servers) >= maxServers
}

func newTxTable(t Timers) *txTable {
	return &txTable{timers: t, servers: map[string]*serverTx{}, clients: map[string]*clientTx{}, calls: map[string]int{}}
}

// cookie begins every branch that is unique by itself.
const cookie = sip.RFC3261BranchMagicCookie

// serverKey names the transaction of a request; method is usually the
// request's own. Peers older than RFC 3261 give no unique branch.
func serverKey(req *sip.Request, method sip.RequestMethod) string {
	if method == sip.ACK {
		method = sip.INVITE
	}
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	if strings.HasPrefix(branch, cookie) {
		return strings.ToLower(branch+"|"+via.Host) + ":" + strconv.Itoa(via.Port) + "|" + string(method)
	}
	tag, _ := req.From().Params.Get("tag")
	return strings.Join([]string{
		req.CallID().Value(), tag, strconv.FormatUint(uint64(req.CSeq().SeqNo), 10), via.Host, strconv.Itoa(via.Port), branch,
		string(method),
	}, "|")
}

func clientKey(branch string, method sip.RequestMethod) string { return branch + "|" + string(method) }

// server returns the transaction of that key, if it is under way.
func (x *txTable) server(key string) (*serverTx, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t, ok := x.servers[key]
	return t, ok
}

// take starts a transaction for a request that has come in. After close it
// works but is not remembered.
func (x *txTable) take(key string, in *inbound, o outlet, cancel canceller) *serverTx {
	t := &serverTx{
		table: x, key: key, call: in.req.CallID().Value(), invite: in.req.Method == sip.INVITE, out: o, cancel: cancel,
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.closed {
		if old, ok := x.servers[key]; ok {
			x.uncount(old)
		}
		x.servers[key] = t
		x.calls[t.call]++
	}
	return t
}

func (x *txTable) dropServer(t *serverTx) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.servers[t.key] == t {
		delete(x.servers, t.key)
		x.uncount(t)
	}
}

// uncount holds mu.
func (x *txTable) uncount(t *serverTx) {
	less(x.calls, t.call)
}

// client returns the transaction that a response belongs to.
func (x *txTable) client(res *sip.Response) (*clientTx, bool) {
	branch, _ := res.Via().Params.Get("branch")
	x.mu.Lock()
	defer x.mu.Unlock()
	t, ok := x.clients[clientKey(branch, res.CSeq().MethodName)]
	return t, ok
}

func (x *txTable) dropClient(t *clientTx) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.clients[t.key] == t {
		delete(x.clients, t.key)
	}
}

// size is how many transactions are remembered, for tests and measurements.
func (x *txTable) size() (servers, clients int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.servers), len(x.clients)
}

// close forgets everything and stops every timer.
func (x *txTable) close() {
	x.mu.Lock()
	servers, clients := x.servers, x.clients
	x.servers, x.clients, x.closed = map[string]*serverTx{}, map[string]*clientTx{}, true
	x.calls = map[string]int{}
	x.mu.Unlock()
	for _, t := range servers {
		t.stop()
	}
	for _, t := range clients {
		t.stop()
	}
}
