package audio

import (
	"math"
	"math/cmplx"
	"slices"
	"time"
)

// The sounds by which a FaxDetector knows a fax machine.
const (
	FaxCNG = "cng" // the calling tone of one that calls: ITU-T T.30 section 4.2
	FaxV21 = "v21" // the flags before the first frame of one that answers: T.30 section 5.3.1, V.21
)

// FaxRate is the rate that a FaxDetector hears at, in Hz.
const FaxRate = 8000

// FaxAgain is how long after one calling tone was heard the next one is heard,
// at most.
const FaxAgain = (cngPauseMost + cngMost + cngAfter) * time.Second / 100

// What is a calling tone: 1100 Hz, 38 more or less, for half a second and
// 15 % more or less, 3 s of silence and 15 % more or less, and again. Each
// limit leaves room for what the line and the windows add.
const (
	cngHz        = 1100
	cngOff       = 38 + 12 // Hz, with the error of measuring it
	cngDrift     = 25      // Hz that it may waver
	cngLeast     = 40      // windows of a tone, 10 ms each
	cngMost      = 63
	cngPause     = 250 // windows from one to the next
	cngPauseMost = 350
	cngGap       = 4  // windows without it that do not end a tone: a packet was lost
	cngBefore    = 13 // windows of quiet before it
	cngAfter     = 20 // and after
	cngPurity    = 0.6
	cngSteady    = 4.0  // 6 dB between its loudest and its softest window
	cngQuiet     = 0.35 // of its power: beside it nothing is to be heard
	cngEdge      = 3    // windows before it that may be half full of it
	cngFilters   = 3    // on either side of its frequency, and there
	faxMinPower  = 160 * 160 / 2
	faxHop       = FaxRate / 100
	faxWindow    = 2 * faxHop
	cngBinHz     = float64(FaxRate) / faxWindow // what is beside one is null in the next
	v21Window    = 213                          // samples of one flag, 8 bits of 300 a second
	v21BinHz     = float64(FaxRate) / v21Window
	v21Lowest    = 41 // bins: 1540 Hz
	v21Highest   = 52 // 1953 Hz
	v21Mark      = 45 // up to here, 1690 Hz, it is a one: 1650 Hz
	v21Space     = 48 // and from here, 1803 Hz, a zero: 1850 Hz
	v21Purity    = 0.75
	v21LeastMark = 0.3  // of the power: three quarters of a flag are ones
	v21LeastZero = 0.07 // and a quarter is zeros
	v21Least     = 50   // windows
)

// FaxDetector finds the fax machine on the far end in linear sound of FaxRate.
// Speech and music hold the same frequencies now and then: so it also demands
// that there is nothing else, that a calling tone is steady, of the right
// length, with quiet around it and comes twice, and that flags stay for half a
// second.
type FaxDetector struct {
	cng [4]goertzel // the last is idle, for they are calculated by fours
	v21 [v21Highest - v21Lowest + 1]goertzel
	pcm []float32

	last   [4]complex128
	before [cngBefore]float64 // the powers of the windows before the tone, in turn
	heard  int                // windows without the tone
	now    int                // windows
	tone   cngTone
	once   int     // the window that the last calling tone ended with; 0 is none
	onceHz float64 // and how high it was
	flags  int     // windows in a row with flags
}

// cngTone is a calling tone that is heard, or just was.
type cngTone struct {
	powers []float64 // of the windows with it
	hz     []float64
	length int     // in windows, with those that were lost within it
	missed int     // windows since the last with it
	around float64 // the power of the loudest window before it and after it
	bad    bool    // it began, or was broken, as none does
}

// NewFaxDetector is a detector that has heard nothing.
func NewFaxDetector() *FaxDetector {
	d := &FaxDetector{}
	for i := range cngFilters {
		d.cng[i] = newGoertzel(cngHz+float64(i-1)*cngBinHz, FaxRate)
	}
	for i := range d.v21 {
		d.v21[i] = newGoertzel(float64(v21Lowest+i)*v21BinHz, FaxRate)
	}
	return d
}

// Write hears the next samples, any number, and returns FaxCNG or FaxV21 once
// one is certain: the first 0.2 s after the end of its second tone, the other
// after half a second of it; else "".
func (d *FaxDetector) Write(frame []int16) string {
	d.pcm = toFloat(d.pcm, frame)
	found, used := "", 0
	for ; used+v21Window <= len(d.pcm) && found == ""; used += faxHop {
		at := d.pcm[used:]
		switch {
		case d.hearTone(at[:faxWindow]):
			found = FaxCNG
		case d.hearFlags(at[:v21Window]):
			found = FaxV21
		}
	}
	d.pcm = d.pcm[:copy(d.pcm, d.pcm[used:])]
	return found
}

