package config

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var login = regexp.MustCompile(`://[^\s/@]+@|(?i)\b(password|pwd|secret|token)=[^\s;,:&]+`)

// opensADoor says whether the value of a secret's key is one: a DSN without a password is none.
func opensADoor(key, value string) bool {
	if key != "dsn" {
		return value != ""
	}
	u, err := url.Parse(value)
	if err != nil {
		return false // a fault of its own
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password")
}

// isNamed says whether words are the name of a schedule, which is told everywhere: as a monitor's path it is no secret.
func (c *Config) isNamed(words string) bool {
	return slices.ContainsFunc(c.Schedules, func(s Schedule) bool { return s.Name == words })
}

// WithoutSecrets takes out of foreign words, which may be mailed or logged, what opens a door: passwords, DSNs, the URLs
// of monitors.
func (c *Config) WithoutSecrets(words string) string {
	secrets := []string{string(c.Source.DSN), string(c.State.DSN), string(c.Mail.SMTP.Password), string(c.Web.Password), string(c.Web.Secret)}
	for _, dsn := range secrets[:2] {
		if u, err := url.Parse(dsn); err == nil && u.User != nil {
			password, _ := u.User.Password()
			escaped := strings.TrimPrefix(url.UserPassword("", password).String(), ":")
			secrets = append(secrets, password, escaped, url.QueryEscape(password), url.PathEscape(password))
		}
	}
	for _, s := range c.Schedules {
		if u, err := url.Parse(s.Ping); err == nil && !c.isNamed(strings.Trim(u.RequestURI(), "/")) {
			secrets = append(secrets, strings.TrimPrefix(u.RequestURI(), "/"))
		}
	}
	for _, s := range secrets { // as errors quote it
		secrets = append(secrets, strings.Trim(strconv.Quote(s), `"`))
	}
	for _, s := range secrets {
		if len(s) > 3 && !strings.HasPrefix(s, "sqlite:") {
			words = strings.ReplaceAll(words, s, redacted)
		}
	}
	return login.ReplaceAllStringFunc(words, func(found string) string {
		if strings.HasPrefix(found, "://") {
			return "://" + redacted + "@"
		}
		return found[:strings.IndexByte(found, '=')+1] + redacted
	})
}
