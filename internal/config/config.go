// Package config is every setting of the server, declared once: its name as a
// flag, as a key of the YAML file and as an environment variable PIVOT_…, its
// default and what must hold of it.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Config is the settings of `pivot serve`.
type Config struct {
	Data string `help:"Folder of the database, recordings and caches." default:"./pivot-data" type:"path"`
	DB   string `name:"db" help:"URL of a PostgreSQL database, postgres://USER:PASSWORD@HOST/NAME; empty is SQLite in the data folder."`

	HTTP string   `name:"http" help:"Address of the REST API." default:"127.0.0.1:8000"`
	SIP  []Listen `name:"sip" help:"Addresses of SIP, UDP and TCP; udp/ADDRESS or tcp/ADDRESS for one of them." default:"127.0.0.1:5060"`
	RTP  Ports    `name:"rtp" help:"UDP ports of RTP and RTCP; each call takes two." default:"16384-32767"`

	Advertise        netip.Addr     `help:"Address that peers reach this server at, where it differs from its own (NAT)."`
	Allow            []netip.Prefix `help:"Networks that may call besides loopback: carriers, PBXs, phones. Others get no answer at all."`
	MaxCalls         int            `help:"Calls at one time; more are refused with 503." default:"4000"`
	MaxSubscriptions int            `help:"Subscriptions of phones to lamps at one time, half of them from one address or of one account; more are refused with 503." default:"20000"`
	Drain            time.Duration  `help:"How long running calls may go on after SIGTERM." default:"30s"`

	Account string `help:"Name of the first account; main if it never had one."`
	Realm   string `help:"SIP realm of the first account; made up if empty."`
	Admin   string `help:"USER:PASSWORD of the first account's admin; made at first start if empty."`
	APIKey  string `name:"api-key" help:"API key of the first account; made at first start if empty."`

	SigningKey string   `help:"Key that signs the first account's webhooks (X-Twilio-Signature); made at first start if empty."`
	PublicURL  string   `name:"public-url" help:"URL that web servers reach the REST API at, for links to recordings; http://HTTP if empty."`
	Timezone   string   `help:"Time zone of accounts that name none." default:"UTC"`
	Nomorobo   string   `name:"nomorobo-url" help:"URL of the spam score service that the action nomorobo asks; Nomorobo's if empty."`
	APIRate    int      `name:"api-rate" help:"Requests to the REST API that an account may make in a minute from one address." default:"60000"`
	UIOrigins  []string `name:"ui-origins" help:"Origins of web clients, such as https://ui.example.com, that mail to users may link to."`
	SMTP       SMTP     `name:"smtp" help:"Mail server that notifications go out by: smtp://USER:PASSWORD@HOST:PORT or smtps://…; nobody is mailed if empty."`
	MailFrom   string   `help:"Address that mail is from; needed with smtp."`
	Lenient    bool     `help:"Skip verbs of TwiML that are not known, with an event, instead of refusing the document."`

	Webhooks   Webhooks   `embed:"" prefix:"webhooks-"`
	Voices     Voices     `embed:"" prefix:"voices-"`
	Recogniser Recogniser `embed:"" prefix:"recogniser-"`
	Media      Media      `embed:"" prefix:"media-"`
	Retention  Retention  `embed:"" prefix:"retention-"`
	Log        Log        `embed:"" prefix:"log-"`
}

// Webhooks is how customers' web servers are asked.
type Webhooks struct {
	Allow    []netip.Prefix `help:"Private networks that webhooks, media and uploads may reach. While every listener is on loopback, loopback may be reached too."`
	MaxBytes int64          `help:"Largest answer, in bytes." default:"1048576"`
}

// Voices is what speaks.
type Voices struct {
	Provider   string        `help:"builtin, espeak or openai; empty is espeak-ng where it is installed, else builtin." enum:",builtin,espeak,openai" default:""`
	URL        string        `name:"url" help:"URL of a /v1/audio/speech service."`
	Key        string        `help:"Its bearer token."`
	Model      string        `help:"Its model." default:"tts-1"`
	Timeout    time.Duration `help:"How long a provider may take before the next one speaks." default:"10s"`
	CacheBytes int64         `help:"Size of the cache of speech on disk, in bytes." default:"1073741824"`
	Prompts    bool          `help:"Have all prompts spoken in the background after the start; else each when it is first heard."`
}

