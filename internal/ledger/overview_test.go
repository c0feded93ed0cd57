package ledger

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// overviewOf makes a ledger in which the schedule weekly has run for three weeks, and monthly was left out.
func overviewOf(t *testing.T, l *Ledger) {
	t.Helper()
	for week, period := range []string{"2026-11-02", "2026-11-09", "2026-11-16"} {
		run := weekly()
		run.Period, run.AsOf = period, asOf.AddDate(0, 0, 7*(week-2))
		ds := digests(4)
		for i := range ds {
			ds[i].Period = period
		}
		ds = append(ds, Delivery{Key: Key{RepID: "x1"}, State: Skipped, Reason: "no address"}, Delivery{Key: Key{RepID: "x2"}, State: Skipped, Reason: "no address"},
			Delivery{Key: Key{Recipient: "y@example.com", RepID: "y"}, State: Skipped, Reason: "away"},
			Delivery{Key: Key{Recipient: "z@example.com", RepID: "z"}, State: Failed, Reason: "template: z@example.com"})
		must(l.Plan(t.Context(), run, ds))(t)
		for _, to := range []State{Sent, Sent, Unknown, Failed} {
			ok(t, l.Mark(t.Context(), claim(t, l, "me", time.Hour), Result{State: to, Reason: "550 no"}))
		}
	}
	run := Run{Schedule: "monthly", Period: "2026-11-01", AsOf: asOf}
	must(l.Plan(t.Context(), run, []Delivery{{State: Skipped, Reason: "not made: too late"}}))(t)
	run = Run{Schedule: "ops", Period: "2026-11-16 weekly trouble", AsOf: asOf}
	must(l.Plan(t.Context(), run, nil))(t)
}

func TestTheOverviewCountsRunsByWhatBecameOfThem(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		overviewOf(t, l)
		o := must(l.Overview(t.Context(), 2, time.Now().Add(-time.Hour)))(t)
		var names []string
		for _, r := range o.Runs {
			names = append(names, r.Schedule+" "+r.Period)
		}
		if got := strings.Join(names, ", "); got != "monthly 2026-11-01, weekly 2026-11-16, weekly 2026-11-09" {
			t.Fatalf("the last two of each: %s", got)
		}
		for _, r := range o.Runs[1:] {
			if want := map[State]int{Sent: 2, Unknown: 1, Failed: 2, Skipped: 3}; !maps.Equal(r.By, want) || r.LeftOut != "" || r.Meant() != 5 {
				t.Errorf("%s: %v, left out %q", r.Period, r.By, r.LeftOut)
			}
			if want := map[string]int{"no address": 2, "away": 1}; !maps.Equal(r.Why, want) {
				t.Errorf("%s: skipped because of %v", r.Period, r.Why)
			}
		}
		if r := o.Runs[0]; r.LeftOut != "not made: too late" || r.By[Skipped] != 0 {
			t.Errorf("left out: %+v", r)
		}
		if o.Standings[Unknown].N != 3 || len(o.Progress) != 0 || time.Since(o.At).Abs() > time.Hour {
			t.Errorf("%+v", o)
		}
	})
}

func TestTheOverviewHasWhatNeedsSomebodyHoweverOld(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		overviewOf(t, l)
		lots := func(since time.Time) (unknown, refused, unmade int) {
			for _, lot := range must(l.Overview(t.Context(), 1, since))(t).Lots {
				switch {
				case lot.First == 0 || lot.N != 1 || lot.Schedule != "weekly":
					t.Errorf("%+v", lot)
				case lot.State == Unknown:
					unknown++
				case lot.Made:
					refused++
				default:
					unmade++
				}
			}
			return unknown, refused, unmade
		}
		if a, b, c := lots(time.Now().Add(-time.Hour)); a != 3 || b != 3 || c != 3 {
			t.Errorf("%d unknown, %d refused, %d not made, want 3 each", a, b, c)
		}
		if a, b, c := lots(time.Now().Add(time.Hour)); a != 3 || b != 0 || c != 0 {
			t.Errorf("of the future: %d unknown, %d refused, %d not made, want 3, 0, 0", a, b, c)
		}
		failed := must(l.List(t.Context(), Filter{State: Failed, Period: "2026-11-16"}))(t)
		ok(t, l.Settle(t.Context(), []int64{failed[0].ID, failed[1].ID}, Failed))
		if _, b, c := lots(time.Now().Add(-time.Hour)); b != 2 || c != 2 {
			t.Errorf("settled: %d refused, %d not made are left, want 2 each", b, c)
		}
		o := must(l.Overview(t.Context(), 1, time.Now().Add(-time.Hour)))(t)
		last := o.Runs[slices.IndexFunc(o.Runs, func(r RunRecord) bool { return r.Schedule == "weekly" })]
		if last.By[Failed] != 0 || last.By[Skipped] != 5 || last.Why[Settled] != 2 {
			t.Errorf("of the run with settled ones: %v %v", last.By, last.Why)
		}
	})
}

func TestARunThatWasLeftOutAndMadeAfterAllIsNotLeftOut(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		overviewOf(t, l)
		must(l.Plan(t.Context(), Run{Schedule: "monthly", Period: "2026-11-01", AsOf: asOf}, digests(2)))(t)
		o := must(l.Overview(t.Context(), 1, time.Now()))(t)
		if r := o.Runs[0]; r.LeftOut != "" || r.By[Pending] != 2 || r.By[Skipped] != 0 {
			t.Errorf("%+v", r)
		}
		if lot := o.Lots[0]; lot.First == 0 || lot != (Lot{Schedule: "monthly", Period: "2026-11-01", State: Pending, Made: true, N: 2, First: lot.First}) {
			t.Errorf("what waits: %+v", lot)
		}
	})
}

// The stored mails lie between the columns of SQLite's rows: they are not read to be counted.
func TestTheOverviewReadsNoMails(t *testing.T) {
	l := open(t, "sqlite:"+filepath.Join(t.TempDir(), "state.db"))
	for query, want := range map[string]string{"tally": "SEARCH delivery USING COVERING INDEX delivery_standing (updated_at>?)",
		"unsent": "SEARCH delivery USING COVERING INDEX delivery_standing (updated_at>?)", "undecided": "SCAN delivery USING COVERING INDEX delivery_standing"} {
		text, list, err := bind(l.queries[query], args{"from": time.Now(), "since": time.Now(), "settled": Settled}, l.db.Rebind)
		ok(t, err)
		rows, err := l.db.Queryx("EXPLAIN QUERY PLAN "+text, list...)
		ok(t, err)
		var said strings.Builder
		for rows.Next() {
			said.WriteString(must(rows.SliceScan())(t)[3].(string) + "\n")
		}
		ok(t, rows.Close())
		if how := said.String(); !strings.Contains(how, want) || strings.Contains(how, "sqlite_autoindex_delivery") {
			t.Errorf("%s is carried out as\n%s", query, how)
		}
	}
}
