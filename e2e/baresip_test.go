package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/trial"
)

// baresip is a running baresip without devices: what it says is a file, what
// it hears is kept as a WAV file by its sndfile module.
type baresip struct {
	t      *testing.T
	dir    string
	conn   net.Conn
	events chan map[string]any
}

const baresipConfig = `module_path	%s
module		g711.so
module		g722.so
module		aufile.so
module		aubridge.so
module		sndfile.so
module_tmp	account.so
module_app	menu.so
module_app	ctrl_tcp.so
audio_player	aubridge,nobody
audio_source	aufile,%s
audio_alert	aubridge,alert
snd_path	%s
sip_listen	127.0.0.1:%d
ctrl_tcp_listen	127.0.0.1:%d
rtp_ports	30000-39999
`

// baresipModules is the folder of baresip's modules.
func baresipModules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{
		"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules", "/opt/homebrew/lib/baresip/modules",
	} {
		if all, _ := filepath.Glob(pattern); len(all) > 0 {
			return all[0]
		}
	}
	t.Fatal("baresip has no modules")
	return ""
}

// startBaresip starts one that has a single codec, "PCMU/8000/1" or
// "G722/16000/1", says a tone of 1 kHz, and watches its contacts, if any.
func startBaresip(t *testing.T, codec string, contacts ...string) *baresip {
	t.Helper()
	bin := stranger(t, "baresip")
	b := &baresip{t: t, dir: t.TempDir(), events: make(chan map[string]any, 100)}
	rate, err := strconv.Atoi(strings.Split(codec, "/")[1])
	if err != nil {
		t.Fatal(err)
	}
	mic := filepath.Join(b.dir, "mic.wav")
	writeWAV(t, mic, rate, sine(rate, 1000, time.Minute))
	// It takes the port after that of SIP for TLS.
	sip, control := trial.Ports(t, 2), trial.Ports(t, 1)
	config := fmt.Sprintf(baresipConfig, baresipModules(t), mic, b.dir, sip, control)
	if len(contacts) > 0 {
		config += "module_app\tcontact.so\nmodule_app\tpresence.so\n"
		b.write("contacts", strings.Join(contacts, "\n")+"\n")
	}
	b.write("config", config)
	b.write("accounts", fmt.Sprintf("<sip:stranger@127.0.0.1>;regint=0;audio_codecs=%s\n", codec))
	log, err := os.Create(filepath.Join(b.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-f", b.dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stop(cmd, log) })
	b.connect(control)
	return b
}

func (b *baresip) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// connect waits until baresip takes commands and reads what it tells.
func (b *baresip) connect(port int) {
	b.t.Helper()
	until := time.Now().Add(time.Minute)
	for {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			b.conn = conn
			break
		}
		if time.Now().After(until) {
			b.t.Fatalf("baresip takes no commands: %v\n%s", err, b.log())
		}
		<-time.After(20 * time.Millisecond)
	}
	go func() {
		defer close(b.events)
		in := bufio.NewReader(b.conn)
		for {
			m, err := netstring(in)
			if err != nil {
				return
			}
			if m["response"] == true {
				m["type"] = "response"
			}
			b.events <- m
		}
	}()
}

// netstring reads one message of ctrl_tcp: "LENGTH:JSON,".
func netstring(in *bufio.Reader) (map[string]any, error) {
	head, err := in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil {
		return nil, err
	}
	body := make([]byte, n+1)
	if _, err := io.ReadFull(in, body); err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(body[:n], &m)
}

// do gives a command of baresip's menu.
func (b *baresip) do(command, params string) {
	b.t.Helper()
	m, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "t"})
	if err == nil {
		_, err = fmt.Fprintf(b.conn, "%d:%s,", len(m), m)
	}
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", command, err, b.log())
	}
}

// wait returns the next event of a type; those before it are passed over.
func (b *baresip) wait(kind string) map[string]any {
	b.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case e, ok := <-b.events:
			switch {
			case !ok:
				b.t.Fatalf("baresip is gone before %s\n%s", kind, b.log())
			case e["type"] == kind:
				return e
			}
		case <-limit:
			b.t.Fatalf("no %s from baresip\n%s", kind, b.log())
		}
	}
}

// ask gives a command and returns what baresip says to it.
func (b *baresip) ask(command string) string {
	b.t.Helper()
	for len(b.events) > 0 {
		<-b.events // answers to what was asked before
	}
	b.do(command, "")
	said, _ := b.wait("response")["data"].(string)
	return said
}

func (b *baresip) log() string {
	text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
	return tail(string(text), 4000)
}

func (b *baresip) stop(cmd *exec.Cmd, log *os.File) {
	if b.conn != nil {
		b.do("quit", "")
	}
	killed := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // how it ends is its own affair
	killed.Stop()
	if b.conn != nil {
		_ = b.conn.Close()
	}
	_ = log.Close()
	if b.t.Failed() {
		b.t.Logf("baresip said:\n%s", b.log())
	}
}

// hearMore waits until b has heard, and written down, so much more than it has
// by now. It has samples of 16 bits, 8000 a second.
func (b *baresip) hearMore(d time.Duration) {
	b.t.Helper()
	size := func() (n int64) {
		all, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
		for _, name := range all {
			if about, err := os.Stat(name); err == nil {
				n += about.Size()
			}
		}
		return n
	}
	was := size()
	trial.Eventually(b.t, func() string {
		if n := size(); n < was+int64(d.Seconds()*8000*2) {
			return fmt.Sprintf("baresip has heard %d bytes of sound, %d of them before", n, was)
		}
		return ""
	})
}