// Recogniser is what understands speech.
type Recogniser struct {
	Provider string        `help:"openai; empty is none: speech is not understood." enum:",openai" default:""`
	URL      string        `name:"url" help:"URL of a /v1/audio/transcriptions service."`
	Key      string        `help:"Its bearer token."`
	Model    string        `help:"Its model." default:"whisper-1"`
	Timeout  time.Duration `help:"How long it may take." default:"15s"`
}

// Media is how sound is handled.
type Media struct {
	Files   string        `help:"Folder whose files callflows may play by name; none if empty." type:"path"`
	Timeout time.Duration `help:"Hang up an answered call when nothing was heard for so long; 0 is never." default:"0s"`

	Keepalive time.Duration `help:"Send a frame of silence on answered calls whenever nothing was sent for so long; 0 is never." default:"0s"`
}

// Retention is how long things are kept.
type Retention struct {
	Events time.Duration `help:"How long timelines and debug documents are kept." default:"168h"`
	CDRs   time.Duration `name:"cdrs" help:"How long call records are kept." default:"2160h"`
}

// Log is what is logged, and how.
type Log struct {
	Level  string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	Format string `help:"text or json." enum:"text,json" default:"text"`
}

// Listen is one SIP listener.
type Listen struct {
	UDP, TCP bool
	Addr     netip.AddrPort
}

// UnmarshalText reads "127.0.0.1:5060", "udp/[::1]:5060" or "tcp/0.0.0.0:5060".
func (l *Listen) UnmarshalText(b []byte) error {
	transport, addr, one := strings.Cut(string(b), "/")
	if !one {
		transport, addr = "", string(b)
	}
	switch transport {
	case "":
		l.UDP, l.TCP = true, true
	case "udp":
		l.UDP = true
	case "tcp":
		l.TCP = true
	default:
		return fmt.Errorf("%q is not a transport of SIP here: udp or tcp", transport)
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not ADDRESS:PORT with an IP address, such as 0.0.0.0:5060", addr)
	}
	l.Addr = at
	return nil
}

func (l Listen) String() string {
	switch {
	case l.UDP && l.TCP:
		return l.Addr.String()
	case l.UDP:
		return "udp/" + l.Addr.String()
	default:
		return "tcp/" + l.Addr.String()
	}
}

// Ports is a range of ports, both ends in it.
type Ports struct{ Min, Max int }

// UnmarshalText reads "16384-32767".
func (p *Ports) UnmarshalText(b []byte) error {
	lo, hi, ok := strings.Cut(string(b), "-")
	from, err1 := strconv.Atoi(strings.TrimSpace(lo))
	to, err2 := strconv.Atoi(strings.TrimSpace(hi))
	switch {
	case !ok || err1 != nil || err2 != nil:
		return fmt.Errorf("%q is not a range of ports such as 16384-32767", b)
	case from < 1024 || to > 65535:
		return fmt.Errorf("%s: ports go from 1024 to 65535", b)
	case to-from < 1:
		return fmt.Errorf("%s has no room for one call, which takes two ports", b)
	}
	p.Min, p.Max = from, to
	return nil
}

func (p Ports) String() string { return fmt.Sprintf("%d-%d", p.Min, p.Max) }

// Validate names every setting that cannot be, and why. kong calls it once
// all settings are read.
func (c *Config) Validate() error {
	var all []error
	for _, rule := range c.rules() {
		if rule.broken {
			all = append(all, fmt.Errorf("%s: %s", rule.name, rule.says))
		}
	}
	return errors.Join(all...)
}

// rule is something that a setting must hold to.
type rule struct {
	name   string // of the setting
	broken bool
	says   string // what it must be
}

