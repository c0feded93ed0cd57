package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/sample"
)

func TestEverybodyGetsOneDigestAndASecondRunSendsNone(t *testing.T) {
	k := newKit(t, monday, "")
	first := k.do(Job{Schedule: k.schedule("own")})
	if !first.Done() || first.Sent == 0 || first.Sent+first.Skipped != first.People {
		t.Fatalf("first run: %+v", first)
	}
	if to := k.relay.addresses(); len(slices.Compact(slices.Clone(to))) != len(to) {
		t.Errorf("somebody got two: %v", to)
	}
	asked := k.source.deals
	second := k.do(Job{Schedule: k.schedule("own")})
	if second.Sent != 0 || second.Known != second.People || !second.Done() {
		t.Errorf("second run: %+v", second)
	}
	if k.source.deals != asked {
		t.Error("the deals were read although everybody is known")
	}
	if due, err := k.ledger.LastDue(context.Background(), "own"); err != nil || !due.IsZero() {
		t.Errorf("a run by hand moved last_due to %v (%v)", due, err)
	}
}

func TestSchedulesOfOneInstantShareOneComputation(t *testing.T) {
	k := newKit(t, monday, "")
	all, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("team"), Tick: monday}, {Schedule: k.schedule("own"), Tick: monday}}, 0)
	if err != nil || len(all) != 2 || all[0].Sent == 0 || all[1].Sent == 0 {
		t.Fatalf("%+v %v", all, err)
	}
	if k.source.deals != 2 { // the day of the run, and the day of the last agenda
		t.Errorf("the deals were read %d times", k.source.deals)
	}
	if n := strings.Count(k.logs.String(), "run done"); n != 2 {
		t.Errorf("%d lines end 2 runs:\n%s", n, k.logs)
	}
	if strings.Contains(k.logs.String(), "@") {
		t.Errorf("an address in the log:\n%s", k.logs)
	}
}

func TestWhoGetsNothingIsRecordedWithTheReason(t *testing.T) {
	k := newKit(t, monday, `
people:
  - {rep: R003, away: [{from: 2026-05-30, to: 2026-06-05}]}
  - {rep: R004, active: false}
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1"}
`)
	k.do(Job{Schedule: k.schedule("own")})
	reasons := map[string]string{}
	for _, row := range k.rows(ledger.Filter{State: ledger.Skipped}) {
		reasons[row.RepID] = row.Reason
	}
	if reasons["R003"] != digest.SkipAway || reasons["R004"] != digest.SkipInactive {
		t.Errorf("reasons: %v", reasons)
	}
}

func TestForceSendsTheSameBytesAgain(t *testing.T) {
	k := newKit(t, monday, "")
	k.do(Job{Schedule: k.schedule("team")})
	before := k.relay.letters()
	k.relay.forget()
	s := k.do(Job{Schedule: k.schedule("team"), Force: true})
	after := k.relay.letters()
	if s.Sent != len(before) || len(after) != len(before) {
		t.Fatalf("%d letters, then %d (%+v)", len(before), len(after), s)
	}
	for _, b := range before {
		if !slices.ContainsFunc(after, func(a letter) bool { return a.to == b.to && bytes.Equal(a.raw, b.raw) }) {
			t.Errorf("%s got other bytes", b.to)
		}
	}
}

func TestOnlyOnePersonIsDealtWith(t *testing.T) {
	k := newKit(t, monday, "")
	one := k.source.p.Reps[4].Email // R005 sells
	s := k.do(Job{Schedule: k.schedule("own"), Only: []string{one}})
	if got := k.relay.addresses(); len(got) != 1 || got[0] != one || s.People != 1 {
		t.Errorf("sent to %v: %+v", got, s)
	}
	if rows := k.rows(ledger.Filter{}); len(rows) != 1 {
		t.Errorf("%d rows recorded", len(rows))
	}
	if r, err := k.ledger.LastRun(context.Background(), "own"); err != nil || !r.FinishedAt.IsZero() {
		t.Errorf("one person's digest finished the period: %+v (%v)", r, err)
	}
}