// heard is the tones in the recording of what baresip heard, in order, each
// once. It must be asked once the call is over.
func (b *baresip) heard(tones map[string]float64) []string {
	b.t.Helper()
	all, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
	if len(all) != 1 {
		b.t.Fatalf("%d recordings of one call: %q", len(all), all)
	}
	return tonesOf(b.t, all[0], tones)
}

// tonesOf is the tones in a WAV file, in order, each once.
func tonesOf(t *testing.T, path string, tones map[string]float64) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sound, _, err := audio.Decode(f)
	if err == nil {
		sound, err = audio.Resampled(sound, 16000)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	ear := audio.NewEar(16000, tones)
	if err := pour(sound, ear); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range ear.Heard() {
		if !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	return names
}

// writeWAV writes a WAV file of one channel.
func writeWAV(t *testing.T, path string, rate int, sound []int16) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := audio.NewWAVWriter(f, rate, 1)
	if err == nil {
		err = errors.Join(w.Write(sound), w.Close(), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sine is a tone at a quarter of full scale.
func sine(rate int, hz float64, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return pcm
}

// pour gives a whole sound to a sink, frame by frame.
func pour(from audio.Reader, to audio.Sink) error {
	frame := make([]int16, from.Rate()/50)
	for {
		n := 0
		for n < len(frame) {
			got, err := from.ReadSamples(frame[n:])
			if n += got; errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if err := to.WriteFrame(frame); err != nil {
			return err
		}
	}
}

// keysWeb is a web server that has a prompt played, four keys collected, and
// then a tone and a sound file of 5 kHz played before it hangs up.
type keysWeb struct {
	*httptest.Server
	wide []byte

	mu     sync.Mutex
	digits []string
}

func newKeysWeb(t *testing.T) *keysWeb {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wide.wav")
	writeWAV(t, path, 16000, sine(16000, 5000, time.Second))
	wide, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &keysWeb{wide: wide}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (k *keysWeb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	flow := `{"module":"play","data":{"id":"tone_stream://%(600,100,440)","terminators":[]},"children":{"_":
		{"module":"collect_dtmf","data":{"max_digits":4,"timeout":20000,"interdigit_timeout":20000},"children":{"_":
		{"module":"pivot","data":{"voice_url":"/keys"}}}}}}`
	switch r.URL.Path {
	case "/wide.wav":
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = w.Write(k.wide)
		return
	case "/keys":
		k.mu.Lock()
		k.digits = append(k.digits, r.URL.Query().Get("Digits"))
		k.mu.Unlock()
		flow = `{"module":"play","data":{"id":"tone_stream://%(600,100,880)"},"children":{"_":
			{"module":"play","data":{"id":"` + k.URL + `/wide.wav"},"children":{"_":{"module":"hangup","data":{}}}}}}`
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(flow))
}

func (k *keysWeb) asked() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.digits)
}

// TestBaresip has a stranger's phone call, press keys and listen: at 16 kHz
// by G.722 it hears a tone of 5 kHz, by PCMU it hears neither that nor what it
// would be mistaken for at half the rate.
func TestBaresip(t *testing.T) {
	stranger(t, "baresip")
	s := serve(t)
	web := newKeysWeb(t)
	s.callflow("300", `{"module":"pivot","data":{"voice_url":"`+web.URL+`/voice"}}`)
	tones := map[string]float64{"prompt": 440, "answer": 880, "wide": 5000, "alias": 3000}
	for i, tc := range []struct {
		codec string
		heard []string
	}{
		{"PCMU/8000/1", []string{"prompt", "answer"}},
		{"G722/16000/1", []string{"prompt", "answer", "wide"}},
	} {
		t.Run(tc.codec[:4], func(t *testing.T) {
			s.t = t
			b := startBaresip(t, tc.codec)
			b.do("dial", "sip:300@"+s.SIP)
			b.wait("CALL_ESTABLISHED")
			call := s.running("300")
			s.event(call, "played", 1)
			for n, key := range "7*0#" {
				b.do("sndcode", string(key))
				s.event(call, "pressed", n+1)
			}
			b.wait("CALL_CLOSED")
			if got := web.asked(); len(got) != i+1 || got[i] != "7*0" {
				t.Errorf("the web server got %q", got)
			}
			if got := b.heard(tones); !slices.Equal(got, tc.heard) {
				t.Errorf("heard %q, want %q", got, tc.heard)
			}
			r := s.record(call)
			if r.Cause != "NORMAL_CLEARING" || r.By != "us" || r.Why != "The callflow hung up." {
				t.Errorf("record %+v", r)
			}
			if r.Media == nil || r.Media.Codec != tc.codec[:4] || r.Media.Received == 0 || r.Media.Lost != 0 {
				t.Errorf("media %+v", r.Media)
			}
		})
	}
	s.t = t
}

// TestBaresipHangsUp has the phone hear itself and end the call.
func TestBaresipHangsUp(t *testing.T) {
	stranger(t, "baresip")
	s := serve(t)
	s.callflow("301", `{"module":"play","data":{"id":"tone_stream://%(400,0,440)"},"children":{"_":{"module":"echo","data":{}}}}`)
	b := startBaresip(t, "PCMU/8000/1")
	b.do("dial", "sip:301@"+s.SIP)
	b.wait("CALL_ESTABLISHED")
	call := s.running("301")
	s.event(call, "played", 1)
	b.hearMore(time.Second) // of its own voice
	b.do("hangup", "")
	b.wait("CALL_CLOSED")
	r := s.record(call)
	if r.Cause != "NORMAL_CLEARING" || r.By != "caller" {
		t.Errorf("record %+v", r)
	}
	if got := b.heard(map[string]float64{"prompt": 440, "itself": 1000}); !slices.Equal(got, []string{"prompt", "itself"}) {
		t.Errorf("heard %q", got)
	}
}
