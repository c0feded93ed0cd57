package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	reference "drumbeat/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// folder writes a config and the files it names.
func folder(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"drumbeat.yaml": config, "process.yaml": string(reference.ProcessYAML), "waivers.csv": "deal_id\n",
		"relay-ca.pem": "-", "queries/deals.sql": "SELECT 1", "queries/stage_changes.sql": "SELECT 2", "templates/rep.txt": "", "password": "hunter2\n",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "drumbeat.yaml")
}

func mustLoad(t *testing.T, path string) *Config {
	t.Helper()
	cfg, faults := Load(path, testEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return cfg
}

func TestTheReferenceIsValid(t *testing.T) {
	cfg, faults := Check("../../config/drumbeat.yaml", testEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(cfg.Notes) > 0 {
		t.Errorf("notes: %q", cfg.Notes)
	}
	if cfg.Process.Name != "new-business" {
		t.Errorf("process %q", cfg.Process.Name)
	}
}

// The reference says that what it shows are the defaults: a config that says nothing must mean the same.
func TestTheReferenceShowsTheDefaults(t *testing.T) {
	shown := mustLoad(t, folder(t, string(reference.DrumbeatYAML)))
	said := mustLoad(t, folder(t, `source: {dsn: "sqlite:pipeline.db"}
process: process.yaml
schedules: [{name: managers, digest: manager, cron: 30 6 * * 1}, {name: reps, digest: rep, cron: 0 7 * * 1, time_zone: recipient}]
mail: {from: Drumbeat <drumbeat@example.com>, smtp: {host: smtp.example.com}}
`))
	// What is an example in the reference and has no default.
	shown.Rates, shown.People, shown.Links.Deal = said.Rates, nil, ""
	shown.Version = said.Version
	shown.Notes, shown.Path, shown.ProcessPath, shown.Source.DSN = said.Notes, said.Path, said.ProcessPath, said.Source.DSN
	shown.Files = said.Files // the same two, elsewhere
	shown.State.DSN = Secret(strings.Replace(string(shown.State.DSN), filepath.Dir(string(shown.State.DSN))[len("sqlite:"):], filepath.Dir(said.Path), 1))
	if !reflect.DeepEqual(shown, said) {
		t.Errorf("shown %+v\nsaid  %+v", shown, said)
	}
}

// Lines that begin with #: are keys without a default; with the mark removed they must be valid too.
func TestTheReferenceIsValidWithEveryExampleUsed(t *testing.T) {
	all := strings.NewReplacer("#: ", "", "dsn: sqlite:pipeline.db", "dsn: postgres://u@h/d").Replace(string(reference.DrumbeatYAML))
	path := folder(t, all)
	cfg, faults := Check(path, testEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if cfg.Web.Password != "p" || cfg.Mail.SMTP.Password != "hunter2" || cfg.Metrics.Focus != "buyer:problem_owned" || len(cfg.Schedules[0].Recipients.Teams) != 2 {
		t.Errorf("the examples did not arrive: %+v", cfg)
	}
	if cfg.Source.Queries[pipeline.Deals] != "SELECT 1" {
		t.Errorf("queries: %q", cfg.Source.Queries)
	}
	// Every key that the reader knows stands in the reference: an unknown key's hint lists them.
	for _, section := range []string{"", "source", "state", "metrics", "mail", "links", "web", "log"} {
		broken, indent := all, ""
		if section == "" {
			broken += "\nqqqqqqqqqqqqqqqqqqqq: 1\n"
		} else {
			indent = "  "
			broken = regexp.MustCompile(`(?m)^`+section+`:\s*$`).ReplaceAllString(all, section+":\n  qqqqqqqqqqqqqqqqqqqq: 1")
		}
		_, faults := Load(folder(t, broken), testEnv)
		if len(faults) != 1 {
			t.Fatalf("%s: %v", section, faults)
		}
		_, keys, _ := strings.Cut(faults[0].Hint, "possible: ")
		for _, key := range strings.Split(keys, ", ") {
			if !strings.HasSuffix(key, "_file") && !regexp.MustCompile(`(?m)^`+indent+key+`:`).MatchString(all) {
				t.Errorf("%s %s is not in the reference", section, key)
			}
		}
	}
}

func TestWhatTheContractSaysIsTheDefault(t *testing.T) {
	path := folder(t, "source: {dsn: \"postgres://u@h/d\"}\nprocess: process.yaml\n")
	cfg := mustLoad(t, path)
	const day = 24 * time.Hour
	for name, pair := range map[string][2]any{
		"zone":         {cfg.Zone, time.UTC},
		"currency":     {cfg.Currency, "EUR"},
		"environment":  {cfg.Environment, "production"},
		"timeout":      {cfg.Source.StatementTimeout, 5 * time.Minute},
		"dsn":          {string(cfg.Source.DSN), "postgres://u@h/d"},
		"state":        {string(cfg.State.DSN), "sqlite:" + filepath.Join(filepath.Dir(path), "drumbeat-state.db")},
		"bodies":       {cfg.State.KeepBodies, 90 * day},
		"connections":  {cfg.Mail.Connections, 2},
		"rate":         {cfg.Mail.Rate, Rate{10, time.Second}},
		"interval":     {cfg.Mail.Rate.Interval(), 100 * time.Millisecond},
		"attempts_for": {cfg.Mail.AttemptsFor, day},
		"on_unknown":   {cfg.Mail.OnUnknown, "resend"},
		"tls":          {cfg.Mail.SMTP.TLS, "mandatory"},
		"port":         {cfg.Mail.SMTP.Port, 587},
		"log":          {cfg.Log, Log{slog.LevelInfo, "text"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	s := cfg.HealthSettings(pipeline.Month)
	if s.Window != pipeline.Month || s.Lookback != 365*day || s.Grace != 3*day || s.MinDue != 5 || s.MinHistory != 20 || s.MinCalled != 5 ||
		s.SilentAfter != 21*day || s.LeastStall != 3*day || s.PeriodSpan != pipeline.Quarter || s.FiscalStart != 1 || s.CallAfter != 14*day ||
		s.CategoryChance["commit"] != 0.9 || s.CategoryChance["best_case"] != 0.6 || s.CategoryChance["pipeline"] != 0.2 || len(s.CategoryChance) != 4 {
		t.Errorf("settings %+v", s)
	}
	if missing := cfg.ReadyToSend(); len(missing) != 3 {
		t.Errorf("to send, schedules, mail.from and mail.smtp.host are needed: %v", missing)
	}
}

func TestAPortFollowsFromTLSAndACallFromItsPeriod(t *testing.T) {
	for tls, port := range map[string]int{"mandatory": 587, "implicit": 465, "opportunistic": 25, "none": 25} {
		cfg := mustLoad(t, folder(t, fmt.Sprintf("source: {dsn: \"sqlite:p.db\"}\nprocess: process.yaml\nmail: {smtp: {tls: %s}}\nmetrics: {forecast: {period: month}}\n", tls)))
		if cfg.Mail.SMTP.Port != port {
			t.Errorf("%s: port %d", tls, cfg.Mail.SMTP.Port)
		}
		if cfg.Metrics.Forecast.CallAfter != 5*24*time.Hour {
			t.Errorf("months are called after %s", cfg.Metrics.Forecast.CallAfter)
		}
	}
}

func TestASecretIsReadFromAFileAndNeverPrinted(t *testing.T) {
	cfg := mustLoad(t, folder(t, `source: {dsn: "sqlite:p.db"}
process: process.yaml
mail: {smtp: {username: u, password_file: password}}
web: {secret: "${SMTP_PASSWORD}"}
`))
	if cfg.Mail.SMTP.Password != "hunter2" || cfg.Web.Secret != "hunter2" {
		t.Fatalf("the trailing newline is no part of it: %q", string(cfg.Mail.SMTP.Password))
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("config", "password", cfg.Mail.SMTP.Password, "mail", cfg.Mail)
	asJSON, err := json.Marshal(cfg.Mail)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(cfg.Mail.SMTP.Password), fmt.Sprintf("%v %+v %#v", cfg.Mail, cfg.Mail, cfg.Mail), logged.String(), string(asJSON)} {
		if strings.Contains(s, "hunter2") || !strings.Contains(s, "[redacted]") {
			t.Errorf("printed: %s", s)
		}
	}
}

func TestTheSampleProcessTellsTheBuyersSide(t *testing.T) {
	p, faults := process.Read("process.yaml", reference.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(p.Versions) != 2 {
		t.Fatalf("%d versions", len(p.Versions))
	}
	phases := map[process.Phase]bool{}
	for _, v := range p.Versions {
		for _, s := range v.Stages {
			phases[s.Phase] = true
			for _, c := range s.Requires {
				if !strings.HasPrefix(c.Says, "The buyer") && !strings.HasPrefix(c.Says, "The person who signs") {
					t.Errorf("%s does not say what the buyer did: %s", c.Key, c.Says)
				}
				if c.Coach == "" || !strings.HasSuffix(c.Coach, "?") {
					t.Errorf("%s has no question to ask: %q", c.Key, c.Coach)
				}
			}
		}
	}
	if len(phases) != 3 {
		t.Error("a phase is not shown")
	}
}
