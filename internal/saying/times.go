package saying

import (
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/gregorian"
)

// layouts are how times are written; those without a date are of today.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "15:04:05", "15:04",
}

// moment reads a time: nothing, "now" and 0 are now; a number is seconds since
// 1970 or, of the size that only those have, since the year 0.
func (v Value) moment() (time.Time, bool) {
	switch strings.ToLower(v.Text) {
	case "", "0", "now":
		return v.Now, true
	}
	if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
		if n > gregorian.Epoch {
			n -= gregorian.Epoch
		}
		t := time.Unix(n, 0).In(v.Now.Location())
		return t, n > 0 && t.Year() < 10000
	}
	for _, layout := range layouts {
		t, err := time.ParseInLocation(layout, v.Text, v.Now.Location())
		if err != nil {
			continue
		}
		if t.Year() == 0 { // a time of day
			y, m, d := v.Now.Date()
			t = time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, v.Now.Location())
		}
		return t.In(v.Now.Location()), true
	}
	return time.Time{}, false
}

func (w *writer) date(v Value) bool { return w.time(v, dayText) }

func (w *writer) clock(v Value) bool { return w.time(v, clockText) }

func (w *writer) dateTime(v Value) bool {
	return w.time(v, func(t time.Time) string { return dayText(t) + ", at " + clockText(t) })
}

// shortDateTime leaves out of a date what goes without saying.
func (w *writer) shortDateTime(v Value) bool {
	return w.time(v, func(t time.Time) string {
		at := " at " + clockText(t)
		switch days := daysBetween(t, v.Now); {
		case days == 0:
			return "today" + at
		case days == 1:
			return "yesterday" + at
		case days == -1:
			return "tomorrow" + at
		case days > 1 && days < 7:
			return t.Weekday().String() + at
		case t.Year() == v.Now.Year():
			return t.Format("January ") + nth(t.Day()) + "," + at
		}
		return t.Format("January ") + nth(t.Day()) + t.Format(", 2006,") + at
	})
}

func (w *writer) time(v Value, text func(time.Time) string) bool {
	t, ok := v.moment()
	if ok {
		w.text(text(t))
	}
	return ok
}

func dayText(t time.Time) string {
	return t.Format("Monday, January ") + nth(t.Day()) + t.Format(", 2006")
}

func clockText(t time.Time) string { return t.Format("3:04 PM") }

// nth is a day of a month: 1st, 2nd.
func nth(day int) string {
	end := "th"
	if day/10 != 1 {
		switch day % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return strconv.Itoa(day) + end
}

// daysBetween is how many days t is before now, by their calendar.
func daysBetween(t, now time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(now).Sub(day(t)) / (24 * time.Hour))
}
