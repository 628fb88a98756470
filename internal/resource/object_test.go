package resource

import (
	"testing"
)

func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"b":1},"c":2}`, `{"a":{"b":null},"d":[null]}`)
	f.Fuzz(func(t *testing.T, base, patch string) {
		b, err := ParseObject([]byte(base))
		p, err2 := ParseObject([]byte(patch))
		if err != nil || err2 != nil {
			return
		}
		once := Merge(b, p)
		if !Equal(once, Merge(once, p)) {
			t.Errorf("%s over %s is not the same a second time", patch, base)
		}
		if again, _ := ParseObject([]byte(base)); !Equal(again, b) {
			t.Errorf("the base was changed")
		}
	})
}
