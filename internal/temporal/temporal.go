// Package temporal says whether a rule of opening hours or holidays holds at a
// moment. It is pure: it knows no store and no call. The rules are those of
// Kazoo's temporal_route (spec/callflow-modules.md section 6), with its
// defects mended and nights added.
package temporal

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // so that no machine needs files of time zones
)

// The cycles of rules.
const (
	Date    = "date" // once, on the day of Start
	Daily   = "daily"
	Weekly  = "weekly"
	Monthly = "monthly"
	Yearly  = "yearly"
)

// Day is the length of a day's clock, in seconds.
const Day = 86400

// Rule is days that come again, and a window of time on each of them.
type Rule struct {
	Cycle    string
	Interval int       // every how many cycles, counted from Start; less than 1 is 1
	Start    time.Time // its day, in the zone that is asked about, is the first one
	End      time.Time // its day, in that zone, is the last one; zero is that there is none
	Days     []int     // of the month: monthly and yearly
	// Weekdays are the days of the week; none is all seven. Monthly and yearly
	// rules use them where there are no Days, with Ordinal.
	Weekdays []time.Weekday
	Ordinal  string     // which of the month's: "every", "first" (also "") … "fifth", "last"
	Month    time.Month // of a yearly rule; 0 is January
	// From and To are the window, in seconds since midnight by the clock on
	// the wall; both ends belong to it. A To before From is on the next day,
	// and the day that must fit is the one on which the window began.
	From, To int
	Enabled  *bool // true holds always, false never; nil leaves it to the time
}

// Weekday is a day of the week by its name in documents: in English and lower
// case, or as Kazoo's schema misspells one.
func Weekday(name string) (day time.Weekday, ok bool) {
	if name == "wensday" { //nolint:misspell // not by us
		return time.Wednesday, true
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.ToLower(d.String()) == name {
			return d, true
		}
	}
	return 0, false
}

// Zone is a time zone by its name, such as Europe/Berlin.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	return time.LoadLocation(name)
}

// At says whether the rule holds at a moment, by the clocks of a zone, and why
// or why not, in words that go on from the rule's name.
func (r Rule) At(now time.Time, in *time.Location) (holds bool, why string) {
	if r.Enabled != nil {
		if *r.Enabled {
			return true, "is switched on"
		}
		return false, "is switched off"
	}
	local := now.In(in)
	start := dayOf(r.Start.In(in))
	if !r.End.IsZero() {
		r.End = dayOf(r.End.In(in))
	}
	today := dayOf(local)
	clock := local.Hour()*3600 + local.Minute()*60 + local.Second()
	overnight := r.To < r.From
	if overnight && clock <= r.To {
		if yesterday := today.AddDate(0, 0, -1); r.not(yesterday, start) == "" {
			return true, fmt.Sprintf("holds since %s: it goes on until %s", show(yesterday), clockTime(r.To))
		}
	}
	if why := r.not(today, start); why != "" {
		return false, why
	}
	window := clockTime(r.From) + "–" + clockTime(r.To)
	if clock < r.From || !overnight && clock > r.To {
		return false, fmt.Sprintf("has the day, but not the time: %s is outside of %s", clockTime(clock), window)
	}
	return true, fmt.Sprintf("holds: %s %s is within %s", show(today), clockTime(clock), window)
}

// dayOf is the day that t's own clock shows, as midnight UTC: such days can be
// counted with, since none of them is longer than another.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// not is why the rule does not fall on a day; "" is that it does.
func (r Rule) not(day, start time.Time) string {
	if day.Before(start) {
		return fmt.Sprintf("begins on %s; it is %s", show(start), show(day))
	}
	if !r.End.IsZero() && day.After(r.End) {
		return fmt.Sprintf("ended on %s; it is %s", show(r.End), show(day))
	}
	switch r.Cycle {
	case Date:
		if !day.Equal(start) {
			return fmt.Sprintf("is for %s; it is %s", show(start), show(day))
		}
		return ""
	case Daily:
		return r.turn("day", days(start, day), start)
	case Weekly:
		return r.notWeekly(day, start)
	case Monthly:
		return either(r.turn("month", months(start, day), start), func() string { return r.notInMonth(day) })
	case Yearly:
		if month := max(r.Month, time.January); day.Month() != month {
			return fmt.Sprintf("is in %s; it is %s", month, show(day))
		}
		return either(r.turn("year", day.Year()-start.Year(), start), func() string { return r.notInMonth(day) })
	default:
		return fmt.Sprintf("has no cycle that is known (%q)", r.Cycle)
	}
}

// either is the first of two reasons that there is.
func either(first string, second func() string) string {
	if first != "" {
		return first
	}
	return second()
}

// turn is why the cycle that is n after the first one is not one of the rule's.
func (r Rule) turn(unit string, n int, start time.Time) string {
	if every := max(r.Interval, 1); n%every != 0 {
		return fmt.Sprintf("is for every %d %ss from %s; this %s is none of them", every, unit, show(start), unit)
	}
	return ""
}

// notWeekly counts weeks as ISO 8601 does, from Monday.
func (r Rule) notWeekly(day, start time.Time) string {
	if !r.has(day.Weekday()) {
		return fmt.Sprintf("is for %s; it is %s", names(r.Weekdays), show(day))
	}
	return r.turn("week", days(monday(start), monday(day))/7, start)
}

// notInMonth is why a day of the right month is not one of the rule's.
func (r Rule) notInMonth(day time.Time) string {
	if len(r.Days) > 0 {
		if !slices.Contains(r.Days, day.Day()) {
			return fmt.Sprintf("is for the days %s of the month; it is %s", numbers(r.Days), show(day))
		}
		return ""
	}
	if !r.has(day.Weekday()) || !r.ordinal(day) {
		return fmt.Sprintf("is for the %s %s of the month; it is %s", orFirst(r.Ordinal), names(r.Weekdays), show(day))
	}
	return ""
}

func (r Rule) has(d time.Weekday) bool { return len(r.Weekdays) == 0 || slices.Contains(r.Weekdays, d) }

// ordinal says whether day is the right one among its month's such weekdays.
func (r Rule) ordinal(day time.Time) bool {
	switch want := orFirst(r.Ordinal); want {
	case "every":
		return true
	case "last":
		return day.AddDate(0, 0, 7).Month() != day.Month()
	default:
		return slices.Index([]string{"first", "second", "third", "fourth", "fifth"}, want) == (day.Day()-1)/7
	}
}

func orFirst(ordinal string) string {
	if ordinal == "" {
		return "first"
	}
	return ordinal
}

// days counts from one day to another. A time.Duration would end after 292
// years.
func days(from, to time.Time) int { return int((to.Unix() - from.Unix()) / Day) }

// months counts from the month of one day to that of another.
func months(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

// monday is the first day of day's week.
func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

func show(day time.Time) string { return day.Format("Monday 2006-01-02") }

func clockTime(s int) string { return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60) }

// names are days of the week in their order.
func names(all []time.Weekday) string {
	if len(all) == 0 {
		return "of each weekday"
	}
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b time.Weekday) int { return (int(a)+6)%7 - (int(b)+6)%7 })
	var out []string
	for _, d := range slices.Compact(sorted) {
		out = append(out, d.String())
	}
	return strings.Join(out, ", ")
}

func numbers(all []int) string {
	sorted := slices.Sorted(slices.Values(all))
	return strings.Trim(fmt.Sprint(slices.Compact(sorted)), "[]")
}
