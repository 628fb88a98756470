package temporal_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/temporal"
)

// calendar walks a zone day by day and counts on its fingers what rules are
// about. It shares no thought with the package: weeks, months and years are
// counted as they begin.
type calendar struct {
	day                time.Time // noon
	n                  int       // days since the start
	week, month, year  int       // that have begun since the one of the start
	seen               map[time.Weekday]int
	weekday            time.Weekday
	dayOfMonth, inYear int
}

// walk visits every day from the beginning of start's year; days before start
// have a negative n.
func walk(start time.Time, years int, visit func(calendar)) {
	c := calendar{seen: map[time.Weekday]int{}}
	first := time.Date(start.Year(), 1, 1, 12, 0, 0, 0, start.Location())
	// What counts as the start's week, month and year is known once it came.
	var all []calendar
	at := -1
	for day := first; day.Year() < start.Year()+years; day = day.AddDate(0, 0, 1) {
		if len(all) > 0 {
			if day.Weekday() == time.Monday {
				c.week++
			}
			if day.Day() == 1 {
				c.month++
				c.seen = map[time.Weekday]int{}
			}
			if day.Day() == 1 && day.Month() == 1 {
				c.year++
			}
		}
		c.seen[day.Weekday()]++
		c.day, c.weekday, c.dayOfMonth, c.inYear = day, day.Weekday(), day.Day(), int(day.Month())
		one := c
		one.seen = map[time.Weekday]int{day.Weekday(): c.seen[day.Weekday()]}
		if day.Format(time.DateOnly) == start.Format(time.DateOnly) {
			at = len(all)
		}
		all = append(all, one)
	}
	for i, one := range all {
		one.n = i - at
		one.week -= all[at].week
		one.month -= all[at].month
		one.year -= all[at].year
		visit(one)
	}
}

// falls is the oracle's word on a day.
func (c calendar) falls(r temporal.Rule) bool {
	weekday := len(r.Weekdays) == 0 || slices.Contains(r.Weekdays, c.weekday)
	inMonth := slices.Contains(r.Days, c.dayOfMonth)
	if len(r.Days) == 0 {
		nth := map[string]int{"": 1, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}[r.Ordinal]
		last := c.day.AddDate(0, 0, 7).Month() != c.day.Month()
		inMonth = weekday && (r.Ordinal == "every" || r.Ordinal == "last" && last || c.seen[c.weekday] == nth)
	}
	if c.n < 0 {
		return false
	}
	switch r.Cycle {
	case "date":
		return c.n == 0
	case "daily":
		return c.n%r.Interval == 0
	case "weekly":
		return c.week%r.Interval == 0 && weekday
	case "monthly":
		return c.month%r.Interval == 0 && inMonth
	default:
		return c.inYear == int(r.Month) && c.year%r.Interval == 0 && inMonth
	}
}

// holds is the oracle's word on a moment, whose day and the day before are
// given, by the clock on the wall.
func holds(r temporal.Rule, today, yesterday bool, clock string) bool {
	from, to := wall(r.From), wall(r.To)
	if r.To < r.From {
		return today && clock >= from || yesterday && clock <= to
	}
	return today && clock >= from && clock <= to
}

func wall(s int) string {
	if s == temporal.Day {
		return "24:00:00"
	}
	return time.Unix(int64(s), 0).UTC().Format(time.TimeOnly)
}

func random(r *rand.Rand, in *time.Location) temporal.Rule {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	rule := temporal.Rule{
		Cycle: pick("date", "daily", "weekly", "monthly", "yearly"), Interval: 1 + r.IntN(4),
		Start:   time.Date(2025, 1, 1, r.IntN(24), r.IntN(60), 0, 0, in).AddDate(0, 0, r.IntN(600)),
		Ordinal: pick("", "every", "first", "second", "third", "fourth", "fifth", "last"),
		Month:   time.Month(1 + r.IntN(12)), From: r.IntN(temporal.Day + 1), To: r.IntN(temporal.Day + 1),
	}
	for range r.IntN(4) {
		rule.Weekdays = append(rule.Weekdays, time.Weekday(r.IntN(7)))
	}
	for range r.IntN(2) * r.IntN(4) {
		rule.Days = append(rule.Days, 1+r.IntN(31))
	}
	return rule
}

// TestOracle holds random rules to the oracle on every day of four years in
// zones on both sides of the world: at random moments, at both ends of the
// window, at midnight and, where clocks change, all around that.
func TestOracle(t *testing.T) {
	rules := 20
	if testing.Short() {
		rules = 5
	}
	for i, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			in, r := zone(t, name), rand.New(rand.NewPCG(7, uint64(i)))
			on, off := 0, 0
			for range rules {
				rule := random(r, in)
				yesterday := false
				walk(rule.Start, 4, func(c calendar) {
					today := c.falls(rule)
					for _, m := range moments(r, c.day, rule) {
						want := holds(rule, today, yesterday, m.Format(time.TimeOnly))
						got, why := rule.At(m, in)
						if got != want {
							t.Fatalf("%s: %v, want %v: it %s\n%+v", m, got, want, why, rule)
						}
						if got {
							on++
						} else {
							off++
						}
					}
					yesterday = today
				})
			}
			if on == 0 || off == 0 {
				t.Errorf("held %d times, not %d times: this proves nothing", on, off)
			}
		})
	}
}

// moments are some of a day, all of them on it by the clock of its zone.
func moments(r *rand.Rand, noon time.Time, rule temporal.Rule) (all []time.Time) {
	y, m, d := noon.Date()
	try := func(t time.Time) {
		if t.Day() == d {
			all = append(all, t)
		}
	}
	for _, s := range []int{0, r.IntN(temporal.Day), rule.From - 1, rule.From, rule.To, rule.To + 1, temporal.Day - 1} {
		try(time.Date(y, m, d, 0, 0, s, 0, noon.Location()))
	}
	_, before := noon.AddDate(0, 0, -1).Zone()
	if _, after := noon.Zone(); before != after {
		for t := noon.Add(-14 * time.Hour); t.Before(noon); t = t.Add(5 * time.Minute) {
			try(t)
		}
	}
	return all
}
