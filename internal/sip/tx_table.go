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
	closed  bool
}

func newTxTable(t Timers) *txTable {
	return &txTable{timers: t, servers: map[string]*serverTx{}, clients: map[string]*clientTx{}}
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
func (x *txTable) take(key string, invite bool, o outlet, cancel canceller) *serverTx {
	t := &serverTx{table: x, key: key, invite: invite, out: o, cancel: cancel}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.closed {
		x.servers[key] = t
	}
	return t
}

func (x *txTable) dropServer(t *serverTx) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.servers[t.key] == t {
		delete(x.servers, t.key)
	}
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
	x.mu.Unlock()
	for _, t := range servers {
		t.stop()
	}
	for _, t := range clients {
		t.stop()
	}
}
