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
	"testing/synctest"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/render"
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
	if k.source.deals != 1 {
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
}

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

func TestWhatTheRelaySays(t *testing.T) {
	say := func(o smtp.Outcome, reply string) func(string, int) smtp.Result {
		return func(string, int) smtp.Result { return smtp.Result{Outcome: o, Reply: reply, Err: errors.New(reply)} }
	}
	for _, c := range []struct {
		name    string
		hold    bool
		answer  func(string, int) smtp.Result
		want    Summary // per digest: 1 means all
		problem string
	}{
		{"no such user", false, say(smtp.Permanent, "550 5.1.1 no such user ada@example.com"), Summary{Failed: 1},
			"4 digests refused for good: 550 5.1.1 no such user [address]"},
		{"greylisted for good", false, say(smtp.Temporary, "450 4.7.1 come back later"), Summary{Pending: 1},
			"4 digests left pending: 450 4.7.1 come back later"},
		{"answer lost, hold", true, say(smtp.Unknown, "lost"), Summary{Unknown: 1}, "4 digests perhaps sent, nobody knows: lost"},
		{"greylisted twice", false, func(to string, try int) smtp.Result {
			if try < 3 {
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 later"}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
		{"answer lost once, resent", false, func(to string, try int) smtp.Result {
			if try == 1 {
				return smtp.Result{Outcome: smtp.Unknown, Err: errors.New("lost")}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
		{"relay shuts down in between", false, func(to string, try int) smtp.Result {
			if try == 1 {
				return smtp.Result{Outcome: smtp.Relay, Err: errors.New("421 bye")}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t, monday, "")
				if c.hold {
					k.Config.Mail.OnUnknown = "hold"
				}
				k.relay.answer = c.answer
				began := time.Now()
				s := k.do(Job{Schedule: k.schedule("team")}, 5*time.Minute)
				n := s.Digests
				if s.Sent != c.want.Sent*n || s.Failed != c.want.Failed*n || s.Pending != c.want.Pending*n || s.Unknown != c.want.Unknown*n {
					t.Errorf("of %d digests: %+v", n, s)
				}
				if got := fmt.Sprint([]Failure(s.Problems)); got != "["+c.problem+"]" {
					t.Errorf("problems: %q", got)
				}
				if s.Done() != (c.want.Sent == 1) {
					t.Errorf("done: %v", s.Done())
				}
				if took := time.Since(began); took > 6*time.Minute {
					t.Errorf("waited %v", took)
				}
				byID := map[string][]byte{}
				for _, l := range k.relay.letters() {
					if old, ok := byID[l.id]; ok && !bytes.Equal(old, l.raw) {
						t.Error("sent again in other bytes")
					}
					byID[l.id] = l.raw
				}
				if err := k.ledger.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAnUnreachableRelayLeavesEverythingPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.relay.down = errors.New("connect localhost:25: connection refused")
		s := k.do(Job{Schedule: k.schedule("team")}, time.Minute)
		if s.Pending != s.Digests || s.Sent != 0 || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].String(), "connection refused") {
			t.Errorf("%+v", s)
		}
		for _, row := range k.rows(ledger.Filter{}) {
			if row.State != ledger.Skipped && (row.State != ledger.Pending || row.Attempts != 0) {
				t.Errorf("%s: %s after %d attempts", row.RepID, row.State, row.Attempts)
			}
		}
		k.relay.down = nil
		if s = k.do(Job{Schedule: k.schedule("team")}); !s.Done() || s.Sent == 0 {
			t.Errorf("after the relay came back: %+v", s)
		}
		_ = k.ledger.Close()
	})
}

func TestADeadProcessesLeaseIsWaitedForAndTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.relay.down = errors.New("not yet")
		k.do(Job{Schedule: k.schedule("team")})
		k.relay.down = nil
		row, err := k.ledger.Claim(context.Background(), ledger.Claim{Owner: "dead", Lease: lease})
		if err != nil || row == nil {
			t.Fatal(row, err)
		}
		s := k.do(Job{Schedule: k.schedule("team")}) // no patience for retries, yet for this
		if !s.Done() || !slices.Contains(k.relay.addresses(), row.Recipient) {
			t.Errorf("%+v", s)
		}
		_ = k.ledger.Close()
	})
}

func TestWhatAnOperatorSettledIsDone(t *testing.T) {
	k := newKit(t, monday, "")
	k.relay.answer = func(string, int) smtp.Result { return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"} }
	k.do(Job{Schedule: k.schedule("team")})
	if s := k.do(Job{Schedule: k.schedule("team")}); s.Done() {
		t.Error("failed digests are not done")
	}
	var ids []int64
	for _, row := range k.rows(ledger.Filter{State: ledger.Failed}) {
		ids = append(ids, row.ID)
	}
	if err := k.ledger.Settle(context.Background(), ids, ledger.Failed); err != nil {
		t.Fatal(err)
	}
	if s := k.do(Job{Schedule: k.schedule("team")}); !s.Done() {
		t.Errorf("settled, and yet: %+v", s)
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

func TestASourceOutOfReachIsTheRunsError(t *testing.T) {
	k := newKit(t, monday, "")
	k.source.err = errors.New("source: connection refused")
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
