package route

import "regexp"

// Class is a kind of number, such as calls are restricted by
// (spec/callflow-modules.md section 4.5).
type Class struct {
	Name     string // "did_us": the key in call_restriction
	Friendly string // for people
	Regex    string // of normalised numbers
	// Pretty is how Kazoo's web clients show one: # is a digit, S one that is
	// left out, * the rest.
	Pretty    string
	Emergency bool
}

// northAmerica is how a number of the North American plan is shown.
const northAmerica = "SS(###) ### - ####"

// classes are tried in this order. Those of "caribbean" are the area codes of all islands in
// the North American plan.
var classes = []Class{
	{
		Name: "tollfree_us", Friendly: "US TollFree", Pretty: northAmerica,
		Regex: `^\+?1?(8(?:00|22|33|44|55|66|77|8[0-9])[2-9][0-9]{6})$`,
	},
	{Name: "toll_us", Friendly: "US Toll", Pretty: northAmerica, Regex: `^\+?1?(900[2-9][0-9]{6})$`},
	{
		Name: "emergency", Friendly: "Emergency Dispatcher", Pretty: "###", Emergency: true,
		Regex: `^(911|922|933|833|811|711|999)$`,
	},
	{
		Name: "caribbean", Friendly: "Caribbean", Pretty: northAmerica,
		Regex: `^\+?1?((?:684|264|268|242|246|441|284|345|767|809|829|849|473|671|658|876|664|670|787|939|869|758|784|` +
			`721|868|649|340)[0-9]{7})$`,
	},
	{Name: "did_us", Friendly: "US DID", Pretty: northAmerica, Regex: `^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$`},
	{Name: "international", Friendly: "International", Pretty: "*", Regex: `^(\+[2-9][0-9]{7,})$`},
	{Name: Unknown, Friendly: "Unknown", Pretty: "*", Regex: `^(.*)$`},
}

// Unknown is the class of what is in no other: extensions too.
const Unknown = "unknown"

// compiled are the regular expressions of classes.
var compiled = func() (all []*regexp.Regexp) {
	for _, c := range classes {
		all = append(all, regexp.MustCompile(c.Regex))
	}
	return all
}()

// Classes are the classes of numbers, in the order in which they are tried.
func Classes() []Class { return append([]Class(nil), classes...) }

// Classify is the class of a number, normalised or not: the first that fits.
func Classify(number string) Class {
	number = Normalise(number)
	for i, re := range compiled {
		if re.MatchString(number) {
			return classes[i]
		}
	}
	return classes[len(classes)-1] // a number with a line break in it
}
