package yamlfile

import (
	"strings"
	"testing"
)

func TestAKeyAtTheWrongLevelIsShownItsPlace(t *testing.T) {
	read := func(root *Map) {
		mail := root.Map("mail")
		mail.Text("from", "")
		mail.Map("smtp").Need("host", "the relay")
		for _, m := range root.Maps("people") {
			m.Need("name", "who")
			to := m.Map("away")
			to.Text("until", "")
			to.Text("note", "")
		}
		root.Map("web").Text("note", "")
	}
	places := Outline("people: [{}]\n", read)
	for text, want := range map[string]string{
		"mail: {host: x}\n":                                                   "f.yaml:1:8: mail.host: unknown key; it belongs under mail.smtp",
		"host: x\nmail: {from: a}\n":                                          "f.yaml:1:1: host: unknown key; it belongs under mail.smtp",
		"name: x\nmail: {smtp: {host: x}}\n":                                  "f.yaml:1:1: name: unknown key; it belongs into an item of people",
		"mail: {smtp: {host: x, from: a}}\n":                                  "f.yaml:1:24: mail.smtp.from: unknown key; it belongs under mail",
		"mail: {smtp: {host: x, people: []}}\n":                               "f.yaml:1:24: mail.smtp.people: unknown key; it belongs at the top level, without indentation",
		"mail: {smtp: {host: x}}\npeople: [{name: a}, {name: b, until: c}]\n": "f.yaml:2:31: people[1].until: unknown key; it belongs under people[1].away",
		"mail: {smtp: {host: x}}\nnote: x\n":                                  "f.yaml:2:1: note: unknown key; it belongs under web",
		"mail: {smtp: {hots: x}}\n":                                           "f.yaml:1:15: mail.smtp.hots: unknown key; did you mean host?",
		"mail: {relay: x}\n":                                                  "f.yaml:1:8: mail.relay: unknown key; it is called host, and belongs under mail.smtp",
		"mail: {smtp: {relay: x}}\n":                                          "f.yaml:1:15: mail.smtp.relay: unknown key; did you mean host?",
		"a: 1\nb: 2\n":                                                        "f.yaml:1:1: none of its keys is known here (a, b, …); is this the right file? possible: mail, people, web",
		"people: [{name: a}, {}]\nmail: {host: x}\n":                          "f.yaml:1:21: people[1].name: is missing; who\nf.yaml:2:8: mail.host: unknown key; it belongs under mail.smtp",
	} {
		f, root := Parse("f.yaml", []byte(text), nil)
		root.Know(places, map[string]string{"relay": "host"})
		read(root)
		if got := f.Faults().Error(); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestASlipOfAHandIsOneStepAway(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"dsn", "dsn", 0}, {"dns", "dsn", 1}, {"ds", "dsn", 1}, {"dsnn", "dsn", 1}, {"dzn", "dsn", 1}, {"form", "from", 1}, {"", "dsn", 3}, {"dsn", "", 3},
		{"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := Distance(c.a, c.b); got != c.want || Distance(c.b, c.a) != got {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestAVariableThatIsNearlySetIsNamed(t *testing.T) {
	env := func(name string) (string, bool) { return "", name == "SMTP_PASSWORD" || name == "DRUMBEAT_DSN" }
	for name, want := range map[string]string{"SMTP_PASSWROD": "SMTP_PASSWORD", "smtp_password": "SMTP_PASSWORD", "SMTP_PASWORD": "SMTP_PASSWORD", "SMTP_PASSWORDS": "SMTP_PASSWORD",
		"SMTP_PASSWURD": "SMTP_PASSWORD", "DSN": "DRUMBEAT_DSN", "SMTP_SECRET": "", "SMTP": ""} {
		if got := nearlySet(name, env); got != want {
			t.Errorf("for %s it is %q", name, got)
		}
	}
}

func TestADateThatIsNoneMeansOne(t *testing.T) {
	for s, want := range map[string]string{"1.7.2026": "did you mean 2026-07-01?", "2026-7-1": "did you mean 2026-07-01?", "2026/07/01": "did you mean 2026-07-01?", "07/21/2026": "did you mean 2026-07-21?",
		"21/07/2026": "did you mean 2026-07-21?", "2026-07-01T08:00:00Z": "did you mean 2026-07-01?", "2026-02-30": "the calendar has no such day", "tomorrow": "write it like 2026-07-01"} {
		if got := LikelyDate(s); got != want {
			t.Errorf("%s: %s", s, got)
		}
	}
	if got := LikelyDate("07/01/2026"); !strings.Contains(got, "cannot be told") {
		t.Errorf("either of two: %s", got)
	}
}
