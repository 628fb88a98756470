package sdp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

var ours = Local{
	Addr:      netip.MustParseAddrPort("192.0.2.1:16384"),
	Codecs:    []*audio.Codec{audio.PCMU, audio.PCMA, audio.G722},
	SessionID: 7, Version: 3, RTCPMux: true,
}

// crlf makes a description of lines.
func crlf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// head is what every description begins with.
var head = []string{"v=0", "o=alice 5 9 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0"}

func offer(lines ...string) []byte { return crlf(append(append([]string{}, head...), lines...)...) }

func TestAnswer(t *testing.T) {
	phone := offer("m=audio 4000 RTP/AVP 9 0 8 101 102", "a=rtpmap:9 G722/8000", "a=rtpmap:101 telephone-event/8000",
		"a=rtpmap:102 telephone-event/48000", "a=ptime:30", "a=maxptime:60")
	tests := []struct {
		name   string
		offer  []byte
		local  func(*Local)
		want   []string // lines of the answer
		absent []string
		check  func(Negotiated) bool
	}{
		{
			name: "the offerer's order decides", offer: phone,
			want: []string{
				"o=- 7 3 IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1", "m=audio 16384 RTP/AVP 9 101",
				"a=rtpmap:9 G722/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv",
			},
			absent: []string{"a=rtcp-mux"},
			check: func(n Negotiated) bool {
				return n.Codec == audio.G722 && n.PayloadType == 9 && n.EventPT == 101 && n.Send && n.Receive && !n.Hold &&
					n.Remote == netip.MustParseAddrPort("198.51.100.7:4000") &&
					n.RemoteRTCP == netip.MustParseAddrPort("198.51.100.7:4001") &&
					n.PTime == 30*time.Millisecond && n.MaxPTime == 60*time.Millisecond
			},
		},
		{
			name:  "dynamic numbers are the offerer's",
			offer: offer("m=audio 4000 RTP/AVPF 111 96 97", "a=rtpmap:111 opus/48000/2", "a=rtpmap:96 pcma/8000/1", "a=rtpmap:97 telephone-event/8000"),
			want:  []string{"m=audio 16384 RTP/AVPF 96 97", "a=rtpmap:96 PCMA/8000", "a=fmtp:97 0-15"},
			check: func(n Negotiated) bool { return n.Codec == audio.PCMA && n.PayloadType == 96 && n.EventPT == 97 },
		},
		{
			name:  "no events offered, none answered",
			offer: offer("m=audio 4000 RTP/AVP 0"),
			want:  []string{"m=audio 16384 RTP/AVP 0"}, absent: []string{"telephone-event"},
			check: func(n Negotiated) bool { return n.EventPT == -1 },
		},
		{
			name:  "held",
			offer: offer("m=audio 4000 RTP/AVP 0", "a=sendonly"),
			want:  []string{"a=recvonly"},
			check: func(n Negotiated) bool { return n.Hold && !n.Send && n.Receive && n.RemoteDirection == SendOnly },
		},
		{
			name:  "held for the whole session",
			offer: crlf("v=0", "o=- 1 1 IN IP4 198.51.100.7", "c=IN IP4 198.51.100.7", "a=inactive", "m=audio 4000 RTP/AVP 0"),
			want:  []string{"a=inactive"},
			check: func(n Negotiated) bool { return n.Hold && !n.Send && !n.Receive },
		},
		{
			name:  "the m-line's direction beats the session's",
			offer: crlf("v=0", "c=IN IP4 198.51.100.7", "a=inactive", "m=audio 4000 RTP/AVP 0", "a=sendrecv"),
			want:  []string{"a=sendrecv"},
			check: func(n Negotiated) bool { return !n.Hold && n.Send && n.Receive },
		},
		{
			name:  "held the old way",
			offer: offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
			want:  []string{"a=recvonly"},
			check: func(n Negotiated) bool { return n.Hold && !n.Send && n.Receive },
		},
		{
			name:  "listening only is no hold",
			offer: offer("m=audio 4000 RTP/AVP 0", "a=recvonly"),
			want:  []string{"a=sendonly"},
			check: func(n Negotiated) bool { return !n.Hold && n.Send && !n.Receive },
		},
		{
			name:  "our wish narrows",
			offer: offer("m=audio 4000 RTP/AVP 0"), local: func(l *Local) { l.Direction = SendOnly },
			want:  []string{"a=sendonly"},
			check: func(n Negotiated) bool { return n.Send && !n.Receive && !n.Hold },
		},
		{
			name:  "mux and explicit rtcp",
			offer: offer("m=audio 4000 RTP/AVP 0", "a=rtcp:5555 IN IP4 198.51.100.8", "a=rtcp-mux"),
			want:  []string{"a=rtcp-mux"},
			check: func(n Negotiated) bool { return n.Mux && n.RemoteRTCP == n.Remote },
		},
		{
			name:  "rtcp elsewhere",
			offer: offer("m=audio 4000 RTP/AVP 0", "a=rtcp:5555 IN IP4 198.51.100.8"),
			check: func(n Negotiated) bool {
				return !n.Mux && n.RemoteRTCP == netip.MustParseAddrPort("198.51.100.8:5555")
			},
		},
		{
			name: "other media is refused in its place",
			offer: offer("m=image 6000 udptl t38", "m=audio 5000 RTP/SAVP 0", "m=video 4002 RTP/AVP 34 35",
				"m=audio 4000 RTP/AVP 8", "m=audio 4010 RTP/AVP 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"),
			want: []string{
				"m=image 0 udptl t38", "m=audio 0 RTP/SAVP 0", "m=video 0 RTP/AVP 34",
				"m=audio 16384 RTP/AVP 8", "m=audio 0 RTP/AVP 0", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
			},
			check: func(n Negotiated) bool { return n.Codec == audio.PCMA && n.Remote.Port() == 4000 },
		},
		{
			name:  "IPv6",
			offer: crlf("v=0", "o=- 1 1 IN IP6 2001:db8::5", "s=-", "t=0 0", "m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::5"),
			local: func(l *Local) { l.Addr = netip.MustParseAddrPort("[2001:db8::1]:16384") },
			want:  []string{"o=- 7 3 IN IP6 2001:db8::1", "c=IN IP6 2001:db8::1"},
			check: func(n Negotiated) bool { return n.Remote == netip.MustParseAddrPort("[2001:db8::5]:4000") },
		},
		{
			name: "lines of real phones",
			offer: []byte("\n v=0\nc=IN IP4 198.51.100.7\no=x\nthis is junk\nb=AS:x\nm=audio 4000/1 rtp/avp 0 telephone-event 101\n" +
				"a=rtpmap\na=rtpmap:101\na=rtpmap: \na=rtcp:\na=x-odd:\x01\nb=\na=rtpmap:101  telephone-event/8000\na=fmtp:101 0-11\na=ptime:x\n"),
			want:  []string{"m=audio 16384 rtp/avp 0 101"},
			check: func(n Negotiated) bool { return n.EventPT == 101 && n.PTime == 0 },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := ours
			if tt.local != nil {
				tt.local(&l)
			}
			answer, n, err := Answer(tt.offer, l)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.check(n) {
				t.Errorf("negotiated %+v", n)
			}
			for _, w := range tt.want {
				if !strings.Contains(string(answer), w+"\r\n") {
					t.Errorf("no line %q in\n%s", w, answer)
				}
			}
			for _, w := range tt.absent {
				if strings.Contains(string(answer), w) {
					t.Errorf("%q in\n%s", w, answer)
				}
			}
			wellFormed(t, tt.offer, answer)
		})
	}
}

