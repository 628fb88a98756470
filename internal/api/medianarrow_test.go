package api

import (
	"os"
	"os/exec"
	"testing"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/resource"
)

// TestNarrowMP3 takes MP3 of 8 kHz where lame is there to read it, as it is
// when it is played, and says what is missing where it is not.
func TestNarrowMP3(t *testing.T) {
	mp3, err := os.ReadFile("../audio/testdata/mpeg25-8k.mp3")
	if err != nil {
		t.Fatal(err)
	}
	up := func(w *world, code int) answer {
		id := resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
		return w.must(code, "POST A/media/"+id+"/raw", "raw:"+string(mp3))
	}
	if a := up(newWorld(t), 400); a.fault("file", "type") == "" {
		t.Error(a.text)
	}
	if _, err := exec.LookPath("lame"); err != nil {
		if os.Getenv("PIVOT_STRANGERS") == "required" {
			t.Fatal("lame is not installed")
		}
		t.Skip("lame is not installed")
	}
	library := media.New(media.Config{})
	defer library.Close()
	a := up(newWorld(t, func(c *Config) { c.Decode = library.Decode }), 200)
	if a.data()["content_type"] != rest.TypeMP3 {
		t.Error(a.text)
	}
}

// TestCutSound takes a WAV file that ends before it says, however early, and
// tells of one that has no sample.
func TestCutSound(t *testing.T) {
	w := newWorld(t)
	id := resource.Text(w.must(201, "PUT A/media", `{"name":"Greeting"}`).data(), "id")
	whole := string(wavOf(t, 800))
	for _, length := range []int{46, 100, 44 + 2*160, len(whole) - 1} {
		w.must(200, "POST A/media/"+id+"/raw", "raw:"+whole[:length])
	}
	for _, length := range []int{1, 12, 44, 45} {
		if a := w.must(400, "POST A/media/"+id+"/raw", "raw:"+whole[:length]); a.fault("file", "type") == "" {
			t.Errorf("%d bytes: %s", length, a.text)
		}
	}
}
