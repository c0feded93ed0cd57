package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "time/tzdata" // the zones in the test files exist everywhere

	reference "drumbeat/config"
)

var update = flag.Bool("update", false, "write the faults as they are now")

func testEnv(name string) (string, bool) {
	v, ok := map[string]string{"NAME": "weekly", "SMTP_PASSWORD": "hunter2", "WEB_SECRET": "0123456789abcdef0123456789abcdef", "WEB_PASSWORD": "p"}[name]
	return v, ok
}

// Each file in testdata/faults has beside it the very lines that a user sees.
func TestEveryFaultIsReportedAtItsPlaceAndAllAtOnce(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, faults := Check(file, testEnv)
			if len(faults) == 0 {
				t.Fatal("accepted")
			}
			if cfg, faults := Load(file, testEnv); (cfg == nil) != (len(faults) > 0) {
				t.Errorf("a config %v beside the faults %v", cfg, faults)
			}
			got := strings.ReplaceAll(faults.Error(), "testdata/faults/", "") + "\n"
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is told:\n%s", got)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".faults"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// A report is wanted before the relay's password is there, and by people who may not read it.
func TestFilesThatOnlySendingNeedsHinderNoReport(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("process.yaml", string(reference.ProcessYAML))
	path := write("drumbeat.yaml", `process: process.yaml
source: {dsn: "sqlite:p.db"}
schedules: [{name: own, digest: rep, cron: "0 7 * * 1"}]
mail:
  from: a@example.com
  smtp: {host: localhost, username: u, password_file: none.txt, ca_file: none.pem}
`)
	cfg, faults := Load(path, os.LookupEnv)
	if len(faults) > 0 {
		t.Fatalf("report is refused: %v", faults)
	}
	if unready := cfg.ReadyToSend(); len(unready) != 2 || unready[0].Field != "mail.smtp.password_file" || unready[0].Line != 6 {
		t.Errorf("sending would find %v", unready)
	}
}

func TestTheVersionFollowsTheConfigAndItsProcess(t *testing.T) {
	dir := folder(t, string(reference.DrumbeatYAML))
	first := mustLoad(t, dir).Version
	if again := mustLoad(t, dir).Version; first == "" || again != first {
		t.Errorf("%q, then %q", first, again)
	}
	for _, name := range []string{"drumbeat.yaml", "process.yaml"} {
		file := filepath.Join(filepath.Dir(mustLoad(t, dir).Path), name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(text, "\n# changed\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if now := mustLoad(t, dir).Version; now == first {
			t.Errorf("%s changed and the version did not", name)
		} else {
			first = now
		}
	}
}

func TestASecretInTheConfigItselfIsNotedAndNotRepeated(t *testing.T) {
	env := func(name string) (string, bool) { return "postgres://drumbeat:hunter2@db/sales", name == "PIPELINE" }
	for name, c := range map[string]struct {
		source, state, smtp string
		want                string // the keys
	}{
		"all from elsewhere":           {`dsn: "${PIPELINE}"`, "dsn: sqlite:s.db", "password_file: password", ""},
		"a DSN without a password":     {"dsn: postgres://drumbeat@db/sales", "dsn: postgres:///x", "password_file: password", ""},
		"a DSN with one":               {"dsn: postgres://drumbeat:hunter2@db/sales", "dsn: sqlite:s.db", "password_file: password", "source.dsn"},
		"as a setting of the DSN":      {`dsn: "${PIPELINE}"`, "dsn: 'postgres://u@db/s?password=hunter2'", "password_file: password", "state.dsn"},
		"the relay's, like an address": {`dsn: "${PIPELINE}"`, "dsn: sqlite:s.db", "password: 'smtp:hunter2'", "mail.smtp.password"},
		"two":                          {"dsn: postgres://u:hunter2@db/s", "dsn: sqlite:s.db", "password: hunter2", "source.dsn, mail.smtp.password"},
		"a part of it from outside":    {`dsn: "${PIPELINE}"`, "dsn: sqlite:s.db", `password: "x${PIPELINE}"`, ""},
	} {
		cfg, faults := Load(folder(t, "source: {"+c.source+"}\nstate: {"+c.state+"}\nprocess: process.yaml\nmail: {from: d@example.com, smtp: {host: h, username: u, "+c.smtp+"}}\n"), env)
		var got string
		for _, note := range cfg.Notes {
			if keys, after, found := strings.Cut(note, ": written into the config"); found {
				got = keys
				if strings.Contains(after, "hunter2") {
					t.Errorf("%s: told: %s", name, note)
				}
			}
		}
		if got != c.want || len(faults) > 0 {
			t.Errorf("%s: noted %q, want %q; %v", name, got, c.want, faults)
		}
	}
}

// Readers who come from elsewhere come by a proxy on this machine, for whom /status cannot be told from its neighbours.
func TestABaseURLElsewhereWithoutAPasswordIsNoted(t *testing.T) {
	for base, want := range map[string]bool{"https://drumbeat.example.com": true, "https://drumbeat.example.com/d": true, "http://localhost:8080": false, "http://[::1]:8080": false, "https://127.0.0.1": false} {
		for auth, open := range map[string]bool{"": true, ", auth: {username: ops, password_file: password}": false} {
			cfg := mustLoad(t, folder(t, "source: {dsn: sqlite:pipeline.db}\nprocess: process.yaml\nweb: {listen: 127.0.0.1:8080, base_url: '"+base+"', secret: 0123456789abcdef0123456789abcdef"+auth+"}\n"))
			if got := strings.Contains(strings.Join(cfg.Notes, "\n"), "readers come by a proxy"); got != (want && open) || cfg.Web.Proxied() != want {
				t.Errorf("%s%s: noted: %t, proxied: %t", base, auth, got, cfg.Web.Proxied())
			}
		}
	}
}

// Whoever opens the worker to others hears who can then read what.
func TestAnAddressBeyondThisMachineWithoutAPasswordIsNoted(t *testing.T) {
	for listen, want := range map[string]bool{"127.0.0.1:8080": false, "[::1]:8080": false, "localhost:8080": false, ":8080": true, "0.0.0.0:8080": true, "[::]:8080": true,
		"10.0.0.7:8080": true, "mail-1.example.com:8080": true} {
		for auth, open := range map[string]bool{"": true, ", auth: {username: ops, password: geheim}": false} {
			cfg := mustLoad(t, folder(t, `source: {dsn: "sqlite:pipeline.db"}
process: process.yaml
mail: {from: Drumbeat <drumbeat@example.com>, smtp: {host: smtp.example.com}}
web: {listen: "`+listen+`"`+auth+`}
`))
			if got := strings.Contains(strings.Join(cfg.Notes, "\n"), "/status is shown to nobody"); got != (want && open) {
				t.Errorf("%s%s: noted: %t", listen, auth, got)
			}
		}
	}
}
