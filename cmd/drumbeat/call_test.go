package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drumbeat/internal/dbtest"
)

// What drivers and the system say is said in plain words; what is no word of theirs stays as it is.
func TestErrorsAreSaidInWordsOfPeople(t *testing.T) {
	for raw, want := range map[string]string{
		"connect to postgres://me@db/x: dial tcp: lookup db on 10.0.0.53:53: no such host":             "connect to postgres://me@db/x: there is no host db (DNS does not know it)",
		"connect to postgres://me@db/x: dial tcp: lookup db: no such host":                             "connect to postgres://me@db/x: there is no host db (DNS does not know it)",
		"connect to postgres://me@db/x: dial tcp 10.0.0.7:5432: connect: connection refused":           "connect to postgres://me@db/x: nothing listens on 10.0.0.7:5432: connection refused",
		"connect to postgres://me@db/x: dial tcp 10.0.0.7:5432: connect: no route to host":             "connect to postgres://me@db/x: 10.0.0.7:5432: no route to host",
		"connect to postgres://me@db/x: dial tcp 10.0.0.7:5432: i/o timeout":                           "connect to postgres://me@db/x: no answer in time from 10.0.0.7:5432",
		"smtp mx:25: connect: dial tcp [::1]:25: connect: connection refused; check mail.smtp.host":    "smtp mx:25: nothing listens there: connection refused; check mail.smtp.host",
		"web.listen: listen tcp 127.0.0.1:80: bind: permission denied":                                 "web.listen: 127.0.0.1:80: permission denied",
		"--addr: listen tcp: lookup nowhere on 10.0.0.53:53: no such host":                             "--addr: there is no host nowhere (DNS does not know it)",
		"--addr: listen tcp 127.0.0.1:80: bind: address already in use":                                "--addr: 127.0.0.1:80 is taken by another program: choose another port, or stop that one",
		"read the schema's version: context deadline exceeded":                                         "read the schema's version: no answer in time",
		`connect: pq: password authentication failed for user "me" (28P01); correct user and password`: `connect: password authentication failed for user "me"; correct user and password`,
		"ledger: settle: delivery 4 is sent: nothing was changed":                                      "delivery 4 is sent: nothing was changed",
		"connect to sqlite:x: file is not a database (26); name one in the DSN":                        "connect to sqlite:x: file is not a database; name one in the DSN",
		"schedule pq: the ledger: of (12345)":                                                          "schedule the ledger: of (12345)",
		"drumbeat.yaml: there is no schedule \"x\"; choose from a, b":                                  "drumbeat.yaml: there is no schedule \"x\"; choose from a, b",
	} {
		if got := plainly(raw); got != want {
			t.Errorf("%s\n is said as %s\n      want %s", raw, got, want)
		}
	}
}

// Who presses Ctrl-C hears in a line that it was that, and no command ends as if it had been done.
func TestAStoppedCommandSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "drumbeat.yaml")
	for name, text := range map[string]string{config: "source: {dsn: \"sqlite:p.db\"}\nprocess: process.yaml\nschedules: [{name: mondays, digest: rep, cron: 0 7 * * 1}]\n" +
		"mail: {from: a@example.com, smtp: {host: 127.0.0.1, port: 1, tls: none}}\n",
		filepath.Join(dir, "process.yaml"): salesProcess, filepath.Join(dir, "reps.csv"): "id,name\nr1,Ada\n",
		filepath.Join(dir, "deals.csv"): "id,name,created_at,outcome\nd1,One,2026-01-05 09:00:00,open\n", filepath.Join(dir, "stage_changes.csv"): "deal_id,stage,at\nd1,Lead,2026-01-05 09:00:00\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pipeline := "sqlite:" + filepath.Join(dir, "p.db")
	call(t, "import", dir, "--into", pipeline)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range [][]string{
		{"report", "--config", config}, {"check", "--connect", "--config", config}, {"init", "--from", pipeline, "--out", filepath.Join(dir, "draft")},
		{"run", "--config", config, "--as-of", "2026-02-02"}, {"migrate", "--config", config}, {"import", dir, "--into", dbtest.SQLite(t)},
		{"demo", "--out", filepath.Join(dir, "demo"), "--reps", "2", "--deals", "20"},
	} {
		var out, bad bytes.Buffer
		status := execute(ctx, args, &out, &bad)
		if status != exitFailed || !strings.Contains(bad.String(), "stopped") || strings.Count(bad.String(), "\n") != 1 || strings.Contains(bad.String(), "context") {
			t.Errorf("drumbeat %s: exit status %d, %q", args[0], status, &bad)
		}
	}
}