func (c *Config) rules() []rule {
	user, pass, pair := strings.Cut(c.Admin, ":")
	short := func(key string) bool { return key != "" && len(key) < 16 }
	return []rule{
		{"sip", len(c.SIP) == 0, "is empty; name an address such as 127.0.0.1:5060"},
		{"db", !isPostgres(c.DB), "must be a URL such as postgres://USER:PASSWORD@HOST/NAME, or empty"},
		{"max-calls", c.MaxCalls < 1, fmt.Sprintf("must be at least 1, not %d", c.MaxCalls)},
		{"max-subscriptions", c.MaxSubscriptions < 1, fmt.Sprintf("must be at least 1, not %d", c.MaxSubscriptions)},
		{"drain", c.Drain < 0, "must not be below zero"},
		{
			"admin", c.Admin != "" && (!pair || user == "" || len(pass) < 6),
			"must be USER:PASSWORD with a password of at least 6 characters",
		},
		{"api-key", short(c.APIKey), "must have at least 16 characters"},
		{"signing-key", short(c.SigningKey), "must have at least 16 characters"},
		{"public-url", !isURL(c.PublicURL), fmt.Sprintf("must be an http or https URL, not %q", c.PublicURL)},
		{"timezone", !isZone(c.Timezone), fmt.Sprintf("must be a time zone such as Europe/Berlin, not %q", c.Timezone)},
		{"nomorobo-url", !isURL(c.Nomorobo), fmt.Sprintf("must be an http or https URL, not %q", c.Nomorobo)},
		{"mail-from", c.SMTP.Host != "" && c.MailFrom == "", "is needed with smtp"},
		{"mail-from", !isAddress(c.MailFrom), fmt.Sprintf("must be an address: pivot@example.com, not %q", c.MailFrom)},
		{
			"voices-url", c.Voices.Provider == "openai" && c.Voices.URL == "",
			"is needed with voices-provider openai",
		},
		{
			"recogniser-url", c.Recogniser.Provider == "openai" && c.Recogniser.URL == "",
			"is needed with recogniser-provider openai",
		},
		{"api-rate", c.APIRate < 60, "must be at least 60"},
		{"ui-origins", !allOrigins(c.UIOrigins), "must be scheme and host alone, such as https://ui.example.com"},
		{"webhooks-max-bytes", c.Webhooks.MaxBytes < 1024, "must be at least 1024"},
		{"voices-timeout", c.Voices.Timeout <= 0, "must be above zero"},
		{"voices-cache-bytes", c.Voices.CacheBytes < 1<<20, "must be at least 1048576"},
		{"recogniser-timeout", c.Recogniser.Timeout <= 0, "must be above zero"},
		{"media-files", !isFolder(c.Media.Files), fmt.Sprintf("must be a folder that can be read, not %q", c.Media.Files)},
		{"media-timeout", c.Media.Timeout < 0, "must not be below zero"},
		{
			"media-keepalive", c.Media.Keepalive != 0 && c.Media.Keepalive < 20*time.Millisecond,
			"must be 0s, or at least 20ms, which is silence without a gap",
		},
		{"retention-events", c.Retention.Events < time.Hour, "must be at least 1h"},
		{"retention-cdrs", c.Retention.CDRs < time.Hour, "must be at least 1h"},
	}
}

// isURL says whether a setting is empty or an http or https URL.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return text == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// isZone says whether a setting names a time zone.
func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return name != "" && name != "Local" && err == nil
}

// isPostgres says whether a setting is empty or looks like a PostgreSQL URL.
func isPostgres(text string) bool {
	return text == "" || strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// allOrigins says whether all of a setting are the scheme and host of a URL,
// in lower case, and no more.
func allOrigins(all []string) bool {
	return !slices.ContainsFunc(all, func(text string) bool {
		u, err := url.Parse(text)
		return err != nil || !isURL(text) || text != strings.ToLower(u.Scheme+"://"+u.Host)
	})
}

// isFolder says whether a setting is empty or a folder that can be read.
func isFolder(name string) bool {
	if name == "" {
		return true
	}
	dir, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }()
	info, err := dir.Stat()
	return err == nil && info.IsDir()
}

// Loopback is a SIP listener for UDP and TCP that only this machine reaches.
func Loopback(port uint16) Listen {
	return Listen{UDP: true, TCP: true, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
}

// Defaults is the settings where nobody says anything, without what the
// environment says.
func Defaults() (Config, error) {
	var c Config
	p, err := kong.New(&c)
	if err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	_, err = p.Parse(nil)
	return c, err
}
