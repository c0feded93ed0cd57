package main

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"drumbeat/internal/ledger"
)

// counts says how often each state there is, of everything or of a schedule's period.
func (tr *trial) counts(f ledger.Filter) map[ledger.State]int {
	tr.t.Helper()
	counts, err := tr.ledger.Count(tr.t.Context(), f)
	if err != nil {
		tr.t.Fatal(err)
	}
	return counts
}

func sumOf(counts map[ledger.State]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// wholeOrNot demands that each run has all of its digests or none, and says whether all runs have.
func (tr *trial) wholeOrNot() (all bool) {
	tr.t.Helper()
	all = true
	for week := range tr.weeks {
		for _, name := range []string{"own", "team"} {
			switch n := sumOf(tr.counts(ledger.Filter{Schedule: name, Period: tr.period(week)})); n {
			case 0:
				all = false
			case tr.people(name):
			default:
				tr.t.Errorf("%s %s is half planned: %d digests of %d", name, tr.period(week), n, tr.people(name))
			}
		}
	}
	return all
}

// allSent waits until the ledger has nothing left to send, as long as it gets on.
func (tr *trial) allSent() {
	tr.t.Helper()
	for last := -1; ; {
		before := last
		tr.until("all digests sent, or some more", func() bool {
			last = tr.counts(ledger.Filter{})[ledger.Sent]
			return last > before || last == tr.digests()
		})
		if last == tr.digests() {
			return
		}
	}
}

// tally is what came of a trial.
type tally struct {
	kills   map[string]int // by point
	digests int
	copies  int // that the relay took
	lost    int

	perKill map[*mortal]int // mails that came once more because their sender was killed
	byKill  int             // all of those
	most    int             // of one kill
	byRelay int             // because the relay took one and its answer got lost
	bySleep int             // because their sender slept past its lease behind the final dot
	other   int             // copies in other bytes than the ledger has
}

// audit compares the ledger, the relay's record and what has to be: every digest once in the ledger and sent, and at the
// relay at least once, always in the same bytes. Each further copy needs a reason.
func (tr *trial) audit(sleepers ...*mortal) tally {
	tr.t.Helper()
	sum := tally{kills: map[string]int{}, digests: tr.digests(), perKill: map[*mortal]int{}}
	rows, err := tr.ledger.List(tr.t.Context(), ledger.Filter{})
	if err != nil {
		tr.t.Fatal(err)
	}
	due := tr.everyKey()
	if len(rows) != len(due) {
		tr.t.Errorf("%d deliveries in the ledger, want %d", len(rows), len(due))
	}
	for _, row := range rows {
		if !due[row.Key] {
			tr.t.Errorf("%v should not be in the ledger, or stands there twice", row.Key)
		}
		delete(due, row.Key)
		if row.State != ledger.Sent {
			tr.t.Errorf("%v is %s: %s", row.Key, row.State, row.Reason)
		}
		copies := tr.post.arrivals("<" + row.MessageID + ">")
		sum.copies += len(copies)
		if len(copies) == 0 {
			sum.lost++
			tr.t.Errorf("%v never arrived", row.Key)
			continue
		}
		sum.other += tr.otherBytes(row, copies)
		tr.explain(row, copies, sleepers, &sum)
	}
	for key := range due {
		tr.t.Errorf("%v is missing in the ledger", key)
	}
	for p, n := range sum.perKill {
		sum.byKill += n
		sum.most = max(sum.most, n)
		if n > tr.connections {
			tr.t.Errorf("process %d, killed %s, left %d mails that came again; it had %d connections",
				p.cmd.Process.Pid, p.how, n, tr.connections)
		}
	}
	for _, p := range tr.processes {
		if p.killed() {
			sum.kills[p.how]++
		}
	}
	if n := tr.post.distinct(); n != sum.digests {
		tr.t.Errorf("the relay has %d different mails, want %d", n, sum.digests)
	}
	return sum
}

// everyKey is what has to be in the ledger in the end, worked out from the company alone.
func (tr *trial) everyKey() map[ledger.Key]bool {
	due := map[ledger.Key]bool{}
	for week := range tr.weeks {
		for i := range tr.reps {
			due[ledger.Key{Schedule: "own", Period: tr.period(week), Recipient: repEmail(i), RepID: repID(i)}] = true
			if i%spell == 0 {
				due[ledger.Key{Schedule: "team", Period: tr.period(week), Recipient: repEmail(i), RepID: repID(i)}] = true
			}
		}
	}
	return due
}

// otherBytes counts the copies that are not what the ledger has, or went to somebody else.
func (tr *trial) otherBytes(row ledger.Delivery, copies []letterCopy) (different int) {
	tr.t.Helper()
	stored, err := tr.ledger.Get(tr.t.Context(), row.ID)
	if err != nil {
		tr.t.Fatal(err)
	}
	for _, c := range copies {
		if c.sum != sha256.Sum256(stored.Body) || c.to != row.Recipient {
			different++
			tr.t.Errorf("%v arrived in other bytes, or at %s", row.Key, c.to)
		}
	}
	return different
}

// explain finds the reason of each copy but one: its sender was killed, slept, or did not get the relay's answer.
func (tr *trial) explain(row ledger.Delivery, copies []letterCopy, sleepers []*mortal, sum *tally) {
	tr.t.Helper()
	extra := len(copies) - 1
	for _, c := range copies {
		switch {
		case extra == 0:
			return
		case !c.answered:
			sum.byRelay++
		case c.by.cutShort():
			sum.perKill[c.by]++
		case slices.Contains(sleepers, c.by):
			sum.bySleep++
		default:
			continue
		}
		extra--
	}
	if extra > 0 {
		tr.t.Errorf("%v came %d times, %d without a reason:%s", row.Key, len(copies), extra, story(copies))
	}
}

func story(copies []letterCopy) (s string) {
	for _, c := range copies {
		s += fmt.Sprintf(" by %d (dies %q, answered %t)", c.by.cmd.Process.Pid, c.by.how, c.answered)
	}
	return s
}
