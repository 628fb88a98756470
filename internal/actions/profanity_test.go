package actions

import "testing"

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"Scunthorpe has a classy cockatoo": "Scunthorpe has a classy cockatoo",
		"Shit, that fucking thing!":        "S***, that f****** thing!",
		"bullshit bastards":                "b******* b*******",
		"Scheiße":                          "Scheiße",
	} {
		if got := mask(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
