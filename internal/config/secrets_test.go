package config

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever a database or a relay says: what opens a door is not in what is mailed or logged of it.
func FuzzWithoutSecrets(f *testing.F) {
	for _, c := range [][3]string{
		{"dial postgres://u:", "hunter2!", "@db/sales: refused"}, {"535 ", "hunter2", " is wrong"}, {"password=", "a b", ""}, {"", "%41:/@", ""},
		{"x", "redacted", "y"}, {"\"", "\"quoted\"", "\""}, {"://", "@@@@", "@"}, {"", "ü\nü\nü", ""},
	} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < 4 || strings.Contains("[redacted]", secret) || strings.Contains("://[redacted]@", secret) || strings.Contains(before+after, secret) {
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
