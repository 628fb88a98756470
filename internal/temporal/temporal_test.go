package temporal_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/temporal"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := temporal.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// at is a moment by the clock on the wall of a zone; seconds may be left out.
func at(t *testing.T, text string, in *time.Location) time.Time {
	t.Helper()
	if strings.Count(text, ":") == 1 {
		text += ":00"
	}
	m, err := time.ParseInLocation(time.DateTime, text, in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func days(names ...string) (all []time.Weekday) {
	for _, n := range names {
		d, ok := temporal.Weekday(n)
		if !ok {
			panic(n)
		}
		all = append(all, d)
	}
	return all
}

const (
	hour  = 3600
	whole = temporal.Day
)

// TestAt is each sentence of the rules. start is a day in Berlin, as are all
// times; a time is one at which the rule holds, or with a ! one at which not.
func TestAt(t *testing.T) {
	yes, no := true, false
	last := time.Date(2026, 11, 19, 23, 30, 0, 0, time.UTC) // the 20th in Berlin
	week := days("monday", "tuesday", "wednesday", "thursday", "friday")
	type R = temporal.Rule
	for name, c := range map[string]struct {
		rule  R
		start string // 1983-04-02 if empty
		times string
	}{
		"date":                {R{Cycle: "date", To: whole}, "2026-12-24", "2026-12-24 00:00, 2026-12-24 23:59:59, !2026-12-23 23:59:59, !2026-12-25 00:00, !2027-12-24 12:00"},
		"daily":               {R{Cycle: "daily", To: whole}, "2026-01-01", "2026-01-01 00:00, 2026-01-02 12:00, !2025-12-31 23:59:59"},
		"daily, interval":     {R{Cycle: "daily", Interval: 3, To: whole}, "2026-02-27", "2026-02-27 12:00, 2026-03-02 12:00, !2026-02-28 12:00, !2026-03-01 12:00, 2026-03-05 00:00"},
		"daily, over a year":  {R{Cycle: "daily", Interval: 2, To: whole}, "2026-12-31", "2026-12-31 12:00, !2027-01-01 12:00, 2027-01-02 12:00"},
		"daily, over summer":  {R{Cycle: "daily", Interval: 2, To: whole}, "2026-03-28", "2026-03-28 00:00, !2026-03-29 12:00, 2026-03-30 00:00, 2026-10-24 12:00, !2026-10-25 12:00, 2026-10-26 00:00"},
		"weekly":              {R{Cycle: "weekly", Weekdays: week, From: 9 * hour, To: 17 * hour}, "", "2026-11-20 09:00, 2026-11-20 17:00, !2026-11-20 08:59:59, !2026-11-20 17:00:01, !2026-11-21 12:00"},
		"weekly, all days":    {R{Cycle: "weekly", To: whole}, "", "2026-11-21 12:00, 2026-11-22 12:00"},
		"weekly, misspelt":    {R{Cycle: "weekly", Weekdays: days("wensday"), To: whole}, "", "2026-11-18 12:00, !2026-11-19 12:00"}, //nolint:misspell // not by us
		"weekly, unsorted":    {R{Cycle: "weekly", Weekdays: days("friday", "monday"), To: whole}, "", "2026-11-16 12:00, 2026-11-20 12:00, !2026-11-18 12:00"},
		"weekly, interval":    {R{Cycle: "weekly", Interval: 2, Weekdays: days("monday", "sunday"), To: whole}, "2026-11-18", "!2026-11-16 12:00, 2026-11-22 12:00, !2026-11-23 12:00, !2026-11-29 12:00, 2026-11-30 12:00, 2026-12-06 12:00"},
		"weekly, ISO year":    {R{Cycle: "weekly", Interval: 2, To: whole}, "2026-12-28", "2026-12-31 12:00, 2027-01-03 12:00, !2027-01-04 12:00, 2027-01-11 12:00"},
		"weekly, 53 weeks":    {R{Cycle: "weekly", Interval: 53, To: whole}, "2026-01-01", "2026-01-04 12:00, !2026-12-31 12:00, 2027-01-04 12:00, !2027-01-11 12:00"},
		"monthly, days":       {R{Cycle: "monthly", Days: []int{15, 1}, To: whole}, "", "2026-11-01 12:00, 2026-11-15 12:00, !2026-11-02 12:00"},
		"monthly, first day":  {R{Cycle: "monthly", Interval: 2, Days: []int{1}, To: whole}, "2026-01-01", "2026-01-01 12:00, !2026-02-01 12:00, 2026-03-01 12:00, 2027-01-01 12:00"},
		"monthly, mid start":  {R{Cycle: "monthly", Days: []int{1}, To: whole}, "2026-01-15", "!2026-01-01 12:00, 2026-02-01 12:00"},
		"monthly, the 31st":   {R{Cycle: "monthly", Days: []int{31}, To: whole}, "", "2026-10-31 12:00, !2026-11-30 12:00, !2026-12-01 12:00"},
		"monthly, first":      {R{Cycle: "monthly", Weekdays: days("monday"), To: whole}, "", "2026-11-02 12:00, !2026-11-09 12:00"},
		"monthly, fifth":      {R{Cycle: "monthly", Ordinal: "fifth", Weekdays: days("monday"), To: whole}, "", "2026-11-30 12:00, !2026-12-07 12:00, !2026-12-28 12:00, !2027-01-04 12:00, 2027-03-29 12:00"},
		"monthly, last":       {R{Cycle: "monthly", Ordinal: "last", Weekdays: days("monday"), To: whole}, "", "2026-11-30 12:00, 2026-12-28 12:00, !2026-12-21 12:00, 2026-02-23 12:00"},
		"monthly, every":      {R{Cycle: "monthly", Ordinal: "every", Weekdays: days("monday"), To: whole}, "", "2026-11-02 12:00, 2026-11-16 12:00, !2026-11-17 12:00"},
		"monthly, several":    {R{Cycle: "monthly", Ordinal: "second", Weekdays: days("tuesday", "thursday"), To: whole}, "", "2026-11-10 12:00, 2026-11-12 12:00, !2026-11-05 12:00, !2026-11-17 12:00"},
		"monthly, any day":    {R{Cycle: "monthly", Ordinal: "first", To: whole}, "", "2026-11-01 12:00, 2026-11-07 12:00, !2026-11-08 12:00"},
		"yearly":              {R{Cycle: "yearly", Month: 12, Days: []int{26, 25}, To: whole}, "", "2026-12-25 12:00, 2026-12-26 12:00, !2026-11-25 12:00, !2026-12-24 12:00"},
		"yearly, no month":    {R{Cycle: "yearly", Days: []int{1}, To: whole}, "", "2027-01-01 00:00, !2027-02-01 12:00"},
		"yearly, interval":    {R{Cycle: "yearly", Interval: 2, Month: 1, Days: []int{1}, To: whole}, "2026-01-01", "2026-01-01 12:00, !2027-01-01 12:00, 2028-01-01 12:00"},
		"yearly, leap day":    {R{Cycle: "yearly", Month: 2, Days: []int{29}, To: whole}, "", "2028-02-29 12:00, !2027-02-28 12:00, !2027-03-01 12:00"},
		"yearly, fourth":      {R{Cycle: "yearly", Month: 11, Ordinal: "fourth", Weekdays: days("thursday"), To: whole}, "", "2026-11-26 12:00, !2026-11-19 12:00, 2027-11-25 12:00"},
		"yearly, fifth":       {R{Cycle: "yearly", Month: 11, Ordinal: "fifth", Weekdays: days("thursday"), To: whole}, "", "!2026-11-26 12:00, !2026-12-03 12:00, 2029-11-29 12:00"},
		"yearly, last":        {R{Cycle: "yearly", Month: 5, Ordinal: "last", Weekdays: days("monday"), To: whole}, "", "2026-05-25 12:00, !2026-05-18 12:00, 2027-05-31 12:00"},
		"future":              {R{Cycle: "daily", To: whole}, "2026-11-21", "!2026-11-20 23:59:59, 2026-11-21 00:00"},
		"switched on":         {R{Cycle: "date", Enabled: &yes}, "2099-01-01", "2026-11-20 12:00"},
		"switched off":        {R{Cycle: "daily", To: whole, Enabled: &no}, "", "!2026-11-20 12:00"},
		"no cycle":            {R{To: whole}, "", "!2026-11-20 12:00"},
		"one second":          {R{Cycle: "daily", From: 9 * hour, To: 9 * hour}, "", "2026-11-20 09:00, !2026-11-20 08:59:59, !2026-11-20 09:00:01"},
		"overnight":           {R{Cycle: "weekly", Weekdays: days("friday"), From: 22 * hour, To: 6 * hour}, "", "2026-11-20 22:00, 2026-11-20 23:59:59, 2026-11-21 00:00, 2026-11-21 06:00, !2026-11-21 06:00:01, !2026-11-20 05:00, !2026-11-20 21:59:59, !2026-11-21 22:00"},
		"overnight, midnight": {R{Cycle: "daily", From: 22 * hour, To: 0}, "", "2026-11-20 22:00, 2026-11-20 23:59:59, 2026-11-21 00:00, !2026-11-21 00:00:01"},
		"overnight, first":    {R{Cycle: "daily", From: 22 * hour, To: 6 * hour}, "2026-11-20", "!2026-11-20 05:00, 2026-11-20 22:00, 2026-11-21 05:00"},
		"overnight, one day":  {R{Cycle: "date", From: 22 * hour, To: 2 * hour}, "2026-12-31", "2026-12-31 23:00, 2027-01-01 02:00, !2026-12-31 01:00, !2027-01-01 22:00"},
		"overnight, interval": {R{Cycle: "daily", Interval: 2, From: 22 * hour, To: 6 * hour}, "2026-11-20", "2026-11-21 05:00, !2026-11-21 23:00, !2026-11-22 05:00, 2026-11-22 22:00, 2026-11-23 05:00"},
		"overnight, month":    {R{Cycle: "monthly", Ordinal: "last", Weekdays: days("monday"), From: 20 * hour, To: hour}, "", "2026-11-30 21:00, 2026-12-01 00:30, !2026-12-01 21:00"},
		"clock goes forward":  {R{Cycle: "weekly", Weekdays: days("sunday"), From: 2*hour + 1800, To: 3*hour + 1800}, "", "2026-03-29 03:00, 2026-03-29 03:30, !2026-03-29 01:59:59, !2026-03-29 03:30:01"},
		"ends":                {R{Cycle: "daily", End: last, To: whole}, "", "2026-11-20 23:59:59, !2026-11-21 00:00, !2027-11-20 12:00"},
		"ends overnight":      {R{Cycle: "daily", End: last, From: 22 * hour, To: 6 * hour}, "", "2026-11-20 22:00, 2026-11-21 06:00, !2026-11-21 22:00"},
		"end of the day":      {R{Cycle: "weekly", Weekdays: days("monday"), From: 18 * hour, To: whole}, "", "2026-11-16 23:59:59, !2026-11-17 00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			berlin := zone(t, "Europe/Berlin")
			if c.start == "" {
				c.start = "1983-04-02"
			}
			c.rule.Start = at(t, c.start+" 15:00", berlin)
			for text := range strings.SplitSeq(c.times, ", ") {
				text, not := strings.CutPrefix(text, "!")
				holds, why := c.rule.At(at(t, text, berlin).Add(999*time.Millisecond), berlin)
				if holds == not || why == "" {
					t.Errorf("%s: %v, it %s", text, holds, why)
				}
			}
		})
	}
}

// TestClockGoesBack: the hour that comes twice is in the window twice.
func TestClockGoesBack(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	r := temporal.Rule{Cycle: "daily", Start: at(t, "2026-01-01 00:00", berlin), From: 2 * hour, To: 2*hour + 1800}
	first := time.Date(2026, 10, 25, 0, 10, 0, 0, time.UTC) // 02:10 in summer
	for _, c := range []struct {
		after time.Duration
		holds bool
	}{{0, true}, {20 * time.Minute, true}, {21 * time.Minute, false}, {time.Hour, true}, {81 * time.Minute, false}, {2 * time.Hour, false}} {
		if holds, why := r.At(first.Add(c.after), berlin); holds != c.holds {
			t.Errorf("%v later, %s: it %s", c.after, first.Add(c.after).In(berlin), why)
		}
	}
}

// TestZones: the day is that of the zone, not that of the server.
func TestZones(t *testing.T) {
	now := time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)
	friday := temporal.Rule{Cycle: "weekly", Weekdays: days("friday"), To: whole}
	for name, holds := range map[string]bool{
		"UTC": true, "America/New_York": true, "Europe/Berlin": false, "Asia/Kolkata": false, "Pacific/Auckland": false,
	} {
		if got, why := friday.At(now, zone(t, name)); got != holds {
			t.Errorf("%s: %v, it %s", name, got, why)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Berlinn", "../../etc/passwd"} {
		if _, err := temporal.Zone(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
}

// TestWhy is what people read.
func TestWhy(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start := at(t, "2026-01-01 00:00", berlin)
	off := false
	for want, r := range map[string]temporal.Rule{
		"is switched off": {Enabled: &off},
		"is for every 2 days from Thursday 2026-01-01; this day is none of them":     {Cycle: "daily", Interval: 2, To: whole},
		"is for Monday, Sunday; it is Friday 2026-11-20":                             {Cycle: "weekly", Weekdays: days("sunday", "monday", "monday"), To: whole},
		"is for the days 1 15 of the month; it is Friday 2026-11-20":                 {Cycle: "monthly", Days: []int{15, 1}, To: whole},
		"is for the last Friday of the month; it is Friday 2026-11-20":               {Cycle: "monthly", Ordinal: "last", Weekdays: days("friday"), To: whole},
		"is in May; it is Friday 2026-11-20":                                         {Cycle: "yearly", Month: 5, Days: []int{1}, To: whole},
		"has the day, but not the time: 12:00:00 is outside of 18:00:00–24:00:00":    {Cycle: "daily", From: 18 * hour, To: whole},
		"holds: Friday 2026-11-20 12:00:00 is within 09:00:00–17:00:00":              {Cycle: "daily", From: 9 * hour, To: 17 * hour},
		"holds since Thursday 2026-11-19: it goes on until 13:00:00":                 {Cycle: "daily", From: 22 * hour, To: 13 * hour},
		"is for Thursday 2026-01-01; it is Friday 2026-11-20":                        {Cycle: "date", To: whole},
		`has no cycle that is known ("hourly")`:                                      {Cycle: "hourly", To: whole},
		"is for every 4 months from Thursday 2026-01-01; this month is none of them": {Cycle: "monthly", Interval: 4, Days: []int{20}, To: whole},
		"is for the first of each weekday of the month; it is Friday 2026-11-20":     {Cycle: "monthly", To: whole},
		"is for the fifth-ish Friday of the month; it is Friday 2026-11-20":          {Cycle: "monthly", Ordinal: "fifth-ish", Weekdays: days("friday"), To: whole},
	} {
		r.Start = start
		if _, why := r.At(at(t, "2026-11-20 12:00", berlin), berlin); why != want {
			t.Errorf("%s, want %s", why, want)
		}
	}
}

// TestAbsurd: no rule that a document can hold makes it crash or hang.
func TestAbsurd(t *testing.T) {
	for _, start := range []int64{math.MinInt64, -62167219200, 0, 1 << 40, math.MaxInt64} {
		for _, cycle := range []string{"date", "daily", "weekly", "monthly", "yearly"} {
			r := temporal.Rule{
				Cycle: cycle, Interval: math.MaxInt64, Start: time.Unix(start, 0), Days: []int{0, 31, 99}, Month: 13, To: -1,
			}
			r.At(time.Unix(1763600000, 0), time.UTC)
			r.Interval, r.Days = -5, nil
			r.At(time.Unix(1763600000, 0), time.UTC)
		}
	}
	// A start before our time reckoning counts on without end.
	r := temporal.Rule{Cycle: "daily", Interval: 2, Start: time.Unix(-62167219200, 0), To: whole}
	a, _ := r.At(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), time.UTC)
	b, _ := r.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), time.UTC)
	if a == b {
		t.Error("every second day holds on two days")
	}
}