// wellFormed holds what every answer must be.
func wellFormed(t *testing.T, offer, answer []byte) {
	t.Helper()
	o, err := parse(offer)
	if err != nil {
		t.Fatal(err)
	}
	a, err := parse(answer)
	if err != nil {
		t.Fatalf("%v in our answer\n%s", err, answer)
	}
	if len(a.media) != len(o.media) {
		t.Fatalf("%d m-lines for %d", len(a.media), len(o.media))
	}
	open := 0
	for i := range a.media {
		if a.media[i].kind != o.media[i].kind || a.media[i].proto != o.media[i].proto {
			t.Errorf("m-line %d answered with another", i)
		}
		if a.media[i].port != 0 {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d m-lines taken", open)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name  string
		offer []byte
		want  error
		line  int
	}{
		{"nothing", nil, ErrMalformed, 0},
		{"no v=", []byte("hello\r\n"), ErrMalformed, 0},
		{"version", []byte("v=1\r\n"), ErrMalformed, 1},
		{"too big", []byte("v=0\r\n" + strings.Repeat("a=x\r\n", MaxSize/5)), ErrTooLarge, 0},
		{"m-lines", offer(strings.Repeat("m=audio 4000 RTP/AVP 0\r\n", MaxMedia+1)), ErrTooLarge, 0},
		{"no sound", offer("m=video 4000 RTP/AVP 34"), ErrNoAudio, 0},
		{"refused sound", offer("m=audio 0 RTP/AVP 0"), ErrNoAudio, 0},
		{"encrypted", offer("m=audio 4000 RTP/SAVP 0", "m=video 1 RTP/AVP 3"), ErrSecureOnly, 0},
		{"browser", offer("m=audio 4000 UDP/TLS/RTP/SAVPF 0"), ErrSecureOnly, 0},
		{"codec", offer("m=audio 4000 RTP/AVP 18 111", "a=rtpmap:111 opus/48000/2"), ErrNoCommonCodec, 0},
		{"stereo", offer("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMU/8000/2"), ErrNoCommonCodec, 0},
		{"number given away", offer("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 opus/48000"), ErrNoCommonCodec, 0},
		{"host name", offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example.com"), ErrHostName, 0},
		{"multicast", offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127"), ErrMulticast, 0},
		{"family", offer("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::5"), ErrFamily, 0},
		{"no c=", crlf("v=0", "m=audio 4000 RTP/AVP 0"), ErrMalformed, 0},
		{"bad c=", offer("c=nonsense", "m=audio 4000 RTP/AVP 0"), ErrMalformed, 6},
		{"short m=", offer("m=audio 4000 RTP/AVP"), ErrMalformed, 6},
		{"bad port", offer("m=audio 400000 RTP/AVP 0"), ErrMalformed, 6},
		{"negative port", offer("m=audio -1 RTP/AVP 0"), ErrMalformed, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, _, err := Answer(tt.offer, ours)
			if !errors.Is(err, tt.want) || answer != nil {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) && syntax.Line != tt.line {
				t.Errorf("line %d: %v", syntax.Line, err)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	first := Offer(ours)
	for _, w := range []string{
		"m=audio 16384 RTP/AVP 0 8 9 101", "a=rtpmap:9 G722/8000", "a=rtpmap:101 telephone-event/8000",
		"a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv", "a=rtcp-mux", "o=- 7 3 IN IP4 192.0.2.1",
	} {
		if !strings.Contains(string(first), w+"\r\n") {
			t.Errorf("no %q in\n%s", w, first)
		}
	}
	l := ours
	l.Previous = first
	if again := Offer(l); string(again) != string(first) {
		t.Errorf("the same offer again is\n%s", again)
	}
	l.Direction = SendOnly
	if held := string(Offer(l)); !strings.Contains(held, "o=- 7 4 IN") || !strings.Contains(held, "a=sendonly") {
		t.Errorf("a changed offer is\n%s", held)
	}
}

func TestOfferWithinSession(t *testing.T) {
	answer, _, err := Answer(offer("m=video 4002 RTP/AVP 34", "m=audio 4000 RTP/AVPF 96 97", "a=rtpmap:96 PCMA/8000",
		"a=rtpmap:97 telephone-event/8000"), ours)
	if err != nil {
		t.Fatal(err)
	}
	l := ours
	l.Previous = answer
	again := string(Offer(l))
	for _, w := range []string{
		"m=video 0 RTP/AVP 34", "m=audio 16384 RTP/AVPF 0 96 9 97",
		"a=rtpmap:96 PCMA/8000", "o=- 7 4 IN",
	} {
		if !strings.Contains(again, w) {
			t.Errorf("no %q in\n%s", w, again)
		}
	}
}

func TestAccept(t *testing.T) {
	tests := []struct {
		name   string
		local  func(*Local)
		answer []byte
		err    error
		check  func(Negotiated) bool
	}{
		{
			name:   "one codec",
			answer: offer("m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=rtcp-mux"),
			check: func(n Negotiated) bool {
				return n.Codec == audio.PCMA && n.PayloadType == 8 && n.EventPT == 101 && n.Send && n.Receive && n.Mux
			},
		},
		{
			name: "no mux unasked", local: func(l *Local) { l.RTCPMux = false },
			answer: offer("m=audio 4000 RTP/AVP 8", "a=rtcp-mux"),
			check:  func(n Negotiated) bool { return !n.Mux && n.RemoteRTCP.Port() == 4001 },
		},
		{
			name:   "the far end only listens",
			answer: offer("m=audio 4000 RTP/AVP 0", "a=recvonly"),
			check:  func(n Negotiated) bool { return n.Send && !n.Receive && !n.Hold },
		},
		{
			name: "our hold accepted", local: func(l *Local) { l.Direction = SendOnly },
			answer: offer("m=audio 4000 RTP/AVP 0", "a=recvonly"),
			check:  func(n Negotiated) bool { return n.Send && !n.Receive },
		},
		{
			name:   "black hole",
			answer: offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
			check:  func(n Negotiated) bool { return n.Hold && !n.Send && n.Receive },
		},
		{name: "refused", answer: offer("m=audio 0 RTP/AVP 0"), err: ErrNoAudio},
		{name: "no m-line", answer: offer(), err: ErrMismatch},
		{name: "other media", answer: offer("m=video 4000 RTP/AVP 34"), err: ErrMismatch},
		{name: "other transport", answer: offer("m=audio 4000 RTP/SAVP 0"), err: ErrMismatch},
		{name: "codec not offered", answer: offer("m=audio 4000 RTP/AVP 18"), err: ErrNoCommonCodec},
		{name: "junk", answer: []byte("junk"), err: ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := ours
			if tt.local != nil {
				tt.local(&l)
			}
			n, err := Accept(Offer(l), tt.answer, l)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if tt.check != nil && !tt.check(n) {
				t.Errorf("negotiated %+v", n)
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(""))
	f.Add(offer("m=audio 4000 RTP/AVP 9 0 101", "a=rtpmap:9 G722/8000", "a=rtpmap:101 telephone-event/8000", "a=sendonly"))
	f.Add(offer("m=image 6000 udptl t38", "m=audio 5000 RTP/SAVP 0", "m=audio 4000 RTP/AVP 8", "a=rtcp:1 IN IP4 224.0.0.1"))
	f.Add([]byte("v=0\nc=IN IP6 ::1\nm=audio 65535 RTP/AVP 0\na=ptime:-1\na=rtcp-mux"))
	f.Fuzz(func(t *testing.T, text []byte) {
		answer, n, err := Answer(text, ours)
		if err != nil {
			return
		}
		if n.Codec == nil || !n.Remote.IsValid() || n.Remote.Port() == 0 || n.Remote.Addr().IsMulticast() {
			t.Fatalf("negotiated %+v", n)
		}
		wellFormed(t, text, answer)
		l := ours
		l.Previous = answer
		if _, err := Accept(Offer(l), answer, l); err != nil && !errors.Is(err, ErrHostName) {
			t.Fatalf("our own answer refused: %v\n%s", err, answer)
		}
	})
}
