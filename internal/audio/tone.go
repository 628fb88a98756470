package audio

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ToneLevel is how loud each frequency of a tone is, in dBm0, unless said
// otherwise. It is FreeSWITCH's.
const ToneLevel = -7.0

// Limits of what a tone script may ask for.
const (
	maxScript = 4096            // bytes
	maxParts  = 1000            // tones in a script, repetitions counted
	maxPeriod = 5 * time.Minute // one pass of a script
	maxChord  = 8               // frequencies in a tone
	maxTone   = 7999            // Hz
)

// ErrTone is a tone or silence reference that cannot be understood.
var ErrTone = errors.New("audio: bad tone")

// The references that are made here, by their scheme.
const (
	ToneScheme    = "tone_stream://"
	SilenceScheme = "silence_stream://"
)

// Tone is the frequencies, in Hz, together for d.
func Tone(d time.Duration, hz ...float64) Sound {
	names := make([]string, len(hz))
	for i, f := range hz {
		names[i] = strconv.FormatFloat(f, 'f', -1, 64)
	}
	ms := int((d + time.Millisecond - 1) / time.Millisecond)
	part := tonePart{on: ms, hz: hz, level: ToneLevel}
	return newMade("tone "+strings.Join(names, "+")+" Hz", d, script{part}.wave)
}

// Beep is what announces a recording: 440 Hz for half a second.
func Beep() Sound { return Named(Tone(500*time.Millisecond, 440), "beep") }

// Ringback is the North American ringing tone, that many times of six seconds;
// 0 is without end.
func Ringback(times int) Sound { return cadence("ringback", times, 2000, 4000, 440, 480) }

// Busy is the North American busy tone, without end.
func Busy() Sound { return cadence("busy tone", 0, 500, 500, 480, 620) }

// Congestion is the North American reorder tone, without end.
func Congestion() Sound { return cadence("congestion tone", 0, 250, 250, 480, 620) }

func cadence(name string, times, on, off int, hz ...float64) Sound {
	return Named(repeat(name, script{{on: on, off: off, hz: hz, level: ToneLevel}}, times), name)
}

// tonePart is one tone of a script and the silence behind it.
type tonePart struct {
	on, off int // ms
	hz      []float64
	level   float64 // of each frequency, dBm0
}

// script is the tones of one pass.
type script []tonePart

// ms is how long one pass is.
func (s script) ms() (sum int) {
	for _, p := range s {
		sum += p.on + p.off
	}
	return sum
}

// wave is the script, over and over.
func (s script) wave() wave {
	begins := make([]int, len(s)) // ms
	for i := 1; i < len(s); i++ {
		begins[i] = begins[i-1] + s[i-1].on + s[i-1].off
	}
	period := float64(s.ms()) / 1000
	return func(t float64) float64 {
		t = math.Mod(t, period)
		i, found := slices.BinarySearchFunc(begins, t, func(ms int, t float64) int {
			return cmp.Compare(float64(ms)/1000, t)
		})
		for ; found && i+1 < len(s) && begins[i+1] == begins[i]; i++ { // parts of no length
			continue
		}
		if !found {
			i--
		}
		soft := s[(i+len(s)-1)%len(s)].off > 0
		return s[i].value(t-float64(begins[i])/1000, soft)
	}
}

// value is the part's value at seconds after it began. Its edges are softened
// where there is silence beyond them.
func (p tonePart) value(at float64, softStart bool) float64 {
	on := float64(p.on) / 1000
	if at >= on {
		return 0
	}
	each, sum := amplitude(p.level), 0.0
	each = min(each, 1/float64(max(1, len(p.hz))))
	for _, hz := range p.hz {
		sum += each * sine(hz, at)
	}
	if p.off > 0 && at > on/2 || softStart && at <= on/2 {
		sum *= fade(at, on)
	}
	return sum
}

