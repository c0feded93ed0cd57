package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/dbtest"
	"drumbeat/internal/process"
	"drumbeat/internal/source"
)

// initialised imports a folder and drafts from it; the config's password is in the environment, as the reader is told.
func initialised(t *testing.T, rows, dsn string) (dir, said string) {
	t.Helper()
	call(t, "import", rows, "--into", dsn)
	dir = filepath.Join(t.TempDir(), "first")
	said = call(t, "init", "--from", dsn, "--out", dir)
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		password, _ := u.User.Password()
		t.Setenv(passwordName, url.PathEscape(password))
	}
	return dir, said
}

func processOf(t *testing.T, dir string) *process.Process {
	t.Helper()
	cfg, faults := config.Load(filepath.Join(dir, configFile), os.LookupEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return cfg.Process
}

// names are the source's names of the stages, in order.
func names(p *process.Process) (out []string) {
	for _, s := range p.Versions[0].Stages {
		out = append(out, s.CRMStages...)
	}
	return out
}

// figures are those of a report that a draft and a process written by hand have to agree on.
type figures struct {
	Team struct {
		Stall struct {
			Open    int `json:"open_deals"`
			Stalled int `json:"stalled_deals"`
		} `json:"stall"`
	} `json:"team"`
	Stages []struct {
		Visits    int      `json:"visits"`
		Advanced  int      `json:"advanced"`
		Back      int      `json:"back"`
		Lost      int      `json:"lost"`
		Threshold *float64 `json:"threshold_days"`
	} `json:"stages"`
}

func figuresOf(t *testing.T, configPath, asOf string) (f figures) {
	t.Helper()
	if err := json.Unmarshal([]byte(call(t, "report", "--config", configPath, "--as-of", asOf, "--format", "json")), &f); err != nil {
		t.Fatal(err)
	}
	if f.Team.Stall.Open == 0 {
		t.Fatal("a report of no open deals shows nothing")
	}
	return f
}

// The drafts of real pipelines have the stages that people who know them wrote down, in their order; what is missing is what
// no data say.
func TestDraftsOfRealPipelinesAreThoseThatPeopleWrote(t *testing.T) {
	data := dbtest.Data(t)
	for _, c := range []struct{ name, asOf, people, told string }{
		{name: "bpic2012", asOf: "2012-03-12", people: "people: [{rep: '112', system: true}]\n", told: `"112" made 64 % of all moves: proposed as system`},
		{name: "helpdesk", asOf: "2012-09-03", told: "--as-of 2014-01-04"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := dbtest.Postgres(t) // the script drafts from SQLite, which takes a minute for these under the race detector
			dir, said := initialised(t, filepath.Join(data, c.name), dsn)
			if !strings.Contains(said, c.told) {
				t.Errorf("%q is not in\n%s", c.told, said)
			}
			written := filepath.Join(data, "process."+c.name+".yaml")
			text, err := os.ReadFile(written)
			if err != nil {
				t.Fatal(err)
			}
			want, faults := process.Read(written, text, time.UTC)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			got := processOf(t, dir)
			if a, b := names(got), names(want); !slices.Equal(a, b) {
				t.Errorf("stages %v, want %v\n%s", a, b, said)
			}
			for _, name := range []string{"A_APPROVED", "A_DECLINED", "A_CANCELLED", "Closed"} {
				a, is := got.ClosedAs(name)
				b, ought := want.ClosedAs(name)
				if a != b || is != ought {
					t.Errorf("%s closes as %q, want %q", name, a, b)
				}
			}
			for i, s := range want.Versions[0].Stages {
				d := got.Versions[0].Stages[i]
				if d.Mandatory != s.Mandatory || d.Final != s.Final || (d.Phase == process.After) != (s.Phase == process.After) {
					t.Errorf("%s: %+v, want %+v", s.Name, d, s)
				}
			}
			byHand := filepath.Join(t.TempDir(), "by hand.yaml")
			if err := os.WriteFile(byHand, []byte(c.people+"process: "+written+"\nsource: {dsn: "+dsn+"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			a, b := figuresOf(t, filepath.Join(dir, configFile), c.asOf), figuresOf(t, byHand, c.asOf)
			if !reflect.DeepEqual(a, b) {
				t.Errorf("figures %+v, want %+v", a, b)
			}
		})
	}
}

func TestAPasswordIsNotWrittenDown(t *testing.T) {
	for _, c := range []struct{ name, dsn, shown, password string }{
		{"none", "postgres://me@db/sales", "postgres://me@db/sales", ""},
		{"before the host", "postgres://me:p%40ss@db:5432/sales?sslmode=disable", "postgres://me:${DRUMBEAT_SOURCE_PASSWORD}@db:5432/sales?sslmode=disable", "p%40ss"},
		{"with signs of its own", "postgresql://me:a:b${c}@db/sales", "postgresql://me:${DRUMBEAT_SOURCE_PASSWORD}@db/sales", "a:b${c}"},
		{"as an option", "postgres://db/sales?user=me&password=geheim", "postgres://db/sales?user=me&password=${DRUMBEAT_SOURCE_PASSWORD}", "geheim"},
		{"twice", "postgres://me:geheim@db/sales?password=geheim", "postgres://me:${DRUMBEAT_SOURCE_PASSWORD}@db/sales?password=${DRUMBEAT_SOURCE_PASSWORD}", "geheim"},
		{"two different ones: all of it is the secret", "postgres://me:one@db/sales?sslpassword=two", "${DRUMBEAT_SOURCE_DSN}", "postgres://me:one@db/sales?sslpassword=two"},
		{"what looks like a variable is none", "postgres://me@db/${sales}", "postgres://me@db/$${sales}", ""},
		{"an empty one", "postgres://me:@db/sales", "postgres://me:@db/sales", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown, secrets := withoutPassword(c.dsn)
			password := secrets[passwordName] + secrets[dsnName]
			if shown != c.shown || password != c.password {
				t.Errorf("%s and %q, want %s and %q", shown, password, c.shown, c.password)
			}
		})
	}
}

func TestOnPostgreSQLTheFilesHoldNoPasswordAndWorkWithIt(t *testing.T) {
	dsn := dbtest.Postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, given := u.User.Password()
	if !given || len(password) < 4 {
		t.Skip("the test's own server asks for no password")
	}
	dir, said := initialised(t, smallPipeline(t), dsn)
	for _, file := range []string{configFile, processFile} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text)+said, password) {
			t.Errorf("%s or the output has the password", file)
		}
	}
	if got := call(t, "report", "--config", filepath.Join(dir, configFile), "--as-of", "2026-03-01"); !strings.Contains(got, "Open deals") {
		t.Error(got)
	}
}

