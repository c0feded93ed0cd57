package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/mail/mailbox"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/worker"
)

// forgetful is a company whose CRM overwrites: its queries have neither stage_changes nor forecasts.
type forgetful struct {
	*desk
	state string // the file
	rows  tables
}

func newForgetful(t *testing.T, b book) *forgetful {
	t.Helper()
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	dir := t.TempDir()
	dsn := "sqlite:" + filepath.Join(dir, "crm.db")
	var queries strings.Builder
	for _, rows := range pipeline.AllRows {
		if _, there := b.rows[rows]; there && !rows.Observable() {
			columns := strings.Join(b.rows[rows].head, ", ")
			fmt.Fprintf(&queries, "    %s: SELECT %s FROM %s\n", rows, columns, rows)
		}
	}
	text := fmt.Sprintf("process: %q\nsource:\n  dsn: %q\n  queries:\n%sstate: {dsn: \"sqlite:%s\"}\n%s\n"+
		"mail: {from: drumbeat@example.com, rate: 1000/s, smtp: {host: %s, port: %d, tls: none}}\n"+
		"schedules: [{name: managers, digest: manager, cron: \"0 7 * * 1\"}]\n",
		b.process, dsn, queries.String(), filepath.Join(dir, "state.db"), b.people, box.Host(), box.Port())
	config := filepath.Join(dir, "drumbeat.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &forgetful{desk: &desk{dsn: dsn, config: config}, state: filepath.Join(dir, "state.db"), rows: b.rows}
}

// run lets the schedule run at seven on a Monday, with what the CRM shows that day.
func (f *forgetful) run(t *testing.T, week string) {
	t.Helper()
	f.load(t, week, f.rows.before(week))
	cfg, err := loadConfig(f.config, true)
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), cfg, string(cfg.State.DSN), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := monday(t, week).Add(7 * time.Hour)
	h.Now = func() time.Time { return now }
	sums, err := h.Run(context.Background(), []worker.Job{{Schedule: cfg.Schedules[0], Tick: now}}, 0)
	if err != nil || !sums[0].Done() || sums[0].Sent == 0 {
		t.Fatalf("%s: %+v, %v", week, sums, err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func monday(t *testing.T, week string) time.Time {
	t.Helper()
	d, err := pipeline.ParseDate(week)
	if err != nil {
		t.Fatal(err)
	}
	return d.Start(time.UTC)
}

func (f *forgetful) report(t *testing.T, week string, more ...string) string {
	t.Helper()
	return call(t, append([]string{"report", "--config", f.config, "--as-of", week}, more...)...)
}

func TestRunsMakeUpForAHistoryThatTheSourceLacks(t *testing.T) {
	t.Parallel()
	f := newForgetful(t, madeUp(t))
	const sentence = "Stage and forecast history: as observed by Drumbeat's own runs since 13 April 2026; exact to 7 days.\n"
	f.load(t, "before any run", f.rows.before("2026-04-13"))
	never := f.report(t, "2026-04-13", "--format", "json")
	if _, err := os.Stat(f.state); err == nil {
		t.Error("report made a state database")
	}
	made := map[string]string{}
	for _, week := range []string{"2026-04-13", "2026-04-20", "2026-04-27", "2026-05-04"} {
		f.run(t, week)
		made[week] = f.report(t, week) + f.report(t, week, "--format", "json")
	}
	if first := made["2026-04-13"]; !strings.HasSuffix(first, never) || strings.Contains(first, "observed") {
		t.Error("the first look changes the figures")
	}
	f.load(t, "a week later", f.rows.before("2026-05-11"))
	state, err := os.ReadFile(f.state)
	if err != nil {
		t.Fatal(err)
	}
	for week, was := range made {
		if again := f.report(t, week) + f.report(t, week, "--format", "json"); again != was {
			t.Errorf("the report of %s is another one by now", week)
		}
	}
	if now, err := os.ReadFile(f.state); err != nil || !bytes.Equal(now, state) {
		t.Errorf("report wrote to the state database (%v)", err)
	}
	last := made["2026-05-04"]
	if !strings.Contains(last, sentence) || !strings.Contains(last, `"stage_changes": null`) || !strings.Contains(last, `"forecasts": null`) {
		t.Errorf("the last report:\n%.2000s", last)
	}
	out := t.TempDir()
	call(t, "run", "--config", f.config, "--as-of", "2026-05-04", "--out", out)
	mails := texts(digests(t, out, "managers"))
	for _, mail := range mails {
		if !strings.Contains(mail, "Stage and forecast history: as observed by Drumbeat's own runs since 13 April; exact to 7 days.") {
			t.Errorf("a digest does not say on what it rests:\n%s", mail)
		}
	}
	if len(mails) == 0 {
		t.Error("no digests")
	}
}

// Who only wants figures gets them, whatever has become of the state database.
func TestAReportGoesOnWithoutTheState(t *testing.T) {
	t.Parallel()
	f := newForgetful(t, madeUp(t))
	f.load(t, "some week", f.rows.before("2026-04-13"))
	without := f.report(t, "2026-04-13")
	if err := os.WriteFile(f.state, []byte(strings.Repeat("no database at all\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, bad bytes.Buffer
	status := execute(t.Context(), []string{"report", "--config", f.config, "--as-of", "2026-04-13"}, &out, &bad)
	if said := bad.String(); status != exitDone || out.String() != without || strings.Count(said, "\n") != 1 ||
		!strings.HasPrefix(said, "drumbeat: look at the ledger: ") || !strings.HasSuffix(said, "; what earlier runs observed is left out\n") {
		t.Errorf("exit status %d, %q", status, said)
	}
}