// repeat is a script n times over, without end if n is 0. What is long is not
// stored long: a number of passes that fills whole frames is looped.
func repeat(name string, s script, n int) Sound {
	const short = time.Minute
	one := time.Duration(s.ms()) * time.Millisecond
	if n > 0 && time.Duration(n) <= short/one {
		return newMade(name, time.Duration(n)*one, s.wave)
	}
	frame := int(FrameTime.Milliseconds())
	passes := frame / gcd(s.ms(), frame)
	if time.Duration(passes)*one > maxPeriod {
		passes = 1
	}
	block := newMade(name, time.Duration(passes)*one, s.wave)
	if n == 0 {
		return Named(Loop(block, 0), name)
	}
	if n < passes {
		return newMade(name, time.Duration(n)*one, s.wave)
	}
	all := []Sound{Loop(block, n/passes)}
	if rest := n % passes; rest > 0 {
		all = append(all, newMade(name, time.Duration(rest)*one, s.wave))
	}
	return Named(Sequence(all...), name)
}

// ToneStream is the sound of a FreeSWITCH tone script, with or without its
// scheme: tone_stream://%(on,off,hz,…) with times in ms, several behind
// semicolons, keys (0-9 * # A-D) with an optional (on,off), and
//
//	v=dB     level of each frequency that follows, -63 to 0
//	d=ms     how long a key lasts, w=ms how much silence follows it
//	l=n      how often each tone that follows is repeated
//	L=n      how often the script is played; loops=n is the same, -1 is endless
//
// What else TGML has (channels, rates, decay, files) is refused. The error
// wraps ErrTone. Source: spec/callflow-modules.md sections 2.4 and 3.10.
func ToneStream(ref string) (Sound, error) {
	text := strings.TrimPrefix(ref, ToneScheme)
	if len(text) > maxScript {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrTone, maxScript)
	}
	p := toneParser{level: ToneLevel, keyOn: 250, keyOff: 50, each: 1, loops: 1}
	for item := range splitScript(text) {
		if err := p.item(item); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrTone, item, err)
		}
	}
	if p.script.ms() == 0 {
		return nil, fmt.Errorf("%w: %q has no tone in it", ErrTone, ref)
	}
	return repeat(ToneScheme+text, p.script, p.loops), nil
}

// splitScript yields the items between semicolons and outside of brackets.
func splitScript(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for item := range strings.SplitSeq(text, ";") {
			if item = strings.TrimSpace(item); item != "" && !yield(item) {
				return
			}
		}
	}
}

// toneParser is the state of a script while it is read.
type toneParser struct {
	script        script
	total         time.Duration
	level         float64
	keyOn, keyOff int
	each, loops   int
}

