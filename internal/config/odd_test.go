package config

import (
	"strings"
	"testing"

	reference "drumbeat/config"
)

const plainConfig = `source: {dsn: "sqlite:p.db"}
process: process.yaml
schedules: [{name: own, digest: rep, cron: "0 7 * * 1"}]
mail: {from: a@example.com, smtp: {host: localhost}}
`

// What another system's editor makes of a file is the same file.
func TestFilesOfOtherSystemsAndOfJSONAreTaken(t *testing.T) {
	for name, text := range map[string]string{
		"lines that end like Windows'":         strings.ReplaceAll(string(reference.DrumbeatYAML), "\n", "\r\n"),
		"a byte order mark":                    "\ufeff" + plainConfig,
		"both":                                 "\ufeff" + strings.ReplaceAll(plainConfig, "\n", "\r\n"),
		"no line end at the end":               strings.TrimSuffix(plainConfig, "\n"),
		"a document's begin and end":           "---\n" + plainConfig + "...\n",
		"JSON":                                 `{"source": {"dsn": "sqlite:p.db"}, "process": "process.yaml", "schedules": [{"name": "own", "digest": "rep", "cron": "0 7 * * 1"}], "mail": {"from": "a@example.com", "smtp": {"host": "localhost", "port": 25}}}`,
		"a mapping used twice by its alias":    strings.Replace(plainConfig, "schedules: [{name: own, digest: rep, cron: \"0 7 * * 1\"}]", "schedules:\n  - {name: own, digest: rep, cron: \"0 7 * * 1\", recipients: &north {teams: [North]}}\n  - {name: team, digest: manager, cron: \"0 7 * * 1\", recipients: *north}", 1),
		"a password that begins with a dollar": strings.Replace(plainConfig, "host: localhost", "host: localhost, username: u, password: $secret", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := Check(folder(t, text), testEnv); len(faults) > 0 {
				t.Error(faults)
			}
		})
	}
}

// However large or deep a file is, its reader comes to an end.
func TestALargeOrDeepFileIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"deep lists":       {plainConfig + "log: " + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "\n", "log: must be a mapping, not a list"},
		"deep mappings":    {plainConfig + "log: " + strings.Repeat("{a: ", 3000) + strings.Repeat("}", 3000) + "\n", "log.a: unknown key"},
		"never closed":     {plainConfig + "log: " + strings.Repeat("[", 3000), "5:"},
		"two megabytes":    {plainConfig + "people:\n" + strings.Repeat("  - {rep: \"1\", name: Ada Berg}\n", 1<<21/32), `"1" stands twice`},
		"a long line":      {plainConfig + "currency: " + strings.Repeat("x", 1<<20) + "\n", "is no currency"},
		"many anchors":     {plainConfig + "links: &a [*a, *a, *a, *a]\n", "links: must be a mapping"},
		"a billion laughs": {plainConfig + "rates: {a: &a [x, x], b: &b [*a, *a, *a], c: &c [*b, *b, *b], d: [*c, *c, *c]}\n", "rates.a: "},
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := Check(folder(t, c.text), testEnv); !strings.Contains(faults.Error(), c.want) {
				t.Errorf("%.500s", faults.Error())
			}
		})
	}
}