// So a relay or mailbox that drops repeated mails keeps both.
func TestARedirectedTestHasAnotherMessageID(t *testing.T) {
	k, test := newKit(t, monday, ""), newKit(t, monday, "")
	k.do(Job{Schedule: k.schedule("team")})
	test.do(Job{Schedule: test.schedule("team"), Redirect: "me@example.com"})
	ids := map[string]bool{}
	for _, l := range k.relay.letters() {
		ids[l.id] = true
	}
	if len(test.relay.letters()) != len(ids) {
		t.Errorf("%d redirected of %d", len(test.relay.letters()), len(ids))
	}
	for _, l := range test.relay.letters() {
		if l.to != "me@example.com" || !strings.Contains(l.toHeader, "me@example.com") || ids[l.id] {
			t.Errorf("redirected to %s (%s) as %s", l.to, l.toHeader, l.id)
		}
	}
}

func TestOutWritesFilesAndRecordsNothing(t *testing.T) {
	k := newKit(t, monday, `
people: [{rep: "x/ü 1", name: Odd Id, email: odd@example.com, manager: R002}]
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false}]
`)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine.txt"), []byte("mine"))
	s := k.do(Job{Schedule: k.schedule("own"), Out: dir})
	names, err := filepath.Glob(filepath.Join(dir, "own", "2026-06-01", "*.eml"))
	if err != nil || len(names) != s.Files || s.Files == 0 {
		t.Fatalf("%d files, summary %+v, %v", len(names), s, err)
	}
	for _, ext := range []string{".eml", ".html", ".txt"} {
		if _, err := os.Stat(filepath.Join(dir, "own", "2026-06-01", "x%2F%C3%BC%201"+ext)); err != nil {
			t.Error(err)
		}
	}
	if len(k.rows(ledger.Filter{})) != 0 || len(k.relay.letters()) != 0 {
		t.Error("something was recorded or sent")
	}
	if mine, err := os.ReadFile(filepath.Join(dir, "mine.txt")); err != nil || string(mine) != "mine" {
		t.Error("a file of somebody else was touched")
	}
}

// Fault 11: a panic in one rep's template.
func TestOnePersonsBrokenDigestStopsNobodyElse(t *testing.T) {
	k := newKit(t, monday, "")
	const victim = "R005"
	broken := func(d *digest.Digest) (render.Content, error) {
		if d.Recipient.ID == victim {
			panic("template: nil pointer")
		}
		return render.Render(d)
	}
	k.Worker.Render = broken
	s := k.do(Job{Schedule: k.schedule("own")})
	if s.Done() || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].String(), victim) || s.Sent != s.Digests || s.Sent == 0 {
		t.Fatalf("%+v", s)
	}
	rows := k.rows(ledger.Filter{State: ledger.Failed})
	if len(rows) != 1 || rows[0].RepID != victim || !strings.Contains(rows[0].Reason, "nil pointer") {
		t.Errorf("recorded as failed: %+v", rows)
	}
	k.relay.forget()
	k.Worker.Render = render.Render
	if s = k.do(Job{Schedule: k.schedule("own")}); s.Sent != 1 || !s.Done() {
		t.Errorf("after the template was mended: %+v", s)
	}
	if rows := k.rows(ledger.Filter{State: ledger.Failed}); len(rows) != 0 {
		t.Errorf("still failed: %+v", rows)
	}
}

func TestForceDoesNotReachThoseWhoHaveLeft(t *testing.T) {
	k := newKit(t, monday, "")
	k.do(Job{Schedule: k.schedule("team")})
	before := k.relay.addresses()
	k.relay.forget()
	gone := before[0]
	if err := k.ledger.OptOut(context.Background(), gone, "manager"); err != nil {
		t.Fatal(err)
	}
	s := k.do(Job{Schedule: k.schedule("team"), Force: true})
	if got := k.relay.addresses(); slices.Contains(got, gone) || len(got) != len(before)-1 || s.Again != len(got) {
		t.Errorf("sent again to %v: %+v", got, s)
	}
}

func TestForceThatCannotPlanPutsNothingBack(t *testing.T) {
	k := newKit(t, monday, "")
	k.do(Job{Schedule: k.schedule("team")})
	k.source.breaks(errors.New("connection refused"))
	if _, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("team"), Tick: monday, Force: true}}, 0); err == nil {
		t.Error("a source out of reach went unnoticed")
	}
	if rows := k.rows(ledger.Filter{State: ledger.Pending}); len(rows) != 0 {
		t.Errorf("%d rows wait to be sent again", len(rows))
	}
}

