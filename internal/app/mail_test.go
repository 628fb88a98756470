package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/phone"
)

// letters is a mail server that takes what it is sent, without TLS.
func letters(t *testing.T) (port int, got <-chan string) {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	all, done := make(chan string, 10), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := socket.Accept()
			if err != nil {
				return
			}
			letterIn(conn, all)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = socket.Close(); <-done })
	return socket.Addr().(*net.TCPAddr).Port, all
}

// letterIn is one connection.
func letterIn(conn net.Conn, all chan<- string) {
	lines := bufio.NewScanner(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 here")
	for to := ""; lines.Scan(); {
		switch verb, _, _ := strings.Cut(lines.Text(), " "); verb {
		case "RCPT":
			to = lines.Text()
			say("250 fine")
		case "DATA":
			say("354 go on")
			text := to
			for lines.Scan() && lines.Text() != "." {
				text += "\n" + lines.Text()
			}
			all <- text
			say("250 fine")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// TestMissedCallIsMailed calls over SIP a number that nobody takes: its user
// is mailed, and the call's timeline says so.
func TestMissedCallIsMailed(t *testing.T) {
	port, got := letters(t)
	a := start(t, func(c *config.Config) {
		c.SMTP, c.MailFrom = config.SMTP{Host: "127.0.0.1", Port: port, Security: "offered"}, "pivot@example.com"
	})
	create(t, a, "/callflows", `{"numbers":["300"],"flow":{"module":"missed_call_alert","data":{"recipients":[
		{"type":"email","id":"ada@example.com"}]},"children":{"_":{"module":"answer"}}}}`)
	r, err := dial(t, a, "300", phone.Options{Limit: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-got:
		for _, want := range []string{"RCPT TO:<ada@example.com>", "Subject: Missed call from ", "To: 300", fmt.Sprint("Call-ID: ", r.Info.ID)} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no mail")
	}
	told(t, a, r.Info.ID, "ada@example.com mailed of missed_call")
}
