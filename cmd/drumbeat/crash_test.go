package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// Faults 7 and 8.
// Workers are killed with kill -9 at random moments and at each point of the protocol while a moody relay takes their
// mails. Nothing may be lost, no run half planned, and a mail may come again only in the same bytes, and for a reason:
// at most one for each connection that a killed worker had. DRUMBEAT_KILLS says how many (12; from 100 on there are
// over 10,000 digests), DRUMBEAT_SEED repeats a run's dice, if not the moments that the machine adds.
func TestNothingIsLostHoweverWorkersAreKilled(t *testing.T) {
	t.Parallel()
	kills, seed := numberFrom(t, "DRUMBEAT_KILLS", 12), numberFrom(t, "DRUMBEAT_SEED", int(time.Now().UnixNano()%1_000_000))
	t.Logf("DRUMBEAT_SEED=%d", seed)
	size := trialSize{reps: 25, weeks: 12, connections: 2, rate: "100/s", lease: 5 * time.Second}
	if kills >= 100 {
		size.reps, size.weeks, size.rate = 200, 50, "200/s"
	}
	var results [2]result
	t.Run("all", func(t *testing.T) { // returns when both are through
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			results[0] = crash(t, dbtest.OwnPostgres(t).DSN, size, 2, kills, seed)
		})
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			results[1] = crash(t, dbtest.SQLite(t), size, 1, kills, seed)
		})
	})
	if !t.Failed() {
		t.Logf("what came of it:\n\n%s", countsTable(results[0], results[1]))
	}
}

func numberFrom(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: %q is no number from 1 on", name, text)
	}
	return n
}

// result is a trial's tally and how long it took.
type result struct {
	tally
	faults int // that the relay scripted
	took   time.Duration
}

// crash is one trial: kill, restart, until everything is sent nonetheless.
func crash(t *testing.T, state string, size trialSize, replicas, kills, seed int) result {
	began := time.Now()
	dice := rand.New(rand.NewPCG(uint64(seed), uint64(replicas)))
	tr := newTrial(t, state, size, rand.New(rand.NewPCG(uint64(seed), 77)))
	survivors := tr.massacre(replicas, kills, dice)
	tr.allSent()
	for _, p := range survivors {
		p.stopped()
	}
	r := result{tally: tr.audit(), took: time.Since(began)}
	for _, n := range tr.post.faults {
		r.faults += n
	}
	n := 0
	for _, k := range r.kills {
		n += k
	}
	if n != kills {
		t.Errorf("%d workers died of kill -9, want %d", n, kills)
	}
	return r
}

// victim is a worker that is to die.
type victim struct {
	*mortal
	since  time.Time
	moment time.Duration // after its start, for those who die at any moment
}

// massacre keeps so many workers going and kills them as the deck says, and then starts some that nobody kills.
func (tr *trial) massacre(replicas, kills int, dice *rand.Rand) (survivors []*mortal) {
	tr.t.Helper()
	deck := deal(kills, dice)
	var alive []*victim
	for planned := false; len(deck)+len(alive) > 0; time.Sleep(5 * time.Millisecond) {
		for len(alive) < min(replicas, len(deck)+len(alive)) && len(deck) > 0 {
			p := tr.start(deck[0], tr.nth(deck[0], len(deck)+replicas+2, dice))
			alive = append(alive, &victim{mortal: p, since: time.Now(), moment: time.Duration(dice.Int64N(int64(time.Second / 2)))})
			deck = deck[1:]
		}
		alive = slices.DeleteFunc(alive, func(v *victim) bool {
			if v.isGone() && !v.killed() {
				tr.t.Fatalf("a worker that was to die %s ended by itself, with %d", v.point, v.status.ExitStatus())
			}
			if v.isGone() && v.forPlan() { // now, since the next worker would make the other half
				planned = tr.wholeOrNot()
			}
			return v.isGone()
		})
		for _, v := range alive {
			planned = planned || v.forPlan() && time.Since(v.since) > time.Second && tr.wholeOrNot()
			late := v.forPlan() && planned || tr.post.distinct() == tr.digests() && time.Since(v.since) > time.Second
			switch {
			case v.point == anyMoment && time.Since(v.since) > v.moment:
				v.kill()
			case late: // the others were faster, and its point never comes
				v.how = anyMoment
				v.kill()
			case time.Since(v.since) > patience:
				tr.t.Fatalf("a worker was to die %s and still lives; %d more are to be killed, %d mails of %d are sent",
					v.point, len(deck), tr.post.distinct(), tr.digests())
			}
		}
	}
	tr.wholeOrNot()
	for range replicas { // not sooner: they would leave nothing to die for
		survivors = append(survivors, tr.start(noDeath, 0))
	}
	return survivors
}

