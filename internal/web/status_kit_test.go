package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// Monday, 09:31:05 at Berlin: the week's digests went out at seven.
var (
	berlin = time.FixedZone("CET", 3600)
	onCall = time.Date(2026, 11, 30, 9, 31, 5, 0, berlin)
	monday = time.Date(2026, 11, 30, 7, 0, 0, 0, berlin)
)

// ward is a status page whose ledger, worker and config are as a test wants them.
type ward struct {
	*Status
	t      *testing.T
	at     time.Time
	silent error // of the ledger
	asked  int
	said   *ledger.Overview
	pulse  Pulse
	faults []string
	reload time.Time
}

// Overview implements Overseen.
func (w *ward) Overview(context.Context, int, time.Time) (*ledger.Overview, error) {
	w.asked++
	if w.silent != nil {
		return nil, w.silent
	}
	o := *w.said
	o.At = w.at
	return &o, nil
}

// newWard is one in which all is well: a rep's and a manager's schedule ran this morning.
func newWard(t *testing.T) *ward {
	w := &ward{t: t, at: onCall, said: &ledger.Overview{Standings: map[ledger.State]ledger.Standing{ledger.Sent: {N: 1204}, ledger.Skipped: {N: 61}}, Progress: map[string]ledger.Progress{}}}
	w.Status = &Status{Ledger: w, Memory: new(Memory), Pulse: func() Pulse { return w.pulse }, Zone: berlin, Plain: func(s string) string { return s },
		Reload: func() ([]string, time.Time) { return w.faults, w.reload }, Now: func() time.Time { return w.at }, Log: slog.New(slog.DiscardHandler),
		Running: Running{Config: "/etc/drumbeat/drumbeat.yaml", Version: "3f9a1c", Commit: "c0ffee1", Environment: "production", Worker: "mail-1/4711", Database: "PostgreSQL",
			Since: onCall.AddDate(0, 0, -12), InForce: onCall.AddDate(0, 0, -3), Unreached: []string{"no address", "the address cannot be used"}, NothingToDo: "nothing to say"}}
	w.schedule("weekly-own", "rep", false)
	w.schedule("weekly-team", "manager", false)
	w.schedule("operations", "admin", false)
	for week := range 4 {
		w.ran("weekly-own", week, map[ledger.State]int{ledger.Sent: 41, ledger.Skipped: 3}, map[string]int{"nothing to say": 2, "opted out": 1})
		w.ran("weekly-team", week, map[ledger.State]int{ledger.Sent: 7}, nil)
	}
	w.ran("operations", 0, map[ledger.State]int{ledger.Sent: 2}, nil)
	w.pulse.SourceAge = map[string]time.Duration{"weekly-own": 6 * time.Hour, "weekly-team": 6 * time.Hour}
	return w
}

// schedule adds one of Monday, seven o'clock, that has been made up to this week's.
func (w *ward) schedule(name, digest string, own bool) {
	w.Schedules = append(w.Schedules, Scheduled{Clockwork: Clockwork{Name: name, Digest: digest, Next: func(after time.Time) time.Time {
		next := monday
		for !next.After(after) {
			next = next.AddDate(0, 0, 7)
		}
		for next.AddDate(0, 0, -7).After(after) {
			next = next.AddDate(0, 0, -7)
		}
		return next
	}}, Zone: berlin, OwnHour: own})
	w.said.Progress[name] = ledger.Progress{LastDue: monday}
}

// ran adds the run of so many weeks ago.
func (w *ward) ran(schedule string, week int, by map[ledger.State]int, why map[string]int) *ledger.RunRecord {
	tick := monday.AddDate(0, 0, -7*week)
	w.said.Runs = append(w.said.Runs, ledger.RunRecord{Run: ledger.Run{Schedule: schedule, Period: tick.Format(time.DateOnly), Tick: tick, AsOf: tick, StartedAt: tick.Add(2 * time.Second),
		FinishedAt: tick.Add(14 * time.Second)}, By: by, Why: why})
	return &w.said.Runs[len(w.said.Runs)-1]
}

// lot adds deliveries that need somebody.
func (w *ward) lot(schedule string, state ledger.State, made bool, n int) {
	w.said.Lots = append(w.said.Lots, ledger.Lot{Schedule: schedule, Period: "2026-11-30", State: state, Made: made, N: n, First: 4711})
	all := w.said.Standings[state]
	all.N += n
	w.said.Standings[state] = all
}

// threeWrong: the pipeline cannot be read, of a digest nobody knows whether it arrived, and a config was refused.
func (w *ward) threeWrong() {
	for _, s := range w.Schedules[:2] {
		w.said.Progress[s.Name] = ledger.Progress{LastDue: monday.AddDate(0, 0, -7)}
	}
	w.said.Runs = slices.DeleteFunc(w.said.Runs, func(r ledger.RunRecord) bool { return r.Period == "2026-11-30" && r.Schedule != "operations" })
	const why = "reps: dial tcp 10.0.0.7:5432: connect: connection refused"
	w.pulse.Hindered = map[string]Hindrance{"weekly-own": {Words: why}, "weekly-team": {Words: why}}
	w.lot("weekly-own", ledger.Unknown, true, 1)
	w.said.Lots[0].Period = "2026-11-23"
	w.said.Standings[ledger.Unknown] = ledger.Standing{N: 1, Oldest: 3 * time.Hour}
	w.said.Runs[0].By = map[ledger.State]int{ledger.Sent: 40, ledger.Unknown: 1, ledger.Skipped: 3}
	w.faults = []string{`/etc/drumbeat/drumbeat.yaml:31:5: schedules.weekly-team.crn: unknown key; write cron`, `/etc/drumbeat/drumbeat.yaml:40:12: mail.rate: "fast" is no rate; write 10/s`}
	w.reload = onCall.Add(-40 * time.Minute)
}

// many: thirty schedules with long names, one of which is late.
func (w *ward) many() {
	w.Schedules, w.said.Runs = nil, nil
	for i := range 30 {
		name := fmt.Sprintf("weekly-digest-of-the-enterprise-sales-team-in-region-%02d-without-resellers", i)
		w.schedule(name, []string{"rep", "manager"}[i%2], i%3 == 0)
		for week := range 4 {
			w.ran(name, week, map[ledger.State]int{ledger.Sent: 1000 + i, ledger.Skipped: 12}, map[string]int{"no address": 9, "opted out": 3})
		}
	}
	w.said.Runs[4*3].By = map[ledger.State]int{ledger.Sent: 990, ledger.Failed: 13}
	w.lot(w.Schedules[3].Name, ledger.Failed, true, 13)
}

// fresh: nothing ever ran.
func (w *ward) fresh() {
	w.said = &ledger.Overview{}
	w.pulse = Pulse{}
	w.Running.Since, w.Running.InForce = onCall.Add(-20*time.Second), onCall.Add(-20*time.Second)
}

// ask sends a request as a browser on this machine does, changed by change.
func (w *ward) ask(change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/status", nil)
	r.RemoteAddr = "127.0.0.1:50123"
	if change != nil {
		change(r)
	}
	out := httptest.NewRecorder()
	(&Site{Status: w.Handler(), Log: w.Log}).Handler().ServeHTTP(out, r)
	return out
}

// see gives the page's words, without its looks.
func (w *ward) see() string {
	w.t.Helper()
	out := w.ask(nil)
	if out.Code != http.StatusOK {
		w.t.Fatalf("status %d\n%s", out.Code, out.Body)
	}
	_, body, _ := strings.Cut(out.Body.String(), "</style>")
	return body
}
