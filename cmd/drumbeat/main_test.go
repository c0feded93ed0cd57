package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/mail/mailbox"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"drumbeat": main, "exits": exits, "crash-worker": crashWorker, "reload-worker": reloadWorker})
}

// exits runs a command and demands its exit status: exits 2 drumbeat check …
func exits() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exit status %s, want %s\n", got, os.Args[1])
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, pages("testdata"))
}

// Where PostgreSQL answers otherwise than SQLite. DSN is a fresh database, SERVER where it is, NOSUCH one that it lacks.
func TestScriptsOfPostgres(t *testing.T) {
	t.Parallel()
	p := pages(filepath.Join("testdata", "postgres"))
	at, dsn := p.Setup, dbtest.Postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	nosuch := *u
	nosuch.Path = "/nosuch"
	p.Setup = func(e *testscript.Env) error {
		e.Setenv("DSN", dsn)
		e.Setenv("SERVER", u.Host)
		e.Setenv("NOSUCH", nosuch.String())
		return at(e)
	}
	testscript.Run(t, p)
}

// pages are the scripts of a folder. Each has a mailbox, and an address that nobody listens on.
func pages(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			box, err := mailbox.Start(mailbox.Options{})
			if err != nil {
				return err
			}
			e.Defer(func() { _ = box.Close() })
			e.Values["mailbox"] = box
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Vars = append(e.Vars, "SMTP_HOST="+box.Host(), "SMTP_PORT="+strconv.Itoa(box.Port()), "PAGE="+free.Addr().String())
			return free.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"mails": mails, "lines": lines, "waitfor": waitFor, "fails": fails,
			"signal": signalAll, "sql": statement},
	}
}

// mails N demands that N mails have arrived so far, within a while; mails -distinct N counts each Message-ID once.
func mails(ts *testscript.TestScript, neg bool, args []string) {
	box, ok := ts.Value("mailbox").(*mailbox.Mailbox)
	if neg || !ok || len(args) == 0 {
		ts.Fatalf("usage: mails [-distinct] N")
	}
	count := func() int {
		got := box.Messages()
		if args[0] != "-distinct" {
			return len(got)
		}
		seen := map[string]bool{}
		for _, m := range got {
			seen[string(m.Data)] = true
		}
		return len(seen)
	}
	want, err := strconv.Atoi(args[len(args)-1])
	ts.Check(err)
	for end := time.Now().Add(70 * time.Second); count() < want && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if count() != want {
		ts.Fatalf("%d mails arrived, want %d", count(), want)
	}
}

// waitfor URL [PATTERN] waits until the page answers, and has a line that matches.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor URL [PATTERN]")
	}
	pattern := regexp.MustCompile("(?m)" + strings.Join(args[1:], ""))
	there := func() bool {
		answer, err := http.Get(args[0])
		if err != nil {
			return false
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		return err == nil && answer.StatusCode == http.StatusOK && pattern.Match(body)
	}
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("no %s after a minute", args[0])
		}
	}
}

// lines N demands that standard error of the last command has N lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	text := strings.TrimSpace(ts.ReadFile("stderr"))
	got := strings.Count(text, "\n") + 1
	if text == "" {
		got = 0
	}
	if neg || len(args) != 1 || args[0] != strconv.Itoa(got) {
		ts.Fatalf("%d lines on standard error, want %v", got, args)
	}
}

// fails STATUS COMMAND … runs a command and demands its exit status; `exec exits` does the same with one more process.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails STATUS COMMAND [ARG...]")
	}
	status := "0"
	err := ts.Exec(args[1], args[2:]...)
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		status = strconv.Itoa(failed.ExitCode())
	} else {
		ts.Check(err)
	}
	if status != args[0] {
		ts.Fatalf("exit status %s, want %s", status, args[0])
	}
}

// signal TERM|HUP sends it to whatever runs in the background.
func signalAll(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}
	if neg || len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal TERM|HUP")
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(signals[args[0]]))
	}
}

// sql FILE STATEMENT changes an SQLite database behind the program's back.
func statement(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { _ = db.Close() }()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

// Whatever a stop breaks on its way: the caller hears that it was the stop, and that the database is as before.
func TestAStoppedImportSaysThatNothingWasWritten(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"reps.csv": "id,name\nr1,Ada\n", "deals.csv": "id,rep_id,created_at\n", "stage_changes.csv": "deal_id,stage,at\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, bad bytes.Buffer
	status := execute(ctx, []string{"import", dir, "--into", dbtest.SQLite(t)}, &out, &bad)
	if want := "drumbeat: import: stopped; nothing was written\n"; status != exitFailed || bad.String() != want || out.Len() > 0 {
		t.Errorf("exit status %d, %q and %q; want %q", status, &out, &bad, want)
	}
}

// call runs a command line in this process and demands that it ends with 0.
func call(t *testing.T, args ...string) string {
	t.Helper()
	var out, bad bytes.Buffer
	if status := execute(t.Context(), args, &out, &bad); status != exitDone {
		t.Fatalf("drumbeat %s: exit status %d\n%s", strings.Join(args, " "), status, &bad)
	}
	return out.String()
}
