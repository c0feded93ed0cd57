package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

func TestAnOptOutStopsOneKindOfDigestOrAll(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ok(t, l.OptOut(t.Context(), "ada@X.example", "manager"))
		ok(t, l.OptOut(t.Context(), "bo@x.example", ""))
		for _, c := range []struct {
			address, kind string
			want          bool
		}{
			{"ada@x.EXAMPLE", "manager", true}, {"ada@x.example", "rep", false}, {"ada@x.example", "", false},
			{"bo@x.example", "manager", true}, {"bo@x.example", "rep", true}, {"cy@x.example", "rep", false},
		} {
			if got := must(l.HasOptedOut(t.Context(), c.address, c.kind))(t); got != c.want {
				t.Errorf("%s %q: %v", c.address, c.kind, got)
			}
		}
		for kind, want := range map[string]string{"manager": "[ada@x.example bo@x.example]", "rep": "[bo@x.example]", "": "[ada@x.example bo@x.example]"} {
			if got := fmt.Sprint(must(l.OptOuts(t.Context(), kind))(t)); got != want {
				t.Errorf("%q: %s, want %s", kind, got, want)
			}
		}
		ok(t, l.OptIn(t.Context(), "bo@x.example", "rep")) // an opt-out of everything outlives it
		ok(t, l.OptIn(t.Context(), "ada@x.example", "manager"))
		if got := fmt.Sprint(must(l.OptOuts(t.Context(), "manager"))(t)); got != "[bo@x.example]" {
			t.Errorf("after the opt-ins: %s", got)
		}
	})
}

func TestWhatIsOnItsWayToSomebodyWhoOptsOutIsSkipped(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		const live, dead = time.Minute, time.Millisecond
		plan(t, l, 4)
		inFlight := claim(t, l, "alive", live)
		left := claim(t, l, "dead", dead)
		for i := range 4 {
			ok(t, l.OptOut(t.Context(), fmt.Sprintf("rep%02d@example.com", i), "rep"))
		}
		rows := must(l.List(t.Context(), Filter{State: Skipped}))(t)
		if len(rows) < 2 || rows[len(rows)-1].Reason != OptedOut {
			t.Fatalf("the two that were pending: %+v", rows)
		}
		if got := state(t, l, inFlight.ID); got != Sending {
			t.Errorf("the one in flight is %s: nobody can call it back", got)
		}
		ok(t, l.Mark(t.Context(), inFlight, Result{State: Pending, Reason: "450 later"}))
		time.Sleep(5 * dead)
		if d := claim(t, l, "next", live); d != nil {
			t.Errorf("claimed for somebody who opted out: %+v", d)
		}
		for _, id := range []int64{inFlight.ID, left.ID} {
			if got := state(t, l, id); got != Skipped {
				t.Errorf("delivery %d is %s", id, got)
			}
		}
		if w := must(l.Waiting(t.Context(), Filter{}))(t); w.Pending+w.Sending > 0 {
			t.Errorf("still waited for: %+v", w)
		}
	})
}

func TestAnOptOutOfOneKindLeavesTheOthersMailsAlone(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		ok(t, l.OptOut(t.Context(), "rep00@example.com", "manager"))
		if n := must(l.Count(t.Context(), Filter{State: Pending}))(t)[Pending]; n != 2 {
			t.Errorf("%d pending, want 2", n)
		}
	})
}

// A digest that was planned by somebody who did not see the opt-out is not sent either.
func TestADigestPlannedAfterAnOptOutIsNeverClaimed(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ok(t, l.OptOut(t.Context(), "rep00@example.com", "rep"))
		plan(t, l, 1)
		if d := claim(t, l, "me", time.Minute); d != nil {
			t.Fatalf("claimed %+v", d)
		}
		if rows := must(l.List(t.Context(), Filter{State: Skipped}))(t); len(rows) != 1 || rows[0].Reason != OptedOut {
			t.Errorf("%+v", rows)
		}
	})
}

func TestFindKnowsAMailByItsHash(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		d := digests(1)
		hash := strings.Repeat("a2", 16)
		d[0].MessageID = hash + "@example.com"
		must(l.Plan(t.Context(), weekly(), d))(t)
		if got := must(l.Find(t.Context(), hash))(t); got.RepID != d[0].RepID || string(got.Body) != string(d[0].Body) {
			t.Errorf("%+v", got)
		}
		for _, other := range []string{"", hash[:31], hash[:31] + "b", "%"} {
			if got, err := l.Find(t.Context(), other); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q finds %+v, %v", other, got, err)
			}
		}
	})
}

func TestOldBodiesAreForgottenAndTheRowsStay(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 4)
		sent, failed, busy := claim(t, l, "me", time.Minute), claim(t, l, "me", time.Minute), claim(t, l, "me", time.Minute)
		ok(t, l.Mark(t.Context(), sent, Result{State: Sent}))
		ok(t, l.Mark(t.Context(), failed, Result{State: Failed, Reason: "550 no"}))
		if n := must(l.Forget(t.Context(), time.Hour))(t); n != 0 {
			t.Errorf("%d forgotten within the hour", n)
		}
		if n := must(l.Forget(t.Context(), 0))(t); n != 1 {
			t.Errorf("%d forgotten, want the sent one alone", n)
		}
		if d := must(l.Get(t.Context(), sent.ID))(t); d.Body != nil || d.State != Sent || d.Subject == "" {
			t.Errorf("the sent one: %+v", d)
		}
		for _, d := range []*Delivery{failed, busy} { // may still be sent
			if d := must(l.Get(t.Context(), d.ID))(t); d.Body == nil {
				t.Errorf("the %s one lost its body", d.State)
			}
		}
	})
}

// Fault 19: an upgrade keeps what there is. Whoever opted out before there were kinds has opted out of all of them.
func TestOptOutsOutliveTheMigration(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := must(connect(dsn))(t)
		provider := must(l.provider())(t)
		if l.dialect.migrations == "postgres" {
			ok(t, l.createSchema(t.Context()))
		}
		must(provider.UpTo(t.Context(), 1))(t)
		_, err := l.db.Exec(l.dialect.translate("INSERT INTO drumbeat_state.optout (address, created_at) VALUES ('old@example.com', '2026-01-01T00:00:00.000000Z')"))
		ok(t, err)
		ok(t, l.Close())
		ok(t, Migrate(t.Context(), dsn))
		if !must(open(t, dsn).HasOptedOut(t.Context(), "old@example.com", "rep"))(t) {
			t.Error("forgotten")
		}
	})
}
