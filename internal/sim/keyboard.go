package sim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// Keyboard is a person who types: a line when the call waits for one. It is an
// Asker.
type Keyboard struct {
	out   io.Writer
	read  func(script string) ([]Step, error)
	lines chan string
	tty   bool
}

// NewKeyboard begins to read lines from in, and shows its prompt on out; nil
// shows none. read reads a line as a script of keys. What reads from in ends with the program:
// nothing else can interrupt somebody who does not type.
func NewKeyboard(in *os.File, out io.Writer, read func(string) ([]Step, error)) *Keyboard {
	k := &Keyboard{out: out, read: read, lines: make(chan string)}
	if info, err := in.Stat(); err == nil {
		k.tty = info.Mode()&os.ModeCharDevice != 0
	}
	go func() {
		defer close(k.lines)
		scan := bufio.NewScanner(in)
		for scan.Scan() {
			k.lines <- scan.Text()
		}
	}()
	return k
}

// Terminal says whether what is typed is seen while it is typed.
func (k *Keyboard) Terminal() bool { return k.tty }

// Next implements Asker. Whoever is interrupted hangs up. An empty line lets time pass; "hangup" or "q" hangs
// up; what are no keys is said.
func (k *Keyboard) Next(ctx context.Context) (steps []Step, more bool) {
	if k.tty && k.out != nil {
		_, _ = fmt.Fprint(k.out, "> ")
	}
	select {
	case line, ok := <-k.lines:
		if !ok {
			return nil, false
		}
		return k.steps(strings.TrimSpace(line)), true
	case <-ctx.Done():
		return []Step{{Hangup: true}}, true
	}
}

func (k *Keyboard) steps(line string) []Step {
	switch strings.ToLower(line) {
	case "":
		return nil
	case "q", "quit", "hangup":
		return []Step{{Hangup: true}}
	}
	steps, err := k.read(line)
	if err != nil {
		return []Step{{Say: line}}
	}
	return steps
}
