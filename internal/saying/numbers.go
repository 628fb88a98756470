package saying

import (
	"regexp"
	"strconv"
	"strings"
)

// amount is a number: a sign, digits with or without commas, and a part behind
// a point.
var amount = regexp.MustCompile(`^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$`)

// mostDigits is how long a number may be to be said as one.
const mostDigits = 15

func (w *writer) number(v Value) bool {
	m := amount.FindStringSubmatch(v.Text)
	if m == nil {
		return false
	}
	digits := strings.ReplaceAll(m[2], ",", "")
	switch {
	case v.Method == Iterated || len(digits) > mostDigits:
		w.sign(m[1])
		w.as("characters", digits)
		if m[3] != "" {
			w.text("point")
			w.as("characters", m[3])
		}
	case v.Method == Counted && m[3] == "":
		w.sign(m[1])
		w.as("ordinal", digits)
	default:
		w.sign(m[1])
		w.count(digits)
		if m[3] != "" {
			w.text("point")
			w.as("characters", m[3])
		}
	}
	return true
}

// sign says a minus; a plus is not said.
func (w *writer) sign(s string) {
	if s == "-" {
		w.text("minus")
	}
}

// count says digits as an amount.
func (w *writer) count(digits string) { w.as("cardinal", strings.ReplaceAll(digits, ",", "")) }

// of says how many there are of something.
func (w *writer) of(digits, one, many string) {
	w.count(digits)
	if n, err := strconv.ParseUint(strings.ReplaceAll(digits, ",", ""), 10, 64); err == nil && n == 1 {
		many = one
	}
	w.text(many)
}

// money is what a currency is called, and its hundredth, "" if it has none.
type money struct{ one, many, cent, cents string }

// currencies are known by their signs and by their codes (ISO 4217).
var currencies = map[string]money{
	"$": {"dollar", "dollars", "cent", "cents"}, "USD": {"dollar", "dollars", "cent", "cents"},
	"€": {"euro", "euros", "cent", "cents"}, "EUR": {"euro", "euros", "cent", "cents"},
	"£": {"pound", "pounds", "penny", "pence"}, "GBP": {"pound", "pounds", "penny", "pence"},
	"¥": {"yen", "yen", "", ""}, "JPY": {"yen", "yen", "", ""},
	"CAD": {"Canadian dollar", "Canadian dollars", "cent", "cents"},
	"AUD": {"Australian dollar", "Australian dollars", "cent", "cents"},
	"CHF": {"Swiss franc", "Swiss francs", "centime", "centimes"},
	"INR": {"rupee", "rupees", "paisa", "paise"},
}

// price is an amount of money: signs, the currency before or behind, cents.
var price = regexp.MustCompile(`^([+-]?)\s?([A-Z]{3}|[$€£¥])?\s?([+-]?)` +
	`(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?\s?([A-Z]{3}|[$€£¥])?$`)

// currency says 12.50, $12.50, -12 USD: dollars where no currency is named.
func (w *writer) currency(v Value) bool {
	m := price.FindStringSubmatch(v.Text)
	if m == nil || m[2] != "" && m[6] != "" || len(m[4]) > mostDigits {
		return false
	}
	name := m[2] + m[6]
	if name == "" {
		name = "USD"
	}
	unit, ok := currencies[name]
	if !ok || unit.cent == "" && m[5] != "" {
		return false
	}
	w.sign(m[1] + m[3])
	cents := strings.TrimLeft((m[5] + "0")[:min(2, len(m[5])+1)], "0")
	if m[5] == "" {
		cents = ""
	}
	whole := strings.TrimLeft(strings.ReplaceAll(m[4], ",", ""), "0")
	if whole != "" || cents == "" {
		w.of(m[4], unit.one, unit.many)
		if cents != "" {
			w.text("and")
		}
	}
	if cents != "" {
		w.of(cents, unit.cent, unit.cents)
	}
	return true
}

var (
	spanParts = regexp.MustCompile(`^(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2})$`)
	seconds   = regexp.MustCompile(`^\d{1,9}$`)
)

// span says how long something takes: 1:02:03, 2:03, or a number of seconds.
func (w *writer) span(v Value) bool {
	var h, m, s int
	switch parts := spanParts.FindStringSubmatch(v.Text); {
	case parts != nil:
		h, m, s = whole(parts[1]), whole(parts[2]), whole(parts[3])
	case seconds.MatchString(v.Text):
		s = whole(v.Text)
		h, m, s = s/3600, s/60%60, s%60
	default:
		return false
	}
	said := [][3]string{}
	for _, part := range []struct {
		n    int
		name string
	}{{h, "hour"}, {m, "minute"}, {s, "second"}} {
		if part.n > 0 {
			said = append(said, [3]string{strconv.Itoa(part.n), part.name, part.name + "s"})
		}
	}
	if len(said) == 0 {
		said = [][3]string{{"0", "second", "seconds"}}
	}
	for i, part := range said {
		switch {
		case i > 0 && i == len(said)-1:
			w.text("and")
		case i > 0:
			w.comma()
		}
		w.of(part[0], part[1], part[2])
	}
	return true
}

// whole is a number of a few digits, 0 for none.
func whole(s string) int {
	n, _ := strconv.Atoi(s) // no digits are 0
	return n
}
