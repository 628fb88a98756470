package api

import (
	"errors"
	"strings"
)

// URLChecker says what is wrong with a URL that a web server would be asked
// at, without asking anybody; a *webhook.Client is one.
type URLChecker interface {
	CheckURL(raw string) error
}

var errScheme = errors.New("only http and https URLs are asked")

func checkURL(urls URLChecker, raw string) error {
	switch {
	case urls != nil:
		return urls.CheckURL(raw)
	case strings.HasPrefix(raw, "http://"), strings.HasPrefix(raw, "https://"):
		return nil
	default:
		return errScheme
	}
}

// askable says what is wrong with a URL that this server would ask.
func (c Config) askable(url string) error { return checkURL(c.URLs, url) }
