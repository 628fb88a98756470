package actions_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestBranchBNumber(t *testing.T) {
	const child = `answer|say "child"|bye`
	const rest = `answer|say "rest"|bye`
	for name, c := range map[string]struct {
		data, captured, channel string
		heard                   string
		told                    string
	}{
		"the child of the number":    {`{}`, `"200"`, ``, child, ""},
		"in E.164":                   {`{}`, `"2025559999"`, ``, `answer|say "public child"|bye`, ""},
		"no such child":              {`{}`, `"201"`, ``, rest, ""},
		"nothing captured":           {`{"hunt":true}`, `""`, ``, rest, ""},
		"hunts":                      {`{"hunt":true}`, `"200"`, ``, `answer|say "ann"|say "rest"|bye`, ""},
		"hunts in E.164":             {`{"hunt":true,"hunt_allow":"^\\+1202"}`, `"2025551234"`, ``, `answer|say "public"|say "rest"|bye`, ""},
		"not allowed":                {`{"hunt":true,"hunt_allow":"^3"}`, `"200"`, ``, rest, ""},
		"denied":                     {`{"hunt":true,"hunt_deny":"^2"}`, `"200"`, ``, rest, ""},
		"invalid allow":              {`{"hunt":true,"hunt_allow":"["}`, `"200"`, ``, rest, "warned regex.invalid"},
		"invalid deny":               {`{"hunt":true,"hunt_deny":"["}`, `"200"`, ``, `answer|say "ann"|say "rest"|bye`, "warned regex.invalid"},
		"no_match from outside":      {`{"hunt":true}`, `"999"`, ``, rest, ""},
		"no_match of a carrier":      {`{"hunt":true}`, `"999"`, `"resource"`, rest, ""},
		"no_match from inside":       {`{"hunt":true}`, `"999"`, `"device"`, `answer|say "rest"|say "rest"|bye`, ""},
		"a huge number":              {`{"hunt":true,"hunt_allow":"^(2+)+$"}`, `"` + strings.Repeat("2", 20_000) + `"`, ``, rest, ""},
		"a huge expression":          {`{"hunt":true,"hunt_allow":"` + strings.Repeat("(a|2", 500) + strings.Repeat(")*", 500) + `"}`, `"200"`, ``, rest, "warned regex.invalid"},
		"an exploding expression":    {`{"hunt":true,"hunt_allow":"((2{1000}){1000}){1000}"}`, `"200"`, ``, rest, "warned regex.invalid"},
		"without hunt, the rest":     {`{"hunt":false}`, `"999"`, `"device"`, rest, ""},
		"children are not hunted to": {`{"hunt":true}`, `"201"`, ``, rest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.channel == "" {
				c.channel = `""`
			}
			d := deps(nil)
			d.Flows = office
			heard, j := with(t, d, fmt.Sprintf(`{"module":"given","data":{"captured":{"":%s},"channel":{"Authorizing-Type":%s}},"children":{
				"_":{"module":"branch_bnumber","data":%s,"children":{"200":{"module":"tts","data":{"text":"child"}},
				"+12025559999":{"module":"tts","data":{"text":"public child"}},
				"_":{"module":"tts","data":{"text":"rest"}}}}}}`, c.captured, c.channel, c.data))
			if short(heard) != c.heard || !strings.Contains(told(j), c.told) {
				t.Errorf("heard\n%s, want\n%s\n%s", short(heard), c.heard, told(j))
			}
		})
	}
	if heard, _ := take(t, nil, `{"module":"branch_bnumber"}`); heard != "refused 480 by us" {
		t.Error("it takes no call:", heard)
	}
}
