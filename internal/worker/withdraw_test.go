package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// Fault 36: the relay is down, and before it is back one recipient has left, another is away and a third has got
// another address.
func TestWhoHasLeftSinceItWasPlannedGetsNothing(t *testing.T) {
	serving(t, daily, func(k *kit) { k.relay.breaks(errors.New("connection refused")) }, func(t *testing.T, k *kit) {
		k.pass(time.Hour)
		rows := k.rows(ledger.Filter{Schedule: "own", State: ledger.Pending})
		if len(rows) < 4 {
			t.Fatalf("%d wait\n%s", len(rows), k.logs)
		}
		left, away, moved := rows[0], rows[1], rows[2]
		today := pipeline.DateOf(time.Now(), time.UTC)
		k.source.people(func(r *pipeline.Rep) {
			switch r.ID {
			case left.RepID:
				r.Active = false
			case away.RepID:
				r.Away = []pipeline.DateRange{{From: today, To: today + 7}}
			case moved.RepID:
				r.Email = "new." + moved.Recipient
			}
		})
		k.pass(10 * time.Minute)
		k.relay.breaks(nil)
		k.pass(15 * time.Minute)
		to := k.relay.addresses()
		for _, gone := range []ledger.Delivery{left, away, moved} {
			if slices.Contains(to, gone.Recipient) {
				t.Errorf("%s got a mail", gone.Recipient)
			}
		}
		if !slices.Contains(to, "new."+moved.Recipient) {
			t.Errorf("who has another address got none there: %q\n%s", to, k.logs)
		}
		if len(to) != len(rows)-2 {
			t.Errorf("%d mails for %d who are still meant", len(to), len(rows)-2)
		}
		reasons := map[string]string{}
		for _, row := range k.rows(ledger.Filter{Schedule: "own", State: ledger.Skipped}) {
			reasons[row.Recipient] = row.Reason
		}
		if reasons[left.Recipient] != "inactive" || reasons[away.Recipient] != "away" || !strings.Contains(reasons[moved.Recipient], "address has changed") {
			t.Errorf("reasons: %q, %q, %q", reasons[left.Recipient], reasons[away.Recipient], reasons[moved.Recipient])
		}
	})
}

// Half of a table that is being loaded withdraws nobody's mail; a config that means fewer people does, however many.
func TestOnlyPeopleGoneFromTheSourceAreDoubted(t *testing.T) {
	everybody := func() []pipeline.Rep {
		reps := []pipeline.Rep{{ID: "boss", Email: "boss@example.com", Team: "South", Active: true}}
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			reps = append(reps, pipeline.Rep{ID: id, Email: id + "@example.com", Team: "North", ManagerID: "boss", Active: true},
				pipeline.Rep{ID: id + "2", Email: id + "2@example.com", Team: "North", ManagerID: id, Active: true})
		}
		return reps
	}
	each := func(change func(*pipeline.Rep)) func([]pipeline.Rep) []pipeline.Rep {
		return func(reps []pipeline.Rep) []pipeline.Rep {
			for i := range reps {
				change(&reps[i])
			}
			return reps
		}
	}
	for _, c := range []struct {
		name, digest string
		teams        []string // of the config before
		source       func([]pipeline.Rep) []pipeline.Rep
		now          []string // the config's teams since
		withdrawn    int
		refused      bool
	}{
		{name: "nothing has changed", digest: "rep"},
		{name: "three are gone", digest: "rep", source: func(reps []pipeline.Rep) []pipeline.Rep { return reps[3:] }, withdrawn: 3},
		{name: "most are gone", digest: "rep", source: func(reps []pipeline.Rep) []pipeline.Rep { return reps[6:] }, refused: true},
		{name: "the config means a team less", digest: "rep", teams: []string{"North", "South"}, now: []string{"South"}, withdrawn: 12},
		{name: "the config means one team", digest: "rep", now: []string{"South"}, withdrawn: 12},
		{name: "managers have no reports any more", digest: "manager", source: each(func(r *pipeline.Rep) { r.ManagerID = "" }), refused: true},
		{name: "the config means other managers", digest: "manager", now: []string{"South"}, withdrawn: 6},
		{name: "nobody has a team any more", digest: "rep", teams: []string{"North"}, now: []string{"North"}, source: each(func(r *pipeline.Rep) { r.Team = "" }), refused: true},
		{name: "all change to another team", digest: "rep", teams: []string{"North"}, now: []string{"North"}, source: each(func(r *pipeline.Rep) { r.Team = "West" }), withdrawn: 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &round{schedule: config.Schedule{Name: "own", Digest: c.digest}, period: "2026-06-01"}
			meant := func(reps []pipeline.Rep, teams []string) []digest.Recipient {
				return digest.Recipients(digest.Rule{Kind: digest.Kind(c.digest), Teams: teams}, reps, 0)
			}
			known := map[ledger.Key]ledger.State{}
			for _, p := range meant(everybody(), c.teams) {
				known[r.key(p)] = ledger.Pending
			}
			reps := everybody()
			if c.source != nil {
				reps = c.source(reps)
			}
			r.schedule.Recipients.Teams = c.now
			reasons, err := r.withdrawn(meant(reps, c.now), reps, known)
			if (err != nil) != c.refused || len(reasons) != c.withdrawn {
				t.Errorf("of %d %d are withdrawn, error %v", len(known), len(reasons), err)
			}
		})
	}
}
