// Package postgrestest gives tests a PostgreSQL: one that they start from the
// machine's own binaries, in a folder that goes with the test, or the one that
// PIVOT_TEST_POSTGRES names. A machine without one skips them by name, unless
// PIVOT_STRANGERS=required.
package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pivotvoice/pivot/internal/trial"
)

// user and password of a server that was started here. They are asked for.
const (
	User     = "pivot"
	Password = "secret word"
)

// within is how long a server may take to start.
const within = time.Minute

// Server is a PostgreSQL server.
type Server struct {
	tb       testing.TB
	url      url.URL // of a database that is there
	bin, dir string  // "" of one that is not ours
	watch    string  // what the shell does that runs it
	settings []string
	stdin    io.Closer // the server ends when this is closed
	cmd      *exec.Cmd
	still    []int // processes that Hang has stopped
}

// shared is the server of all tests of a package: starting one takes a second.
// It ends with the process.
var shared = struct {
	sync.Mutex
	server *Server
}{}

// Start is the server of PIVOT_TEST_POSTGRES, or one of the package's own.
func Start(tb testing.TB) *Server {
	tb.Helper()
	given := os.Getenv("PIVOT_TEST_POSTGRES")
	if given == "" {
		shared.Lock()
		defer shared.Unlock()
		if shared.server == nil {
			shared.server = start(tb, endWithUs, nil)
		}
		return shared.server
	}
	u, err := url.Parse(given)
	if err != nil {
		tb.Fatal("PIVOT_TEST_POSTGRES is no URL") // it has a password
	}
	return &Server{tb: tb, url: *u}
}

// StartOwn starts a server that the test may stop, with settings such as
// "fsync=on", which is off otherwise.
func StartOwn(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	s := start(tb, endWithTest, settings)
	tb.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(s.dir)
	})
	return s
}

// The shell ends the server when we are gone, however that came.
const (
	endWithTest = `"$@" & server=$!; read -r nothing; kill -QUIT $server 2>/dev/null; wait $server`
	endWithUs   = endWithTest + `; rm -rf "$PWD"`
)

func start(tb testing.TB, watch string, settings []string) *Server {
	tb.Helper()
	s := &Server{tb: tb, bin: binaries(tb), watch: watch, settings: settings}
	var err error
	//nolint:usetesting // a folder of the test is closed to other users, and sockets have short names
	if s.dir, err = os.MkdirTemp("", "pivot-postgres-"); err != nil {
		tb.Fatal(err)
	}
	s.url = url.URL{
		Scheme: "postgres", User: url.UserPassword(User, Password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(trial.Ports(tb, 1))), Path: "/postgres",
	}
	s.initdb()
	s.Run()
	return s
}

// binaries is the folder of PostgreSQL's programs, or the end of the test.
func binaries(tb testing.TB) string {
	tb.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append([]string{path}, found...)
	}
	for _, initdb := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(initdb), "postgres")); err == nil {
			return filepath.Dir(initdb)
		}
	}
	if os.Getenv("PIVOT_STRANGERS") == "required" {
		tb.Fatal("PostgreSQL is not installed, and PIVOT_STRANGERS=required")
	}
	tb.Skip("PostgreSQL is not installed")
	return ""
}

// version is the 15 of /usr/lib/postgresql/15/bin/initdb.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// other is the user that PostgreSQL runs as where we are root, which it
// refuses to be; nil is our own.
func other(tb testing.TB) *user.User {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return u
		}
	}
	tb.Fatal("PostgreSQL does not run as root, and there is no user postgres or nobody")
	return nil
}

// program is one of PostgreSQL's, as a user that it accepts.
func (s *Server) program(name string, args ...string) *exec.Cmd {
	s.tb.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...) // it outlives the test that began it
	cmd.Dir = s.dir
	apart(cmd)
	if u := other(s.tb); u != nil {
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(s.dir, uid, gid); err != nil {
			s.tb.Fatal(err)
		}
		runAs(cmd, uint32(uid), uint32(gid))
	}
	return cmd
}

func (s *Server) initdb() {
	s.tb.Helper()
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password+"\n"), 0o644); err != nil {
		s.tb.Fatal(err)
	}
	out, err := s.program(
		filepath.Join(s.bin, "initdb"), "-D", filepath.Join(s.dir, "data"), "-U", User, "-E", "UTF8", "--no-sync",
		"--locale=C.UTF-8", "--auth=scram-sha-256", "--pwfile="+secret,
	).CombinedOutput()
	if err != nil {
		s.tb.Fatalf("initdb: %v\n%s", err, out)
	}
}

// Run starts the server again after Kill.
func (s *Server) Run() {
	s.tb.Helper()
	args := []string{
		"-c", s.watch, "sh", filepath.Join(s.bin, "postgres"), "-D", filepath.Join(s.dir, "data"), "-k", s.dir,
		"-h", "127.0.0.1", "-p", s.url.Port(), "-c", "fsync=off", "-c", "shared_buffers=16MB",
	}
	for _, set := range s.settings {
		args = append(args, "-c", set)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	s.cmd = s.program("/bin/sh", args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		s.tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.wait()
}

// wait returns when the server answers.
func (s *Server) wait() {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.url.String())
		if err == nil {
			_ = c.Close(ctx)
			return
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.tb.Fatalf("PostgreSQL does not start: %v\n%s", err, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the server at once, as a crash does: connections are cut, and what
// was not committed is lost. It returns when the server is gone.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	s.Resume() // nobody hears a signal otherwise
	if p, err := os.FindProcess(s.pid()); err == nil {
		_ = p.Signal(syscall.SIGQUIT)
	}
	_ = s.stdin.Close()
	_ = s.cmd.Wait() // whatever it ends with: it was killed
	s.cmd = nil
}

// Hang has the server stand still, with all connections that it has: it takes
// questions and does not answer them. It is one of the test's own.
func (s *Server) Hang(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		tb.Fatal(err)
	}
	rows, _ := c.Query(ctx, `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()`)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	_ = c.Close(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	s.still = append([]int{s.pid()}, pids...)
	for _, pid := range s.still {
		stop(pid)
	}
}

// Resume has a server that hangs go on.
func (s *Server) Resume() {
	for _, pid := range s.still {
		resume(pid)
	}
	s.still = nil
}

// pid is the server's process, or one that cannot be.
func (s *Server) pid() int {
	text, _ := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 1 << 30
	}
	return pid
}

// Database makes an empty database that goes with the test, and returns its
// URL. Settings go behind its name: "ENCODING SQL_ASCII TEMPLATE template0".
func (s *Server) Database(tb testing.TB, settings ...string) string {
	tb.Helper()
	name := "pivot_" + strings.ToLower(rand.Text())
	s.Exec(tb, "CREATE DATABASE "+name+" "+strings.Join(settings, " "))
	if s.dir == "" {
		tb.Cleanup(func() { s.Exec(tb, "DROP DATABASE "+name+" WITH (FORCE)") })
	}
	u := s.url
	u.Path = "/" + name
	return u.String()
}

// Exec has a statement carried out, beside all databases of Database.
func (s *Server) Exec(tb testing.TB, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, statement); err != nil {
		tb.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
}
