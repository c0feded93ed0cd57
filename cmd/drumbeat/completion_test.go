package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestShellsCompleteWhatFlagsTake(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "drumbeat.yaml")
	for path, text := range map[string]string{filepath.Join(dir, "process.yaml"): salesProcess,
		config: "source: {dsn: \"sqlite:p.db\"}\nprocess: process.yaml\nschedules: [{name: mondays, digest: rep, cron: 0 7 * * 1}, {name: fridays, digest: rep, cron: 0 7 * * 5}]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for call, want := range map[string]string{
		"report --format": "table json csv :4",
		"report --window": "week month quarter :4",
		"report --rows":   "reps deals stage_changes activities criteria forecasts waivers :4",
		"report --config " + config + " --schedule":      "mondays fridays :4",
		"report --config nowhere.yaml --schedule":        ":4",
		"run --config " + config:                         "mondays fridays :4",
		"run mondays --config " + config:                 "fridays :4",
		"import --into sqlite:p.db":                      ":0", // files
		"ledger show":                                    ":4",
		"check":                                          ":4",
		"check --config":                                 "yaml yml :8", // files of these kinds
		"ledger list --config":                           "yaml yml :8",
		"check --format":                                 "text json :4",
		"plan --format":                                  "text json :4",
		"ledger list --config " + config + " --schedule": "mondays fridays :4",
	} {
		if got := strings.Join(strings.Fields(callOf(t, call)), " "); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
	if got := callOf(t, "import --time-zone"); !strings.Contains(got, "UTC\n") || !strings.HasSuffix(got, ":4\n") {
		t.Errorf("zones: %s", got)
	}
}

// Only bash can be counted on. Its package bash-completion may be missing, of which the script needs one function.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	script := `
declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() { words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}; }
source <(drumbeat completion bash)
complete -p drumbeat
try() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=(); __start_drumbeat; echo "${COMPREPLY[*]}"; }
try drumbeat pre
try drumbeat ledger opto
try drumbeat report --format j
try drumbeat report --win
`
	said, err := exec.Command("bash", "-c", script).Output()
	want := "complete -o default -F __start_drumbeat drumbeat\npreview\noptout\njson\n--window\n"
	got := regexp.MustCompile(` +(\([^)]*\))?\n| +\n`).ReplaceAllString(string(said), "\n")
	if err != nil || got != want {
		t.Errorf("%v: %s, want %s", err, got, want)
	}
	for _, shell := range []string{"zsh", "fish", "powershell"} {
		if script := call(t, "completion", shell); !strings.Contains(script, "drumbeat") || !strings.Contains(script, "__complete") {
			t.Errorf("%s gets %q", shell, script)
		}
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
