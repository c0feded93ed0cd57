package config

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func isPartOf(s string, wholes ...string) bool {
	return slices.ContainsFunc(wholes, func(whole string) bool { return strings.Contains(whole, s) })
}

// Whatever a database or a relay says: what opens a door is not in what is mailed or logged of it.
func FuzzWithoutSecrets(f *testing.F) {
	for _, c := range [][3]string{
		{"dial postgres://u:", "hunter2!", "@db/sales: refused"}, {"535 ", "hunter2", " is wrong"}, {"password=", "a b", ""}, {"", "%41:/@", ""},
		{"x", "redacted", "y"}, {"\"", "\"quoted\"", "\""}, {"://", "@@@@", "@"}, {"", "ü\nü\nü", ""},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < 4 || isPartOf(secret, "://[redacted]@", "password=[redacted]") || strings.Contains(before+after, secret) {
			return // shorter ones are found everywhere
		}
		dsn := (&url.URL{Scheme: "postgres", User: url.UserPassword("drumbeat", secret), Host: "db", Path: "/sales"}).String()
		c := &Config{Source: Source{DSN: Secret(dsn)}, State: State{DSN: "sqlite:state.db"}, Mail: Mail{SMTP: SMTP{Password: Secret(secret)}},
			Web: Web{Secret: Secret(secret)}}
		for _, form := range []string{secret, dsn, url.QueryEscape(secret), url.PathEscape(secret)} {
			said := c.WithoutSecrets(before + form + after)
			if strings.Contains(said, form) && !strings.Contains(before+"[redacted]"+after, form) {
				t.Errorf("%q is told: %q", form, said)
			}
		}
	})
}

// A monitor's path that is a schedule's name would blank that name everywhere.
func TestTheNameOfAScheduleIsNoSecret(t *testing.T) {
	c := &Config{Schedules: []Schedule{{Name: "managers", Ping: "https://ntfy.example/managers"}, {Name: "own", Ping: "https://hc.example/0f-3c/x?a=1"}}}
	if got := c.WithoutSecrets("managers: POST /managers, /0f-3c/x?a=1"); got != "managers: POST /managers, /[redacted]" {
		t.Error(got)
	}
}