func (v *victim) forPlan() bool { return v.point == midPlan || v.point == planned }

// deal shuffles as many deaths as are wanted, each point as often as any other. Those of planning come first, while
// there is something to plan.
func deal(kills int, dice *rand.Rand) []string {
	every := append(slices.Clone(points), anyMoment)
	deck := make([]string, kills)
	for i := range deck {
		deck[i] = every[i%len(every)]
	}
	dice.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	slices.SortStableFunc(deck, func(a, b string) int { return early(a) - early(b) })
	return deck
}

func early(point string) int {
	if point == midPlan || point == planned {
		return 0
	}
	return 1
}

// nth chooses which passing of its point a worker does not survive, so that so many kills spread over all mails.
func (tr *trial) nth(point string, kills int, dice *rand.Rand) int {
	switch point {
	case midPlan:
		return 1 + dice.IntN(tr.reps+tr.teams())
	case planned:
		return 1 + dice.IntN(2)
	}
	return 1 + dice.IntN(max(1, (tr.digests()-tr.post.distinct())/kills))
}

// Fault 7.
// With a single connection it is known which mail a death concerns: it comes again if it had been handed over and the
// ledger does not know, and only then.
func TestWhatEachDeathCosts(t *testing.T) {
	t.Parallel()
	dbtest.Both(t, func(t *testing.T, dsn string) {
		t.Parallel()
		tr := newTrial(t, dsn, trialSize{reps: 12, weeks: 3, connections: 1, rate: "1000/s", lease: 3 * time.Second}, nil)
		least := map[string]int{afterDot: 1, beforeMark: 1}
		most := map[string]int{afterDot: 1, beforeMark: 1, answering: 1, planned: 1} // whether the answer came first is open
		for _, point := range points {
			p := tr.start(point, 2)
			p.ended(point, died)
			tr.wholeOrNot()
		}
		p := tr.start(noDeath, 0)
		tr.allSent()
		p.stopped()
		sum := tr.audit()
		for _, p := range tr.processes[:len(points)] {
			if n := sum.perKill[p]; n < least[p.point] || n > most[p.point] {
				t.Errorf("killed %s, %d mails came again; want %d to %d", p.point, n, least[p.point], most[p.point])
			}
		}
	})
}

// countsTable is the table of docs/operations.md.
func countsTable(a, b result) string {
	var s strings.Builder
	row := func(what string, of func(result) any) {
		fmt.Fprintf(&s, "| %s | %v | %v |\n", what, of(a), of(b))
	}
	fmt.Fprintf(&s, "| | Postgres, two workers | SQLite, one worker |\n|---|---|---|\n")
	row("digests", func(r result) any { return r.digests })
	for _, point := range append(slices.Clone(points), anyMoment) {
		row("killed "+point, func(r result) any { return r.kills[point] })
	}
	row("faults of the relay", func(r result) any { return r.faults })
	row("**lost**", func(r result) any { return r.lost })
	row("sent again after a kill", func(r result) any { return r.byKill })
	row("the most after one kill", func(r result) any { return r.most })
	row("sent again since the relay's answer was lost", func(r result) any { return r.byRelay })
	row("copies in other bytes", func(r result) any { return r.other })
	row("seconds", func(r result) any { return int(r.took.Seconds()) })
	return s.String()
}