func TestAnAddressThatNoMailTakesStaysOutOfTheLog(t *testing.T) {
	long := strings.Repeat("a", 250) + "@example.com"
	k := newKit(t, monday, `
people: [{rep: X1, name: Long Address, email: short@example.com, manager: R002}]
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false}]
`)
	k.Config.People[0].Email = long // of a config it would be a fault
	if s := k.do(Job{Schedule: k.schedule("own")}); s.Failed != 1 || s.Sent != s.Digests || strings.Contains(fmt.Sprint(s.Problems), "@") {
		t.Errorf("%+v", s)
	}
	if strings.Contains(k.logs.String(), "@example.com") {
		t.Errorf("an address in the log:\n%s", k.logs)
	}
}

func TestTheHourIsTheRecipientsOwnButNeverBeforeTheEnd(t *testing.T) {
	k := newKit(t, monday, `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", time_zone: recipient}]
`)
	r := k.newRound(k.schedule("own"), monday)
	for _, c := range []struct{ zone, want string }{
		{"UTC", "2026-06-01T07:00:00Z"},
		{"America/New_York", "2026-06-01T11:00:00Z"},
		{"Asia/Tokyo", "2026-06-01T00:00:00Z"}, // 07:00 there is 22:00 the evening before: the period has not ended
		{"Asia/Kolkata", "2026-06-01T01:30:00Z"},
		{"No/Such", "2026-06-01T07:00:00Z"},
		{"", "2026-06-01T07:00:00Z"},
	} {
		if got := r.hourOf(c.zone).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.zone, got, c.want)
		}
	}
}

// Fault 18: the pipeline database is down when a run is called by hand.
func TestASourceOutOfReachIsTheRunsError(t *testing.T) {
	k := newKit(t, monday, "")
	k.source.breaks(errors.New("source: connection refused"))
	_, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("team"), Tick: monday}}, 0)
	if err == nil || !strings.Contains(err.Error(), "connection refused") || len(k.rows(ledger.Filter{})) != 0 {
		t.Errorf("%v", err)
	}
}

func TestFileNamesOfAnyID(t *testing.T) {
	for id, want := range map[string]string{"R1": "R1", "a/b": "a%2Fb", "..": "%2E.", "": "%", "ü": "%C3%BC", "50%": "50%25", "a.b-c_d": "a.b-c_d"} {
		if got := SafeName(id); got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
}

func TestResultsComeInTheOrderOfTheItems(t *testing.T) {
	items := make([]int, 100)
	for i := range items {
		items[i] = i
	}
	got := slices.Collect(inOrder(items, 4, func(i int) int {
		time.Sleep(time.Duration(i%7) * 100 * time.Microsecond)
		return i
	}))
	if !slices.Equal(got, items) {
		t.Errorf("got %v", got)
	}
	for range inOrder(items, 4, func(i int) int { return i }) {
		break // leaves nobody behind
	}
}

// Fault 35: nobody has anything to say. Each is on record as skipped, no mail goes out; with skip_empty: false each gets
// the one line that says so.
func TestNothingToSayIsOnRecord(t *testing.T) {
	for _, skip := range []string{"true", "false"} {
		k := newKit(t, monday, "\nschedules: [{name: own, digest: rep, cron: \"0 7 * * 1\", skip_empty: "+skip+"}]\n")
		k.source.p = sample.Generate(sample.Options{Seed: 1, Reps: 6, Deals: 40, AsOf: monday, Process: k.Config.Process})
		quiet := func(h *pipeline.History) bool {
			return h.Deal.ClosedAt.OK && h.Deal.ClosedAt.V.Before(monday.AddDate(0, -2, 0))
		}
		k.source.only = quiet
		s := k.do(Job{Schedule: k.schedule("own"), AcceptData: true})
		rows := k.rows(ledger.Filter{})
		sent, silent := 0, 0
		for _, row := range rows {
			if row.State == ledger.Sent {
				sent++
			}
			if row.State == ledger.Skipped && row.Reason == digest.SkipEmpty {
				silent++
			}
		}
		if !s.Done() || (skip == "true") != (sent == 0) || (skip == "true") != (silent > 0) {
			t.Errorf("skip_empty: %s: %d sent, %d with nothing to say, of %d", skip, sent, silent, len(rows))
		}
	}
}
