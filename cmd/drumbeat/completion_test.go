package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestShellsCompleteWhatFlagsTake(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "drumbeat.yaml")
	for path, text := range map[string]string{filepath.Join(dir, "process.yaml"): salesProcess,
		config: "source: {dsn: \"sqlite:p.db\"}\nprocess: process.yaml\nschedules: [{name: mondays, digest: rep, cron: 0 7 * * 1}]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for call, want := range map[string]string{
		"report --format": "table json csv :4",
		"report --window": "week month quarter :4",
		"report --rows":   "reps deals stage_changes activities criteria forecasts waivers :4",
		"report --config " + config + " --schedule": "mondays :4",
		"report --config nowhere.yaml --schedule":   ":4",
		"check --format": "text json :4",
		"plan --format":  "text json :4",
		"ledger list --config " + config + " --schedule": "mondays :4",
	} {
		if got := strings.Join(strings.Fields(callOf(t, call)), " "); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
	if got := callOf(t, "import --time-zone"); !strings.Contains(got, "UTC\n") || !strings.HasSuffix(got, ":4\n") {
		t.Errorf("zones: %s", got)
	}
}

// callOf asks for completions of the flag at the end of a call.
func callOf(t *testing.T, words string) string {
	t.Helper()
	return call(t, append(append([]string{"__complete"}, strings.Fields(words)...), "")...)
}

// The help takes a value's name out of the sentence about its flag; in brackets at the end it would stand there for nothing.
func TestTheHelpOfAFlagReadsAsASentence(t *testing.T) {
	bracketed := regexp.MustCompile(`.*\([A-Z]+\).*`)
	for _, command := range []string{"init", "import", "report", "plan", "preview", "ledger list"} {
		help := call(t, append(strings.Fields(command), "--help")...)
		if odd := bracketed.FindString(help); odd != "" {
			t.Errorf("%s: %s", command, odd)
		}
	}
}