// smallPipeline has a mover that the reps lack, and no managers.
func smallPipeline(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rows := map[string]string{
		"reps.csv":          "id,name,email\nann,Ann,ann@example.com\n",
		"deals.csv":         "id,name,rep_id,created_at,closed_at,outcome\nd1,One,ann,2026-01-05 09:00:00,2026-01-20 09:00:00,won\nd2,Two,ann,2026-01-06 09:00:00,,open\n",
		"stage_changes.csv": "deal_id,stage,at,rep_id\nd1,Lead,2026-01-05 09:00:00,the ${sync}\nd1,Offer,2026-01-10 09:00:00,ann\nd1,Closed Won,2026-01-20 09:00:00,ann\nd2,Lead,2026-01-06 09:00:00,the ${sync}\n",
	}
	for name, text := range rows {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestASystemThatTheSourceDoesNotListIsAdded(t *testing.T) {
	dir, _ := initialised(t, smallPipeline(t), dbtest.SQLite(t))
	cfg, faults := config.Load(filepath.Join(dir, configFile), os.LookupEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(cfg.People) != 1 || cfg.People[0].Rep != "the ${sync}" || !cfg.People[0].System.V {
		t.Fatalf("%+v", cfg.People)
	}
	call(t, "report", "--config", filepath.Join(dir, configFile), "--as-of", "2026-03-01")
}

// A draft that cannot be finished leaves nothing behind.
func TestAStoppedInitLeavesNothingBehind(t *testing.T) {
	dsn, dir := dbtest.SQLite(t), filepath.Join(t.TempDir(), "first")
	call(t, "import", smallPipeline(t), "--into", dsn)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, bad bytes.Buffer
	if status := execute(ctx, []string{"init", "--from", dsn, "--out", dir}, &out, &bad); status != exitFailed || out.Len() > 0 {
		t.Errorf("exit status %d, %q and %q", status, &out, &bad)
	}
	if left, err := os.ReadDir(dir); !os.IsNotExist(err) {
		t.Errorf("%v, %v", left, err)
	}
}

// What cannot be learned leaves nothing behind either: the files are made before that.
func TestADraftThatCannotBeFinishedLeavesNothingBehind(t *testing.T) {
	dsn, dir := dbtest.SQLite(t), filepath.Join(t.TempDir(), "first")
	call(t, "import", smallPipeline(t), "--into", dsn)
	src, err := source.Open(t.Context(), source.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	first, err := lookAt(t.Context(), src, now, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil { // the database goes away
		t.Fatal(err)
	}
	first.dsn, first.dir = dsn, dir
	files := draftFiles{dir: dir}
	if _, err := files.stage(t.Context(), src, first, now); err == nil {
		t.Fatal("learned from a database that is gone")
	}
	files.sweep()
	if left, err := os.ReadDir(dir); !os.IsNotExist(err) {
		t.Errorf("%v, %v", left, err)
	}
}
