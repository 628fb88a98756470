//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/rtp"
)

// mediaBench measures the media engine alone: so many calls play a looped
// sound to a far end that speaks as well. The engine is this process, the far
// end a child, so that its CPU time does not count.
func mediaBench(args []string) error {
	f := flag.NewFlagSet("media", flag.ExitOnError)
	calls := f.Int("calls", 500, "calls at a time")
	seconds := f.Int("seconds", 10, "how long is measured")
	duplex := f.Bool("duplex", true, "the far end sends as well")
	schedulers := f.Int("schedulers", 0, "goroutines that send and receive; 0 is one a core")
	codec := f.String("codec", "PCMU", "PCMU, PCMA or G722")
	if err := f.Parse(args); err != nil {
		return err
	}
	b := &mediaRun{
		calls: *calls, duplex: *duplex, codec: audio.CodecByName(*codec),
		sound: audio.Loop(audio.Tone(5*time.Second, 440, 620), 0),
	}
	if b.codec == nil {
		return fmt.Errorf("no codec %s", *codec)
	}
	peer, err := startPeer()
	if err != nil {
		return err
	}
	defer peer.stop()
	b.peer = peer
	if b.engine, err = rtp.NewEngine(rtp.Config{Schedulers: *schedulers}); err != nil {
		return err
	}
	defer b.engine.Close()
	return b.run(time.Duration(*seconds) * time.Second)
}

// mediaRun is one measurement.
type mediaRun struct {
	calls   int
	duplex  bool
	codec   *audio.Codec
	sound   audio.Sound
	engine  *rtp.Engine
	peer    *peerProcess
	streams []*rtp.Stream
}

func (b *mediaRun) run(d time.Duration) error {
	empty := resident()
	if err := b.open(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	defer stop()
	for i, s := range b.streams {
		playing.Go(func() { _ = s.Play(ctx, b.sound) }) // ends with ctx
		if i%10 == 9 {                                  // calls do not all begin at once
			<-time.After(7 * time.Millisecond)
		}
	}
	<-time.After(2 * time.Second) // until all is warm

	if err := b.peer.say("mark"); err != nil {
		return err
	}
	before, used := b.stats(), processorTime()
	began := time.Now()
	<-time.After(d)
	used, took := processorTime()-used, time.Since(began)
	after := b.stats()
	full, goroutines := resident(), runtime.NumGoroutine()-b.calls
	if err := b.peer.say("end"); err != nil {
		return err
	}
	var far peerResult
	if err := b.peer.hear(&far); err != nil {
		return err
	}
	stop()
	playing.Wait()
	b.engine.Close()
	bottom, err := floor(b.calls, min(d, 5*time.Second))
	if err != nil {
		return err
	}
	b.print(took, used, before, after, far)
	row("… of bare sockets in this run, µs", "%.2f", float64(bottom.Nanoseconds())/1000)
	row("memory a call, KB (RSS)", "%.1f", float64(full-empty)/float64(b.calls))
	row("goroutines, without the callers'", "%d", goroutines)
	return nil
}

// open makes the calls and tells the far end where they are.
func (b *mediaRun) open() error {
	var say peerOrders
	for i := range b.calls {
		s, err := b.engine.Open(netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			return err
		}
		b.streams = append(b.streams, s)
		at := b.peer.addrs[i%len(b.peer.addrs)]
		err = s.Configure(rtp.Params{
			Remote: at, Codec: b.codec, PayloadType: uint8(b.codec.PayloadType),
			EventPT: 101, Send: true, Receive: true,
		})
		if err != nil {
			return err
		}
		say.Targets = append(say.Targets, s.LocalAddr())
	}
	say.Send, say.PayloadType = b.duplex, uint8(b.codec.PayloadType)
	return b.peer.say(say)
}

// stats is the sum over all calls.
func (b *mediaRun) stats() (sum rtp.Stats) {
	for _, s := range b.streams {
		st := s.Stats()
		sum.Sent += st.Sent
		sum.Received += st.Received
		sum.Lost += st.Lost
		sum.Skipped += st.Skipped
		sum.Dropped += st.Dropped
	}
	return sum
}

// row prints one line of the table.
func row(name, format string, v ...any) {
	_, _ = fmt.Fprintf(os.Stdout, "%-38s %12s\n", name, fmt.Sprintf(format, v...))
}

func (b *mediaRun) print(took, used time.Duration, before, after rtp.Stats, far peerResult) {
	expected := float64(b.calls) * took.Seconds() * 50
	minutes := float64(b.calls) * took.Minutes()
	sent, received := after.Sent-before.Sent, after.Received-before.Received
	_, _ = fmt.Fprintf(os.Stdout, "%d calls, %s, %.1f s, duplex %v, GOMAXPROCS %d\n",
		b.calls, b.codec.Name, took.Seconds(), b.duplex, runtime.GOMAXPROCS(0))
	row("CPU s a call-minute", "%.4f", used.Seconds()/minutes)
	row("CPU µs a packet sent (and one heard)", "%.2f", float64(used.Microseconds())/float64(sent))
	row("packets sent / expected", "%.4f", float64(sent)/expected)
	row("packets the far end got / sent", "%.4f", float64(far.Received)/far.Seconds/50/float64(b.calls))
	if b.duplex {
		row("packets heard / the far end's", "%.4f", float64(received)/took.Seconds()*far.Seconds/float64(far.Sent))
	}
	row("frames skipped, datagrams dropped", "%d, %d", after.Skipped-before.Skipped, after.Dropped-before.Dropped)
	row("off the 20 ms, p50, ms", "%.2f", far.P50)
	row("off the 20 ms, p99, ms", "%.2f", far.P99)
	row("off the 20 ms, p99.9, ms", "%.2f", far.P999)
	row("off the 20 ms, most, ms", "%.2f", far.Most)
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is this process's memory in KB, without what the collector is about
// to give back.
func resident() int {
	debug.FreeOSMemory()
	return memory(os.Getpid())
}

// peerProcess is the far end, run by this program again.
type peerProcess struct {
	cmd   *exec.Cmd
	in    *json.Encoder
	out   *json.Decoder
	pipe  interface{ Close() error }
	addrs []netip.AddrPort
}

func startPeer() (*peerProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &peerProcess{cmd: exec.CommandContext(context.Background(), self, "media-peer")}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = os.Stderr
	p.pipe, p.in, p.out = in, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.hear(&p.addrs)
}

func (p *peerProcess) say(v any) error  { return p.in.Encode(v) }
func (p *peerProcess) hear(v any) error { return p.out.Decode(v) }

// stop ends the far end: it goes when nobody speaks to it any more.
func (p *peerProcess) stop() {
	_ = p.pipe.Close()
	_ = p.cmd.Wait()
}
