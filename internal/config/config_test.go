package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pivotvoice/pivot/internal/config"
)

// read parses settings as the program does.
func read(t *testing.T, file string, args ...string) (config.Config, error) {
	t.Helper()
	var cli struct {
		File kong.ConfigFlag `name:"config"`
		Stay bool
		config.Config
	}
	p, err := kong.New(&cli, kong.DefaultEnvars("PIVOT"), kong.Configuration(config.ReadFile), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		name := filepath.Join(t.TempDir(), "pivot.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config", name}, args...)
	}
	_, err = p.Parse(args)
	return cli.Config, err
}

func TestDefaults(t *testing.T) {
	c, err := read(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != "127.0.0.1:8000" || len(c.SIP) != 1 || c.SIP[0].String() != "127.0.0.1:5060" || c.RTP.String() != "16384-32767" {
		t.Errorf("%+v", c)
	}
	if filepath.Base(c.Data) != "pivot-data" || c.Drain != 30*time.Second || c.Account != "" {
		t.Errorf("%+v", c)
	}
}

// TestSameNames gives one setting in each of the three ways, and all: the
// flag wins over the environment, which wins over the file.
func TestSameNames(t *testing.T) {
	file := "http: 127.0.0.1:1\nvoices:\n  model: file\n  url: http://v\nsip: [udp/127.0.0.1:5070, \"tcp/[::1]:5070\"]\nmax_calls: 7\n"
	c, err := read(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != "127.0.0.1:1" || c.Voices.Model != "file" || c.Voices.URL != "http://v" || len(c.SIP) != 2 || c.MaxCalls != 7 {
		t.Errorf("file: %+v", c)
	}
	if c.SIP[0].TCP || !c.SIP[0].UDP || c.SIP[1].UDP || c.SIP[1].String() != "tcp/[::1]:5070" {
		t.Errorf("sip: %v", c.SIP)
	}
	t.Setenv("PIVOT_VOICES_MODEL", "env")
	t.Setenv("PIVOT_API_KEY", "0123456789abcdef")
	t.Setenv("PIVOT_HTTP", "127.0.0.1:2")
	if c, err = read(t, file, "--http", "127.0.0.1:3"); err != nil {
		t.Fatal(err)
	}
	if c.Voices.Model != "env" || c.APIKey != "0123456789abcdef" || c.HTTP != "127.0.0.1:3" {
		t.Errorf("all three: %+v", c)
	}
}

// TestWrong names the setting and says why.
func TestWrong(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		args       []string
		want       []string
	}{
		{"unknown key", "htpp: x", nil, []string{"htpp", "did you mean http?"}},
		{"unknown nested key", "voices: {uri: x}", nil, []string{"voices-uri", "did you mean voices-url?"}},
		{"flag of another command", "stay: true", nil, []string{"stay: there is no such setting"}},
		{"flag of every command", "help: true", nil, []string{"help: there is no such setting"}},
		{"not YAML", "{", nil, []string{"not YAML"}},
		{"a list", "- a", nil, []string{"not YAML with settings"}},
		{"empty value", "http:", nil, []string{"http", "no value"}},
		{"database", "db: mysql://a:hidden@b/c", nil, []string{"db: must", "postgres://"}},
		{"ports", "rtp: 5-9", nil, []string{"rtp", "1024"}},
		{"port range", "", []string{"--rtp", "20000"}, []string{"rtp", "range of ports"}},
		{"sip address", "", []string{"--sip", "localhost"}, []string{"sip", "IP address"}},
		{"sip transport", "", []string{"--sip", "tls/127.0.0.1:5061"}, []string{"sip", "udp or tcp"}},
		{"no time zone", "", []string{"--timezone=Mars/Olympus"}, []string{"timezone: must be a time zone"}},
		{"no time zone at all", "", []string{"--timezone="}, []string{"timezone: must be a time zone"}},
		{"api rate", "", []string{"--api-rate=5"}, []string{"api-rate: must be at least 60"}},
		{"no origin", "", []string{"--ui-origins=https://ui.example/x"}, []string{"ui-origins: must be"}},
		{"several", "", []string{"--max-calls=0", "--max-subscriptions=0", "--admin=joe", "--api-key=short"}, []string{"max-calls: must", "max-subscriptions: must", "admin: must", "api-key: must"}},
		{"openai without url", "", []string{"--voices-provider=openai"}, []string{"voices-url"}},
		{"provider", "", []string{"--voices-provider=festival"}, []string{"voices-provider", "festival"}},
		{"times", "", []string{"--voices-timeout=0s", "--recogniser-timeout=-1s"}, []string{"voices-timeout: must", "recogniser-timeout: must"}},
		{"media", "", []string{"--media-timeout=-1s", "--media-files=/no/such"}, []string{"media-timeout: must", "media-files: must", "/no/such"}},
		{"keepalive", "", []string{"--media-keepalive=19ms"}, []string{"media-keepalive: must", "20ms"}},
		{"cache", "", []string{"--voices-cache-bytes=0"}, []string{"voices-cache-bytes: must"}},
		{"cidr", "", []string{"--allow=10.0.0.0"}, []string{"allow"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(t, tc.file, tc.args...)
			if err == nil {
				t.Fatal("accepted")
			}
			if tc.name == "flag of another command" && strings.Contains(err.Error(), "did you mean") {
				t.Errorf("%q suggests what has nothing to do with it", err)
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("%q shows a password", err)
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add("http: x\nvoices: {url: y}\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(_ *testing.T, s string) { _, _ = config.ReadFile(strings.NewReader(s)) })
}
