package documents

import "github.com/pivotvoice/pivot/internal/resource"

// TemporalRule is a time of the day, week, month or year.
type TemporalRule struct {
	Name      string   `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Cycle     string   `json:"cycle" jsonschema:"required,enum=date,enum=daily,enum=weekly,enum=monthly,enum=yearly" jsonschema_description:"What it repeats with."`
	Interval  int      `json:"interval" jsonschema:"minimum=1" jsonschema_description:"Every how many cycles."`
	StartDate int64    `json:"start_date" jsonschema_description:"From when on, in Gregorian seconds."`
	EndDate   int64    `json:"end_date,omitempty" jsonschema:"minimum=0" jsonschema_description:"Until which day, in Gregorian seconds; 0 or none for ever."`
	Days      []int    `json:"days,omitempty" jsonschema:"minimum=1,maximum=31" jsonschema_description:"Days of the month."`
	Weekdays  []string `json:"wdays,omitempty" jsonschema:"enum=monday,enum=tuesday,enum=wednesday,enum=wensday,enum=thursday,enum=friday,enum=saturday,enum=sunday" jsonschema_description:"Days of the week; all if not given."` //nolint:misspell // Kazoo takes it so
	Ordinal   string   `json:"ordinal,omitempty" jsonschema:"enum=every,enum=first,enum=second,enum=third,enum=fourth,enum=fifth,enum=last" jsonschema_description:"Which of the month's such weekdays."`
	Month     int      `json:"month,omitempty" jsonschema:"minimum=1,maximum=12" jsonschema_description:"The month of a yearly one."`
	Start     *int     `json:"time_window_start,omitempty" jsonschema:"minimum=0,maximum=86400" jsonschema_description:"From when on each such day, in seconds since midnight; 0 if not given."`
	Stop      *int     `json:"time_window_stop,omitempty" jsonschema:"minimum=0,maximum=86400" jsonschema_description:"Until when, in seconds since midnight; 86400 if not given. One before time_window_start is on the next day."`
	Enabled   *bool    `json:"enabled,omitempty" jsonschema_description:"true: always on; false: never; the time decides if not given."`
	Flags     []string `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// TemporalRuleSet is several rules under one name.
type TemporalRuleSet struct {
	Name  string   `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Rules []string `json:"temporal_rules,omitempty" jsonschema:"minItems=1" jsonschema_description:"The ids of its rules."`
	Flags []string `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// startDate is when rules begin whose document does not say, in Gregorian
// seconds: 2 April 1983, as in Kazoo's schema.
const startDate = 62586115200

// TemporalRules are the rules of an account.
var TemporalRules = define(resource.Def[TemporalRule]{
	Name: "temporal_rules", Type: "temporal_rule", Summary: "Temporal rules: opening hours and holidays.",
	Default: TemporalRule{Interval: 1, StartDate: startDate},
	Example: `{"name": "Office hours", "cycle": "weekly",
		"wdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
		"time_window_start": 32400, "time_window_stop": 61200}`,
	List: append(resource.Fields("name", "type"), flags),
})

// TemporalRuleSets are the sets of rules of an account.
var TemporalRuleSets = define(resource.Def[TemporalRuleSet]{
	Name: "temporal_rules_sets", Type: "temporal_rule_set", Summary: "Sets of temporal rules.",
	Example: `{"name": "Holidays", "temporal_rules": ["0f3c3e1d8b2a4a6f9e7d5c4b3a291807"]}`,
	List: append(resource.Fields("name"), flags, resource.Column{
		Name: "rules", Is: ruleIDs, Value: func(d resource.Doc) any { return d.Public["temporal_rules"] },
	}),
	Refers: func(d resource.Doc) []resource.Ref { return refs("temporal_rule", d.Public, "temporal_rules") },
})
