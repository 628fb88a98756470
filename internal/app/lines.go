package app

import "sync"

// lines counts the calls that each account has.
type lines struct {
	mu   sync.Mutex
	busy map[string]int
}

// take counts one more, if it is not one too many. A limit below zero is none.
func (l *lines) take(account string, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit >= 0 && l.busy[account] >= limit {
		return false
	}
	if l.busy == nil {
		l.busy = map[string]int{}
	}
	l.busy[account]++
	return true
}

// free counts one less.
func (l *lines) free(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[account]--; l.busy[account] == 0 {
		delete(l.busy, account)
	}
}
