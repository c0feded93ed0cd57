package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	reference "drumbeat/config"
	"drumbeat/internal/fault"
	"drumbeat/internal/mail/mailbox"
	"drumbeat/internal/source"
)

// runCheck writes files into a folder and checks the config among them; paths in what it says are cut down
// to the names of the files.
func runCheck(t *testing.T, files map[string]string, more ...string) (said string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	c := newCheckCmd()
	c.SetArgs(append([]string{"--config", filepath.Join(dir, "drumbeat.yaml")}, more...))
	c.SetOut(&out)
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.Execute()
	return strings.ReplaceAll(out.String(), dir+string(filepath.Separator), ""), err
}

const smallConfig = `source: {dsn: "postgres://u:hunter2@db/sales"}
process: process.yaml
schedules: [{name: weekly, digest: manager, cron: 30 6 * * 1, time_zone: Europe/Berlin}]
mail: {from: drumbeat@example.com, smtp: {host: mx.example.com}}
web: {listen: ":8080"}
`

func TestCheckSumsUpWhatAValidConfigWillDo(t *testing.T) {
	config := strings.Replace(smallConfig, "source: {", "source: {schema: crm, ", 1)
	said, err := runCheck(t, map[string]string{"drumbeat.yaml": config, "process.yaml": string(reference.ProcessYAML)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"drumbeat.yaml is valid", "new-business (process.yaml)", "from 2026-01-01: 8 stages", "postgres, canonical tables",
		"weekly: manager digest of a week, 30 6 * * 1 (Europe/Berlin), next ", " 06:30 +0", "seldom meant\n", "web        on :8080, /status, /healthz, /readyz and /metrics alone", "  web.listen: beyond this machine /status is shown to nobody without web.auth", "  source.schema: queries would look there"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	if strings.Contains(said, "hunter2") {
		t.Errorf("a secret is told:\n%s", said)
	}
}

func TestCheckSaysWhatIsSeldomMeantByACronSpec(t *testing.T) {
	config := strings.Replace(smallConfig, "cron: 30 6 * * 1", "cron: 30 6 1 * 1", 1)
	said, err := runCheck(t, map[string]string{"drumbeat.yaml": config, "process.yaml": string(reference.ProcessYAML)})
	if err != nil || !strings.Contains(said, "it fires when EITHER matches\n") {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestCheckListsTheFaultsOfAllFilesAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"the config and its process": {
			map[string]string{"drumbeat.yaml": "process: process.yaml\nfoo: 1\n", "process.yaml": "process: p\n"},
			[]string{"drumbeat.yaml:1:1: source.dsn: is missing", "drumbeat.yaml:1:1: schedules: is missing", "drumbeat.yaml:1:1: mail.from: is missing",
				"drumbeat.yaml:1:1: mail.smtp.host: is missing", "drumbeat.yaml:2:1: foo: unknown key", "process.yaml:1:1: versions: is missing"},
		},
		"the waivers and the templates": {
			map[string]string{"drumbeat.yaml": smallConfig + "waivers: w.csv\ntemplates: t\n", "process.yaml": string(reference.ProcessYAML),
				"w.csv": "deal_id,checkpoint,reason,at\nd1,stage:x,,yesterday\n", "t/rep.html": "{{define \"body\"}}\n{{nosuch .}}{{end}}", "t/manger.txt": "x", "t/notes.md": "x"},
			[]string{"w.csv:2: ", "manger.txt: there is no template of this name; did you mean manager.txt?", "rep.html:2: function \"nosuch\" not defined"},
		},
		"the config and its templates": {
			map[string]string{"drumbeat.yaml": smallConfig + "foo: 1\nwaivers: none.csv\ntemplates: t\n", "process.yaml": string(reference.ProcessYAML), "t/manger.txt": "x"},
			[]string{"drumbeat.yaml:6:1: foo: unknown key", "none.csv cannot be read: no such file", "manger.txt: there is no template of this name"},
		},
		"a template that parses and then asks for what no digest has": {
			map[string]string{"drumbeat.yaml": smallConfig + "templates: t\n", "process.yaml": string(reference.ProcessYAML),
				"t/rep.html": "{{define \"name\"}}x{{end}}{{define \"main\"}}{{with .Own}}{{range .Lost}}{{.Nosuch}}{{end}}{{end}}{{end}}"},
			[]string{"rep.html:1: executing", "can't evaluate field Nosuch"},
		},
		"words that nobody would say, in two languages": {
			map[string]string{"drumbeat.yaml": smallConfig + "templates: t\n", "process.yaml": string(reference.ProcessYAML),
				"t/words.de.txt": "{{define \"pushed\"}}{{.m}}{{end}}\n{{define \"overdue\"}}{{.when}}{{end}}"},
			[]string{`words.de.txt:1: phrase "pushed": it knows no .m, but .n`, `words.de.txt:2: phrase "overdue": it knows no .when`},
		},
		"words that fail only when they are said": {
			map[string]string{"drumbeat.yaml": smallConfig + "templates: t\n", "process.yaml": string(reference.ProcessYAML), "t/words.txt": "{{define \"heading first\"}}{{.unit}}{{end}}"},
			[]string{`words.txt:1: phrase "heading first": it knows no .unit`},
		},
		"a phrase that says itself": {
			map[string]string{"drumbeat.yaml": smallConfig + "templates: t\n", "process.yaml": string(reference.ProcessYAML), "t/words.txt": "\n{{define \"of\"}}{{of .n .all}}{{end}}"},
			[]string{`words.txt:2: phrase "of": error calling of: the phrase "of" cannot say itself`},
		},
		"no config at all": {
			map[string]string{"other.yaml": ""},
			[]string{"drumbeat.yaml: cannot be read: no such file or directory; name the config with --config"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := runCheck(t, c.files)
			var faults fault.List
			if !errors.As(err, &faults) || said != "" {
				t.Fatalf("%v, said %q", err, said)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not among\n%v", want, err)
				}
			}
		})
	}
}

// connected is a source with a few rows, a state that is not there yet and a relay, as the files of a config.
func connected(t *testing.T) (files map[string]string, dsn string) {
	t.Helper()
	rows := t.TempDir()
	for name, text := range map[string]string{
		"reps.csv":          "id,name,email,time_zone\nr1,Ada Berg,ada@example.com,Europe/Atlantis\n",
		"deals.csv":         "id,name,rep_id,pipeline,created_at,outcome\nd1,One,r1,New business,2026-01-05T08:00:00Z,open\nd2,Two,r1,Renewals,2026-01-06T08:00:00Z,open\n",
		"stage_changes.csv": "deal_id,stage,at\nd1,Discovery,2026-01-05T09:00:00Z\nd1,Demo ,2026-01-07T09:30:00Z\nd2,Closed Won,2026-01-06T09:00:00Z\nnone,x,2026-01-06T09:00:00Z\n",
	} {
		if err := os.WriteFile(filepath.Join(rows, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dsn = "sqlite:" + filepath.Join(t.TempDir(), "pipeline.db")
	if _, err := source.Import(t.Context(), dsn, []string{rows}, source.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	relay := fmt.Sprintf("host: %s, port: %d, tls: none", box.Host(), box.Port())
	config := strings.NewReplacer("postgres://u:hunter2@db/sales", dsn, "host: mx.example.com", relay).Replace(smallConfig)
	return map[string]string{"drumbeat.yaml": config, "process.yaml": string(reference.ProcessYAML)}, dsn
}

func TestCheckConnectSaysWhatTheSourceHoldsAndLacks(t *testing.T) {
	files, dsn := connected(t)
	said, err := runCheck(t, files, "--connect")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  reps           1     reps", "  deals          2     deals          newest 2026-01-06 08:00Z  always empty: amount, currency, expected_close, forecast_category, probability, stage\n",
		"  stage_changes  4     stage_changes  newest 2026-01-07 09:30Z", "  activities     none", "1 of the deals are in the pipelines of the process",
		`1 move into "Demo", and 1 open deal rests there: `, "  no activities: silent buyers", "  no reps.manager_id: nobody is a manager", "  no forecasts: forecast calls", "  the newest row is of 2026-01-07 09:30Z, ",
		`time zones that do not exist: 1, the first "Europe/Atlantis"`, "state      nothing there yet", "takes our mail\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}

	files["drumbeat.yaml"] += "people: [{rep: r9, name: Eve}]\n"
	_, err = runCheck(t, files, "--connect")
	if err == nil || !strings.Contains(err.Error(), "people: r9: the source has no such rep") || report(err, io.Discard) != exitWrong {
		t.Errorf("an unknown person: %v", err)
	}
	files["drumbeat.yaml"] = strings.Replace(files["drumbeat.yaml"], dsn, dsn+".not-there", 1)
	if said, err = runCheck(t, files, "--connect"); err == nil || !strings.Contains(said, "takes our mail") {
		t.Errorf("a source that is not there: %v; the relay was not tried:\n%s", err, said)
	}
}

func TestCheckConnectSaysWhatIsNamedAndNotThere(t *testing.T) {
	files, _ := connected(t)
	files["drumbeat.yaml"] = strings.Replace(files["drumbeat.yaml"], "time_zone: Europe/Berlin}", "recipients: {teams: [Nroth, North], reps: [Ada Berg, r1, r7]}}", 1) +
		"people: [{rep: r1, team: North}, {rep: r2, name: Bo Lind, email: bo@example.com, manager: Ada Berg}]\nwaivers: w.csv\n"
	files["w.csv"] = "deal_id,checkpoint,reason,at\nd1,stage:discovry,late,2026-01-06T08:00:00Z\nd1,stage:discovery,late,2026-01-06T08:00:00Z\n"
	said, err := runCheck(t, files, "--connect")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(said, "\nnamed and not there, so that it has no effect\n")
	part, _, _ = strings.Cut(part, "\n\n")
	want := `  schedule weekly: nobody is in the team "Nroth"; did you mean "North" (1)?
  schedule weekly: no rep has the id "Ada Berg"; did you mean "r1", the id of Ada Berg?
  schedule weekly: no rep has the id "r7"; write an id of the source's reps
  people: r2: no rep has the id "Ada Berg" of the manager; did you mean "r1", the id of Ada Berg?
  waivers: no version of the process has the checkpoint "stage:discovry" (1); did you mean stage:discovery?`
	if part != want {
		t.Errorf("got\n%s\nwant\n%s\nin\n%s", part, want, said)
	}
}

func TestCheckConnectAsJSON(t *testing.T) {
	files, dsn := connected(t)
	files["drumbeat.yaml"], _, _ = strings.Cut(files["drumbeat.yaml"], "schedules:") // source and process are enough
	queries := strings.Join([]string{"queries:", "    reps: SELECT id, name FROM reps", "    deals: SELECT id, name, created_at, outcome, stage FROM deals",
		"    stage_changes: SELECT deal_id, stage, at, rep_id, seq FROM stage_changes\n"}, "\n")
	own := strings.Replace(files["drumbeat.yaml"], `{dsn: "`+dsn+`"}`, "\n  dsn: \""+dsn+"\"\n  "+queries, 1)
	const none = `{"table": null, "n": null, "newest": null, "missing": []}`
	const absent = `"activities": ` + none + `, "criteria": ` + none + `, "forecasts": ` + none + `, "waivers": ` + none
	for name, c := range map[string]struct{ config, want string }{
		"imported tables": {files["drumbeat.yaml"], `{"rows": {"reps": {"table": "reps", "n": 1, "newest": null, "missing": []},
			"deals": {"table": "deals", "n": 2, "newest": "2026-01-06T08:00:00Z", "missing": []},
			"stage_changes": {"table": "stage_changes", "n": 4, "newest": "2026-01-07T09:30:00Z", "missing": []}, ` + absent + `}}`},
		"own queries": {own, `{"rows": {"reps": {"table": "source.queries.reps", "n": 1, "newest": null, "missing": ["email", "manager_id", "team", "time_zone", "active"]},
			"deals": {"table": "source.queries.deals", "n": 2, "newest": "2026-01-06T08:00:00Z", "missing": ["rep_id", "pipeline", "amount", "currency",
				"closed_at", "expected_close", "probability", "forecast_category", "loss_reason"]},
			"stage_changes": {"table": "source.queries.stage_changes", "n": 4, "newest": "2026-01-07T09:30:00Z", "missing": []}, ` + absent + `}}`},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := runCheck(t, map[string]string{"drumbeat.yaml": c.config, "process.yaml": files["process.yaml"]}, "--connect", "--format", "json")
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := errors.Join(json.Unmarshal([]byte(said), &got), json.Unmarshal([]byte(c.want), &want)); err != nil {
				t.Fatalf("%v in\n%s", err, said)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%s\nwant\n%s", said, c.want)
			}
		})
	}
	if _, err := runCheck(t, files, "--format", "json"); err == nil || report(err, io.Discard) != exitWrong {
		t.Errorf("json without --connect: %v", err)
	}
}
