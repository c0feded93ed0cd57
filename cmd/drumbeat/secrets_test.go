package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drumbeat/internal/config"
	"drumbeat/internal/mail/mailbox"
)

// planted are the secrets of a config, each so that it is found wherever it gets to.
var planted = map[string]string{
	"SOURCE": "src-Pa55/9f1c", "STATE": "sta-Pa55/7b2e", "RELAY": "rel-Pa55-3d4a", "WEB": "web-secret-0123456789abcdef-5c6b", "PAGES": "pag-Pa55-8e7d", "PING": "png-Pa55-1a2b",
}

// secretive writes a config whose every secret is given by the environment or by a file, with the databases that are named.
func secretive(t *testing.T, byFile bool, source, state string) (config, dir, listen string, box *mailbox.Mailbox) {
	t.Helper()
	dir, _ = inHouse(t, "90d", "")
	box, err := mailbox.Start(mailbox.Options{StartTLS: true, Username: "drumbeat", Password: planted["RELAY"]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	listen = freeAddress(t)
	files := map[string]string{"ca.pem": string(box.CA())}
	give := func(key, name, value string) string {
		if byFile {
			files[name] = value + "\n"
			return key + "_file: " + name
		}
		t.Setenv("TEST_"+name, value)
		return key + `: "${TEST_` + name + `}"`
	}
	text := fmt.Sprintf(`environment: demo
process: process.yaml
source: {%s}
state: {%s}
schedules: [{name: weekly-own, digest: rep, cron: "0 7 * * 1", ping: "http://127.0.0.1:1/%s"}]
mail:
  from: drumbeat@drumbeat.example
  rate: 1000/s
  smtp: {host: 127.0.0.1, port: %d, ca_file: ca.pem, username: drumbeat, %s}
web: {listen: "%s", base_url: "http://%s", %s, auth: {username: ops, %s}}
log: {level: debug}
`, give("dsn", "SOURCE", source), give("dsn", "STATE", state), planted["PING"], box.Port(), give("password", "RELAY", planted["RELAY"]), listen, listen,
		give("secret", "WEB", planted["WEB"]), give("password", "PAGES", planted["PAGES"]))
	files["drumbeat.yaml"] = text
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "drumbeat.yaml"), dir, listen, box
}

// tells says which secrets a text holds, as they are or as a protocol writes them.
func tells(text []byte) (found []string) {
	for name, secret := range planted {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte("\x00drumbeat\x00" + secret)), base64.StdEncoding.EncodeToString([]byte("ops:" + secret))} {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

func TestNoSecretIsToldByAnything(t *testing.T) {
	for _, by := range []string{"environment", "file"} {
		t.Run("by "+by, func(t *testing.T) {
			config, dir, listen, box := secretive(t, by == "file", "sqlite:pipeline.db", "sqlite:state.db")
			own := map[string]bool{"SOURCE": true, "STATE": true, "RELAY": true, "WEB": true, "PAGES": true, "drumbeat.yaml": true}
			say := func(what string, text []byte) {
				if found := tells(text); len(found) > 0 {
					t.Errorf("%s tells %v", what, found)
				}
			}
			for _, args := range everyCommand(dir) {
				var out, bad bytes.Buffer
				status := execute(t.Context(), append(args, "--config", config), &out, &bad)
				if status != exitDone {
					t.Errorf("%v: exit status %d: %s", args, status, &bad)
				}
				say(strings.Join(args, " "), append(out.Bytes(), bad.Bytes()...))
			}
			if len(box.Messages()) == 0 {
				t.Error("nothing was sent: the password is not used")
			}
			for _, m := range box.Messages() {
				say("a mail", m.Data)
			}
			stop := background(t, "http://"+listen+"/healthz", "serve", "--config", config)
			for _, path := range []string{"/", "/readyz", "/how", "/metrics", "/view/x", "/stop/x", "/status"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listen+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.SetBasicAuth("ops", planted["PAGES"])
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				var page bytes.Buffer
				if err := answer.Write(&page); err != nil { // with its header
					t.Fatal(err)
				}
				say(path, page.Bytes())
			}
			_, log := stop()
			say("serve", []byte(log))
			if !strings.Contains(log, "level=INFO") {
				t.Errorf("the test does not see the log:\n%s", log)
			}
			if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || own[d.Name()] {
					return err
				}
				text, err := os.ReadFile(path)
				say(path, text)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// everyCommand is what is called on a config.
func everyCommand(dir string) [][]string {
	return [][]string{{"check"}, {"check", "--connect"}, {"check", "--connect", "--format", "json"}, {"report", "--as-of", "2026-06-01"}, {"plan"},
		{"run", "--as-of", "2026-06-01", "--out", filepath.Join(dir, "mails")}, {"run", "--as-of", "2026-06-01"}, {"migrate"},
		{"ledger", "list", "--format", "json"}, {"ledger", "show", "3", "--eml"}, {"ledger", "forget", "nobody@example.com"}}
}

// Errors quote what they could not reach, and a driver may quote more than it should.
func TestNoSecretIsToldByAFailure(t *testing.T) {
	for what, dsn := range map[string]func(secret string) string{
		"out of reach": func(s string) string { return "postgres://u:" + url.PathEscape(s) + "@127.0.0.1:1/db?sslmode=disable" },
		"not escaped":  func(s string) string { return "postgres://u:" + s + "@127.0.0.1:1/db" },
		"a bad option": func(s string) string { return "postgres://u:" + url.PathEscape(s) + "@127.0.0.1:1/db?sslmode=nonsense" },
		"a bad port":   func(s string) string { return "postgres://u:" + url.PathEscape(s) + "@127.0.0.1:99999/db" },
		"as a parameter": func(s string) string {
			return "postgres://127.0.0.1:1/db?sslmode=disable&user=u&password=" + url.QueryEscape(s)
		},
		"no database": func(s string) string { return s },
	} {
		t.Run(what, func(t *testing.T) {
			config, dir, _, box := secretive(t, false, dsn(planted["SOURCE"]), dsn(planted["STATE"]))
			_ = box.Close()
			for _, args := range append(everyCommand(dir), []string{"serve"}, []string{"run", "--as-of", "2026-06-01", "--redirect", "me@example.com", "--wait", "0s"}) {
				var out, bad bytes.Buffer
				status := execute(t.Context(), append(args, "--config", config), &out, &bad)
				if status == exitDone && args[0] != "check" && args[0] != "plan" {
					t.Errorf("%v: it works", args)
				}
				if found := tells(append(out.Bytes(), bad.Bytes()...)); len(found) > 0 {
					t.Errorf("%v tells %v:\n%s%s", args, found, &out, &bad)
				}
			}
		})
	}
}

// A config that cannot be taken is told of by a worker whose own config never had its secrets.
func TestNoSecretOfARefusedConfigIsTold(t *testing.T) {
	path, _, _, _ := secretive(t, false, "sqlite:pipeline.db", "sqlite:state.db")
	inForce, _, err := readConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := "new-Pa55/4e8a"
	for what, change := range map[string][2]string{
		"an unknown key":            {"dsn: \"${TEST_SOURCE}\"", "dns: \"postgres://u:" + fresh + "@127.0.0.1:1/db\""},
		"a DSN that is none":        {"dsn: \"${TEST_SOURCE}\"", "dsn: \"" + fresh + "\""},
		"a password as it is":       {"dsn: \"${TEST_SOURCE}\"", "dsn: \"postgres://u:" + fresh + "@127.0.0.1:1/db\""},
		"a bad option":              {"dsn: \"${TEST_SOURCE}\"", "dsn: \"postgres://u:" + url.PathEscape(fresh) + "@127.0.0.1:1/db?sslmode=nonsense\""},
		"a ping of another kind":    {"ping: \"http://127.0.0.1:1/", "ping: \"ftp://127.0.0.1:1/" + fresh},
		"a ping with a blank":       {"ping: \"http://127.0.0.1:1/", "ping: \"http://127.0.0.1 1/" + fresh},
		"a password that is a list": {"password: \"${TEST_RELAY}\"", "password: [\"" + fresh + "\"]"},
		"a quote too few":           {"password: \"${TEST_RELAY}\"", "password: \"" + fresh},
		"a secret that is short":    {"secret: \"${TEST_WEB}\"", "secret: \"" + fresh + "\""},
		"another state":             {"dsn: \"${TEST_STATE}\"", "dsn: \"postgres://u:" + url.PathEscape(fresh) + "@127.0.0.1:1/db\""},
	} {
		t.Run(what, func(t *testing.T) {
			if !bytes.Contains(good, []byte(change[0])) {
				t.Fatalf("no %s in\n%s", change[0], good)
			}
			if err := os.WriteFile(path, bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			log := newLogger(&said, inForce)
			got := take(t.Context(), inForce, func(ctx context.Context, cfg *config.Config) (*house, error) {
				return furnish(ctx, cfg, newLogger(&said, cfg))
			})
			got.drop(log)
			told := new(reloads)
			if told.note(got.why); got.why != nil {
				logReload(log, got.why)
				for _, line := range told.refused().Faults {
					said.WriteString(line + "\n")
				}
			}
			if said.Len() == 0 {
				t.Error("nothing is said")
			}
			if strings.Contains(said.String(), fresh) || strings.Contains(said.String(), url.PathEscape(fresh)) {
				t.Errorf("told: %s", &said)
			}
		})
	}
}