// Pending says that one calling tone was heard, of which it is not known yet
// whether it is repeated.
func (d *FaxDetector) Pending() bool {
	return d.once > 0 && d.now-d.once <= cngPauseMost+cngMost+cngAfter
}

// hearTone takes a window and says whether a calling tone is over that came
// before, too.
func (d *FaxDetector) hearTone(pcm []float32) bool {
	d.now++
	all := meanPower(pcm)
	t := &d.tone
	if hz, ok := d.cngIn(pcm, all); ok {
		if t.length == 0 {
			t.bad, t.around = d.heard < cngBefore, d.loudest()
		}
		t.add(all, hz)
		return false
	}
	d.before[d.heard%cngBefore] = all
	d.heard++
	if t.length == 0 {
		return false
	}
	if t.miss(all); t.missed < cngAfter {
		return false
	}
	hz, good := t.good()
	end := d.now - t.missed
	pause := end - t.length - d.once
	*t = cngTone{powers: t.powers[:0], hz: t.hz[:0]}
	if !good {
		return false
	}
	again := d.once > 0 && pause >= cngPause && pause <= cngPauseMost && math.Abs(hz-d.onceHz) <= cngDrift
	d.once, d.onceHz = end, hz
	return again
}

// loudest is the power of the loudest window before the last ones, which may
// be half full of the tone.
func (d *FaxDetector) loudest() (most float64) {
	for i := range cngBefore - cngEdge {
		most = max(most, d.before[(d.heard+i)%cngBefore])
	}
	return most
}

// add takes a window with the tone.
func (t *cngTone) add(power, hz float64) {
	t.bad = t.bad || t.missed > cngGap
	t.length += t.missed + 1
	t.missed = 0
	if t.length <= cngMost {
		t.powers, t.hz = append(t.powers, power), append(t.hz, hz)
	}
}

// miss takes a window without it. The first ones may be half full of it.
func (t *cngTone) miss(power float64) {
	if t.missed++; t.missed > cngGap {
		t.around = max(t.around, power)
	}
}

// cngIn is how high the tone in a window is, and whether it is one.
func (d *FaxDetector) cngIn(pcm []float32, all float64) (hz float64, ok bool) {
	before := d.last
	four(d.cng[:], pcm, d.last[:])
	var sum, most float64
	best := 0
	for i, a := range d.last[:cngFilters] {
		p := power(a, len(pcm))
		sum += p
		if p > most {
			best, most = i, p
		}
	}
	if all < faxMinPower || sum < cngPurity*all {
		return 0, false
	}
	hz = cngHz + float64(best-1)*cngBinHz
	if before[best] == 0 {
		return hz, true
	}
	advance := cmplx.Phase(d.last[best]/before[best])/(2*math.Pi) - hz*faxHop/FaxRate
	hz += (advance - math.Round(advance)) * FaxRate / faxHop
	return hz, true
}

// good says whether what was heard was a calling tone, and how high it was. A
// tenth of its windows may be off to either side: they hold its ends, or what
// was lost of it.
func (t *cngTone) good() (hz float64, ok bool) {
	if t.bad || t.length < cngLeast || t.length > cngMost {
		return 0, false
	}
	soft, _, loud := spread(t.powers)
	low, middle, high := spread(t.hz)
	return middle, loud <= cngSteady*soft && t.around <= cngQuiet*loud &&
		high-low <= cngDrift && math.Abs(middle-cngHz) <= cngOff
}

// spread is what a tenth of values is below, what half of them is, and what a
// tenth is above. It sorts them.
func spread(values []float64) (low, middle, high float64) {
	slices.Sort(values)
	n := len(values)
	return values[n/10], values[n/2], values[n-1-n/10]
}

// hearFlags takes a window and says whether there were flags for long enough.
func (d *FaxDetector) hearFlags(pcm []float32) bool {
	all := meanPower(pcm)
	if all < faxMinPower {
		d.flags = 0
		return false
	}
	var bins [len(d.v21)]complex128
	for i := 0; i < len(bins); i += 4 {
		four(d.v21[i:], pcm, bins[i:])
	}
	var band, ones, zeros float64
	for i, a := range bins {
		p := power(a, len(pcm))
		band += p
		if bin := v21Lowest + i; bin <= v21Mark {
			ones += p
		} else if bin >= v21Space {
			zeros += p
		}
	}
	if band < v21Purity*all || ones < v21LeastMark*all || zeros < v21LeastZero*all {
		d.flags = 0
		return false
	}
	d.flags++
	return d.flags >= v21Least
}
