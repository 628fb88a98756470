package app_test

import "testing"

// TestPreflow runs the callflow that an account wants before all others, which
// comes back to the one that was called; and goes on where there is none.
func TestPreflow(t *testing.T) {
	a := start(t, nil)
	create(t, a, "/callflows", `{"id":"first","numbers":["1999"],"flow":{"module":"set","data":{"plan":"gold"}}}`)
	create(t, a, "/callflows", `{"numbers":["2000"],"flow":{"module":"answer","data":{},"children":{"_":{
		"module":"branch_variable","data":{"variable":"plan"},"children":{"gold":{"module":"hangup","data":{}}}}}}}`)
	for i, c := range []struct{ always, told string }{
		{`null`, "decided "},
		{`"first"`, "set plan=gold, decided gold"},
		{`"none"`, "failed callflow.missing, decided "},
	} {
		ask(t, a, "PATCH", "", `{"data":{"preflow":{"always":`+c.always+`}}}`)
		if got := callAndRead(t, a, "preflow-"+string(rune('a'+i)), "2000", "+1", ""); got != c.told {
			t.Errorf("preflow.always %s: %s, want %s", c.always, got, c.told)
		}
	}
}
