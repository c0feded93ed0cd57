package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drumbeat/internal/mail/mailbox"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pagesOf gives all lines of the scripts in testdata that call the program: "0 report --as-of 2026-06-01", with 0 where
// the call has to end well.
func pagesOf(t *testing.T) string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	called := regexp.MustCompile(`(?m)^(?:exec|fails ([12])|exec exits ([12])) drumbeat(.*)$`)
	var calls strings.Builder
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range called.FindAllStringSubmatch(string(text), -1) {
			status := m[1] + m[2]
			if status == "" {
				status = "0"
			}
			calls.WriteString(status + m[3] + "\n")
		}
	}
	return calls.String()
}

// Nothing can be called of which no page says how it is called well, how it fails, and what its help says.
func TestEveryCommandAndFlagHasItsPage(t *testing.T) {
	t.Parallel()
	calls := pagesOf(t)
	root := newRootCmd(io.Discard)
	eachCommand(root, func(c *cobra.Command) {
		name := path(c)
		if c == root || name == "help" {
			return
		}
		first, _, _ := strings.Cut(name, " ")
		if pages, _ := filepath.Glob(filepath.Join("testdata", first+"*.txtar")); len(pages) == 0 {
			t.Errorf("%s: there is no testdata/%s.txtar", name, first)
		}
		of := func(status, rest string) bool {
			return regexp.MustCompile(`(?m)^` + status + ` ` + regexp.QuoteMeta(name) + `\b` + rest).MatchString(calls)
		}
		if !of("0", " --help$") {
			t.Errorf("%s: no page asks for its help", name)
		}
		if !strings.Contains(strings.ReplaceAll(calls, "0 "+name+" --help\n", ""), "0 "+name) && c.Runnable() && !c.HasSubCommands() {
			t.Errorf("%s: no page calls it well", name)
		}
		if !of("[12]", "") {
			t.Errorf("%s: no page shows how it fails", name)
		}
		if first != "completion" && c.Example == "" {
			t.Errorf("%s: its help has no example", name)
		}
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !of("[012]", `.* --`+f.Name+`\b`) {
				t.Errorf("%s: no page gives it --%s", name, f.Name)
			}
			if value, _ := pflag.UnquoteUsage(f); value == "string" || value == "duration" {
				t.Errorf("%s: the help calls the value of --%s a %s; name it in back quotes", name, f.Name, value)
			}
		})
	})
}

// apart are the examples of the help that the test below does not call, and where they are.
var apart = map[string]string{
	"drumbeat serve --config drumbeat.yaml": "serve.txtar", "drumbeat preview --config drumbeat.yaml": "preview.txtar",
	"drumbeat preview --config drumbeat.yaml --as-of 2026-06-01 --addr 127.0.0.1:9000": "preview.txtar",
	"drumbeat demo": "demo.txtar", "drumbeat demo --seed 7 --reps 30 --deals 2000 --out /tmp/demo": "demo.txtar, smaller",
	"drumbeat run --config drumbeat.yaml":          "run.txtar: by now the demo's data are of long ago",
	"drumbeat demo --serve 127.0.0.1:8090":         "demo.txtar",
	"source <(drumbeat completion bash)":           "completion.txtar",
	"drumbeat ledger adopt --config drumbeat.yaml": "ledger-decide.txtar: there is nothing to adopt",
	"drumbeat ledger settle 17 18 --as sent":       "ledger-decide.txtar: they are sent",
	"drumbeat ledger settle 17 --as sent":          "ledger-decide.txtar: it is sent",
}

// What the help shows can be copied: its examples work, in the folder of a demo whose schedules have the names that they use.
func TestExamplesOfTheHelpWork(t *testing.T) {
	t.Parallel()
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	dir := exampleFolder(t, box)
	eachCommand(newRootCmd(io.Discard), func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			line, _, _ = strings.Cut(line, " #")
			if line = strings.TrimSpace(line); apart[line] != "" || strings.Contains(line, "postgres://") || strings.Contains(line, "-csv") {
				continue // of another server, or of an export that the demo does not have
			}
			at := dir
			if strings.HasPrefix(line, "drumbeat init") { // it overwrites nothing
				at = t.TempDir()
				if err := os.Link(filepath.Join(dir, "pipeline.db"), filepath.Join(at, "pipeline.db")); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Dir = at
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", path(c), line, err, out)
			}
		}
	})
}

// exampleFolder makes a demo's folder into that of somebody who has sent three weeks' digests by a relay.
func exampleFolder(t *testing.T, box *mailbox.Mailbox) (dir string) {
	t.Helper()
	dir = t.TempDir()
	call(t, "demo", "--out", dir, "--reps", "6", "--deals", "60")
	config := filepath.Join(dir, "drumbeat.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.NewReplacer("weekly-team", "managers", "weekly-own", "reps", "port: 1025", fmt.Sprintf("port: %d", box.Port())).Replace(string(text)))
	for _, name := range []string{"drumbeat.yaml", "new.yaml"} { // the second is what a change would be
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(dir, "pipeline"), filepath.Join(dir, "export")); err != nil {
		t.Fatal(err)
	}
	for _, week := range []string{"2026-05-18", "2026-05-25", "2026-06-01"} { // so that there is a delivery 17
		call(t, "run", "--config", config, "--as-of", week)
	}
	return dir
}
