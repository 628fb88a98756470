// Package sip is Pivot's SIP user agent: it takes and makes calls (RFC 3261
// and its extensions) and hands each out as a call.Leg.
//
// The library sipgo gives the message types and the parser. Sockets,
// transactions and dialogs are our own, because a call needs its messages in
// the order in which they came, timers that are its server's and not the
// process's, and goroutines that somebody waits for.
//
// A message goes through these hands: a socket (udp.go, tcp.go), the screen
// against strangers and junk (receive.go), the parser, the checks that every
// request must pass (validate.go), the transactions (tx_server.go,
// tx_client.go), the thread of its Call-ID, which keeps the order (thread.go),
// and the leg (leg.go, uas.go, uac.go, modify.go, refer.go) or the subscription
// (subscribe.go, subscription.go).
package sip
