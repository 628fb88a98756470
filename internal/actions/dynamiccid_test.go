package actions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

func TestDynamicCID(t *testing.T) {
	const (
		asks  = `progress|dynamic-cid-enter_cid|cut short|`
		end   = `answer|say "rest"|bye`
		fault = `progress|fault-can_not_be_completed_as_dialed|refused 480 by us`
	)
	lists := map[string]string{
		"list l":        `{"name":"L","length":3,"entries":{"123":{"number":"+14155550123","name":"Inner"},"124":{"cid_number":"+14155550124","cid_name":"Other"},"125":"odd"}}`,
		"list_entry e1": `{"list_id":"l","capture_group_key":"01","number":"+14155550101","name":"One"}`,
		"list_entry e2": `{"list_id":"l","capture_group_key":"0222","capture_group_length":4,"number":"+14155550102","displayname":"Two"}`,
		"list_entry e3": `{"list_id":"l","number":"+14155550103"}`,
		"list_entry e0": `{"list_id":"l","capture_group_key":"05","capture_group_length":-1,"number":"+14155550105"}`,
		"list_entry e4": `{"list_id":"other","capture_group_key":"09","number":"+14155550109"}`,
	}
	for name, c := range map[string]struct {
		data     string
		captured string
		does     []person
		heard    string
		told     string
		not      string
	}{
		"manual":                {`{}`, ``, []person{presses(sec/2, "4155550100")}, asks + `accepted|` + end, "collected caller_id=4155550100 max_digits\nset Caller-ID-Number=4155550100", "set Request"},
		"manual, and a number":  {`{"action":"manual"}`, `"":"200"`, []person{presses(sec/2, "4155550100")}, asks + `accepted|` + end, "set Request=200", ""},
		"manual, nothing":       {`{}`, ``, nil, `progress|dynamic-cid-enter_cid|dynamic-cid-invalid_using_default|` + end, "", "set Caller-ID"},
		"manual, too short":     {`{}`, `"":"200"`, []person{presses(sec/2, "415#")}, asks + `dynamic-cid-invalid_using_default|` + end, "set Request=200", "set Caller-ID"},
		"manual, fewer":         {`{"min_digits":3,"max_digits":5}`, ``, []person{presses(sec/2, "415#")}, asks + `accepted|` + end, "set Caller-ID-Number=415", ""},
		"manual, more":          {`{"max_digits":12}`, ``, []person{presses(sec/2, "415555010012")}, asks + `accepted|` + end, "set Caller-ID-Number=415555010012", ""},
		"manual, least is most": {`{"min_digits":12,"max_digits":3}`, ``, []person{presses(sec/2, "415555010012")}, asks + `accepted|` + end, "set Caller-ID-Number=415555010012", ""},
		"manual, slowly":        {`{"interdigit_timeout":5000,"min_digits":2}`, ``, []person{does(sec/2, "4", 4*sec, "1")}, asks + `accepted|` + end, "set Caller-ID-Number=41", ""},
		"manual, allowed":       {`{"whitelist_regex":"^415"}`, ``, []person{presses(sec/2, "4155550100")}, asks + `accepted|` + end, "set Caller-ID-Number=4155550100", ""},
		"manual, not allowed":   {`{"whitelist_regex":"^212"}`, ``, []person{presses(sec/2, "4155550100")}, asks + `dynamic-cid-invalid_using_default|` + end, "", "set Caller-ID"},
		"manual, odd whitelist": {`{"whitelist_regex":"("}`, ``, []person{presses(sec/2, "4155550100")}, asks + `dynamic-cid-invalid_using_default|` + end, "warned regex.invalid", "set Caller-ID"},
		"manual, no digits":     {`{}`, ``, []person{presses(sec/2, "**********")}, asks + `dynamic-cid-invalid_using_default|` + end, "", "set Caller-ID"},
		"manual, own question":  {`{"media_id":"ask"}`, ``, nil, `progress|ask|dynamic-cid-invalid_using_default|` + end, "", ""},
		"manual, gone":          {`{}`, ``, []person{hurry(500 * time.Millisecond)}, `progress|dynamic-cid-enter_cid|gone|cut short`, "", ""},
		"static":                {`{"action":"static","caller_id":{"name":"Acme","number":"+14155550100"}}`, `"":"200"`, nil, end, "set Caller-ID-Name=Acme\nset Caller-ID-Number=+14155550100\nset Request=200", ""},
		"static, the number":    {`{"action":"static","caller_id":{"number":"+14155550100"}}`, ``, nil, end, "set Caller-ID-Number=+14155550100", "set Caller-ID-Name"},
		"list without a number": {`{"action":"list","id":"l"}`, ``, nil, `progress|dynamic-cid-enter_cid|dynamic-cid-invalid_using_default|` + end, "", ""},
		"lists":                 {`{"action":"lists","id":"l","permit_custom_callflow":true}`, `"":"01200"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Name=One\nset Caller-ID-Number=+14155550101\nset Request=200", ""},
		"list, an own entry":    {`{"action":"list","id":"l","permit_custom_callflow":true}`, `"":"123200"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Name=Inner\nset Caller-ID-Number=+14155550123", ""},
		"list, other names":     {`{"action":"list","id":"l","permit_custom_callflow":true}`, `"":"124200"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Name=Other\nset Caller-ID-Number=+14155550124", ""},
		"lists, four digits":    {`{"action":"lists","id":"l","permit_custom_callflow":true}`, `"":"0222200"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Name=Two\nset Caller-ID-Number=+14155550102\nset Request=200", ""},
		"lists, odd length":     {`{"action":"lists","id":"l","permit_custom_callflow":true}`, `"":"05200"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Number=+14155550105\nset Request=200", ""},
		"lists, no_match":       {`{"action":"lists","id":"l"}`, `"":"01999"`, nil, `answer|say "rest"|say "rest"|bye`, "set Request=999", ""},
		"lists, not permitted":  {`{"action":"lists","id":"l"}`, `"":"01200"`, nil, `progress|disa-invalid_extension|refused 480 by us`, "", "set Request"},
		"lists, nobody":         {`{"action":"lists","id":"l"}`, `"":"01*9"`, nil, `progress|disa-invalid_extension|refused 480 by us`, "", ""},
		"lists, nothing left":   {`{"action":"lists","id":"l"}`, `"":"01"`, nil, end, "set Caller-ID-Name=One", "set Request"},
		"lists, no entry":       {`{"action":"lists","id":"l"}`, `"":"09200"`, nil, fault, "warned dynamic_cid.no_entry", "set"},
		"lists, too short":      {`{"action":"lists","id":"l"}`, `"":"1"`, nil, fault, "warned dynamic_cid.no_entry", ""},
		"lists, no list":        {`{"action":"lists","id":"nobody"}`, `"":"01200"`, nil, fault, "warned dynamic_cid.no_entry", ""},
		"lists, no id":          {`{"action":"lists"}`, `"":"01200"`, nil, fault, "warned dynamic_cid.no_entry", ""},
		"list by group":         {`{"action":"list","id":"l","idx_name":"who","permit_custom_callflow":true}`, `"":"200","who":"123"`, nil, `answer|say "ann"|say "rest"|bye`, "set Caller-ID-Name=Inner\nset Caller-ID-Number=+14155550123\nset Request=200", ""},
		"list, no such group":   {`{"action":"list","id":"l","idx_name":"who"}`, `"":"200"`, nil, fault, "", ""},
		"lists, restricted":     {`{"action":"lists","id":"l","permit_custom_callflow":true}`, `"":"012025551234"`, nil, `answer|cf-unauthorized_call|bye`, "warned call.restricted", ""},
		"lists, not enforced":   {`{"action":"lists","id":"l","permit_custom_callflow":true,"enforce_call_restriction":false}`, `"":"012025551234"`, nil, `answer|say "public"|say "rest"|bye`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			heard, j := with(t, outgoing(acmeDenies, lists), fmt.Sprintf(`{"module":"given","data":{"captured":{%s}},"children":{
				"_":{"module":"dynamic_cid","data":%s,"children":{"_":{"module":"tts","data":{"text":"rest"}}}}}}`, c.captured, c.data), c.does...)
			if short(heard) != c.heard {
				t.Errorf("heard\n%s, want\n%s", short(heard), c.heard)
			}
			for want := range strings.SplitSeq(c.told, "\n") {
				if !strings.Contains(told(j), want) {
					t.Errorf("not told: %s in\n%s", want, told(j))
				}
			}
			if c.not != "" && strings.Contains(told(j), c.not) {
				t.Errorf("told: %s in\n%s", c.not, told(j))
			}
		})
	}
}

// TestDynamicCIDOpensEars: the question comes a tenth of a second late, for
// phones that open their ears late.
func TestDynamicCIDOpensEars(t *testing.T) {
	_, j := with(t, outgoing("", nil), `{"module":"dynamic_cid"}`)
	if took := time.Duration(of[event.Finished](j)[0].Took); took != 100*time.Millisecond+sec+5*sec+sec {
		t.Error(took)
	}
}

func TestPrivacy(t *testing.T) {
	for name, c := range map[string]struct{ data, captured, heard, told string }{
		"full":      {`{}`, ``, `answer|say "rest"|bye`, "Privacy-Hide-Name=true Privacy-Hide-Number=true Privacy-Method=kazoo Privacy-Strategy=overwrite "},
		"yes":       {`{"mode":"yes","endpoint_strategy":"merge"}`, ``, `answer|say "rest"|bye`, "Privacy-Hide-Name=true Privacy-Hide-Number=true Privacy-Method=kazoo Privacy-Strategy=merge "},
		"name":      {`{"mode":"name"}`, ``, `answer|say "rest"|bye`, "Privacy-Hide-Name=true Privacy-Hide-Number=false Privacy-Method=kazoo Privacy-Strategy=overwrite "},
		"number":    {`{"mode":"number"}`, ``, `answer|say "rest"|bye`, "Privacy-Hide-Name=false Privacy-Hide-Number=true Privacy-Method=kazoo Privacy-Strategy=overwrite "},
		"to number": {`{"mode":"number"}`, `"":"2025551234"`, `answer|say "public"|say "rest"|bye`, "Privacy-Hide-Name=false Privacy-Hide-Number=true Privacy-Method=kazoo Privacy-Strategy=overwrite Request=+12025551234 "},
		"no_match":  {`{"mode":"number"}`, `"":"999"`, `answer|say "rest"|say "rest"|bye`, "Privacy-Hide-Name=false Privacy-Hide-Number=true Privacy-Method=kazoo Privacy-Strategy=overwrite Request=999 "},
		"nobody":    {`{}`, `"":"*9"`, `refused 480 by us`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			heard, j := with(t, outgoing("", nil), fmt.Sprintf(`{"module":"given","data":{"captured":{%s}},"children":{
				"_":{"module":"privacy","data":%s,"children":{"_":{"module":"tts","data":{"text":"rest"}}}}}}`, c.captured, c.data))
			set := strings.NewReplacer("set ", "", "\n", " ").Replace(told(j))
			if short(heard) != c.heard || !strings.HasPrefix(set, c.told) {
				t.Errorf("heard\n%s, want\n%s\n%s", short(heard), c.heard, set)
			}
		})
	}
}