// item reads one item.
func (p *toneParser) item(item string) error {
	if name, value, ok := strings.Cut(item, "="); ok {
		return p.set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	for item != "" {
		rest, err := p.tone(item)
		if err != nil {
			return err
		}
		item = strings.TrimLeft(rest, " ,")
	}
	return nil
}

// set reads name=value.
func (p *toneParser) set(name, value string) (err error) {
	switch name {
	case "v":
		p.level, err = strconv.ParseFloat(value, 64)
		if err == nil && !(p.level >= -63 && p.level <= 0) {
			err = errors.New("a level is -63 to 0 dB")
		}
	case "d":
		p.keyOn, err = number(value, 0, int(maxPeriod.Milliseconds()))
	case "w":
		p.keyOff, err = number(value, 0, int(maxPeriod.Milliseconds()))
	case "l":
		p.each, err = number(value, 1, maxParts)
	case "L", "loops":
		p.loops, err = number(value, -1, math.MaxInt32)
		p.loops = max(p.loops, 0)
	default:
		err = fmt.Errorf("%q is not understood here", name)
	}
	return err
}

// tone reads the tone that item begins with and returns what is behind it.
func (p *toneParser) tone(item string) (rest string, err error) {
	part := tonePart{on: p.keyOn, off: p.keyOff, level: p.level}
	low, high, isKey := keyTones(item[0])
	if !isKey && item[0] != '%' {
		return "", errors.New("a tone is a key or %(on,off,hz)")
	}
	args, rest, ok := bracket(item[1:])
	switch {
	case isKey && !ok:
		args = []string{strconv.Itoa(part.on), strconv.Itoa(part.off)}
	case !ok || len(args) < 2 || isKey == (len(args) > 2):
		return "", errors.New("a tone is %(on,off,hz…) with times in ms, a key is 1(on,off)")
	}
	if part.on, err = number(args[0], 0, int(maxPeriod.Milliseconds())); err != nil {
		return "", err
	}
	if part.off, err = number(args[1], 0, int(maxPeriod.Milliseconds())); err != nil {
		return "", err
	}
	if part.hz, err = frequencies(args[2:]); err != nil {
		return "", err
	}
	if isKey {
		part.hz = []float64{low, high}
	}
	return rest, p.add(part)
}

// add puts a tone behind the others, as often as l= says.
func (p *toneParser) add(part tonePart) error {
	for range p.each {
		p.total += time.Duration(part.on+part.off) * time.Millisecond
		if p.total > maxPeriod || len(p.script) == maxParts {
			return fmt.Errorf("a script has at most %d tones and lasts at most %v", maxParts, maxPeriod)
		}
		p.script = append(p.script, part)
	}
	return nil
}

// bracket reads "(a,b)" at the start of s.
func bracket(s string) (args []string, rest string, ok bool) {
	inner, rest, ok := strings.Cut(s, ")")
	if !ok || !strings.HasPrefix(inner, "(") {
		return nil, s, false
	}
	args = strings.Split(inner[1:], ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	return args, rest, true
}

// frequencies reads numbers of Hz; 0 is silence.
func frequencies(args []string) ([]float64, error) {
	if len(args) > maxChord {
		return nil, fmt.Errorf("a tone has at most %d frequencies", maxChord)
	}
	hz := make([]float64, 0, len(args))
	for _, a := range args {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil || !(f >= 0 && f <= maxTone) {
			return nil, fmt.Errorf("%q is not a frequency of 0 to %d Hz", a, maxTone)
		}
		hz = append(hz, f)
	}
	return hz, nil
}

// number reads a whole number between two others.
func number(s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not a whole number of %d to %d", s, low, high)
	}
	return n, nil
}

// SilenceStream is silence_stream://ms or silence_stream://ms,divisor, as in
// FreeSWITCH: -1 ms is without end, and with a divisor there is a faint noise,
// the fainter the greater it is. The error wraps ErrTone.
func SilenceStream(ref string) (Sound, error) {
	text := strings.TrimPrefix(ref, SilenceScheme)
	first, second, noisy := strings.Cut(text, ",")
	ms, err := number(strings.TrimSpace(first), -1, int(MaxClip.Milliseconds()))
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrTone, ref, err)
	}
	length := time.Duration(ms) * time.Millisecond
	if !noisy {
		return Silence(length), nil
	}
	divisor, err := number(strings.TrimSpace(second), 1, math.MaxInt32)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrTone, ref, err)
	}
	return noise(SilenceScheme+text, length, divisor), nil
}

// noise is FreeSWITCH's: the sum of six even random samples, divided.
func noise(name string, length time.Duration, divisor int) Sound {
	level := math.Sqrt(6.0/3.0) / float64(divisor)
	waves := func() wave {
		random := rand.New(rand.NewPCG(1, uint64(divisor)))
		return func(float64) float64 { return max(-1, min(1, level*random.NormFloat64())) }
	}
	if length < 0 {
		return Named(Loop(newMade(name, time.Second, waves), 0), name)
	}
	var all []Sound
	if n := int(length / time.Second); n > 0 {
		all = append(all, Loop(newMade(name, time.Second, waves), n))
	}
	if rest := length % time.Second; rest > 0 || length == 0 {
		all = append(all, newMade(name, rest, waves))
	}
	return Named(Sequence(all...), name)
}
