package accounts

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

// TestClient is where links in mail may lead.
func TestClient(t *testing.T) {
	h := New(Config{UIOrigins: []string{"https://ui.example", "http://localhost:3000"}})
	for raw, want := range map[string]bool{
		"https://ui.example/reset": true, "HTTPS://UI.example/": true, "http://localhost:3000/#/x": true,
		"http://ui.example/": false, "https://ui.example.evil.example/": false, "https://ui.example:444/": false,
		"https://evil.example/?https://ui.example": false, "https://ui.example@evil.example/": false, "": false, "%": false,
	} {
		if _, err := h.client(raw); (err == nil) != want {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestLanguage(t *testing.T) {
	doc := func(language string) resource.Doc {
		return resource.Doc{Public: resource.Object{"language": language}}
	}
	user := doc("de")
	for want, id := range map[string]*identity.Identity{
		"en-us": {Account: doc("")}, "fr": {Account: doc("fr")}, "de": {Account: doc("fr"), User: &user},
	} {
		if got := languageOf(id); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
