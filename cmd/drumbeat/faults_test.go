package main

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
)

// gate is where the relay keeps its answers to final dots while it is shut.
type gate struct {
	held chan struct{} // one for each mail that came to the shut gate

	mu   sync.Mutex
	open chan struct{} // nil: it is not shut
}

func (tr *trial) newGate() *gate {
	g := &gate{held: make(chan struct{}, 100)}
	tr.onDot = func(*mortal) {
		g.mu.Lock()
		open := g.open
		g.mu.Unlock()
		if open != nil {
			g.held <- struct{}{}
			<-open
		}
	}
	g.shut()
	tr.t.Cleanup(g.letGo)
	return g
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) letGo() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

// twoAtTheRelay waits until each of two connections has handed over a mail and waits for the answer.
func (tr *trial) twoAtTheRelay(g *gate) {
	tr.t.Helper()
	for range 2 {
		select {
		case <-g.held:
		case <-time.After(patience):
			tr.t.Fatalf("after %v there are still no two mails at the relay", patience)
		}
	}
}

// The first SIGTERM: what the relay has is recorded when it answers, nothing new is begun, and that is no failure.
func TestAStopFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	dbtest.Both(t, func(t *testing.T, dsn string) {
		t.Parallel()
		tr := newTrial(t, dsn, trialSize{reps: 12, weeks: 2, connections: 2, rate: "1/s"}, nil) // so slow that the stop comes first
		tr.planAll()
		gate := tr.newGate()
		p := tr.serve()
		tr.twoAtTheRelay(gate)
		p.signal(syscall.SIGTERM)
		gate.letGo()
		p.ended("after SIGTERM", exited(exitDone))
		counts := tr.counts(ledger.Filter{})
		if counts[ledger.Sent] != 2 || counts[ledger.Sending] != 0 || counts[ledger.Pending] != sumOf(counts)-2 || counts[ledger.Pending] == 0 {
			t.Errorf("after the stop: %v, want 2 sent and the others pending", counts)
		}
		tr.rate = "1000/s"
		p = tr.start(noDeath, 0)
		tr.allSent()
		p.stopped()
		if sum := tr.audit(); sum.copies != tr.digests() {
			t.Errorf("%d mails for %d digests", sum.copies, tr.digests())
		}
	})
}

// The second SIGTERM: a relay that does not answer keeps nobody. What it has nobody knows, so it goes again.
func TestASecondStopEndsAtOnce(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, dbtest.SQLite(t), trialSize{reps: 12, weeks: 1, connections: 2, rate: "1000/s"}, nil)
	tr.planAll()
	gate := tr.newGate()
	p := tr.serve()
	tr.twoAtTheRelay(gate)
	tr.until("the end, while the relay still thinks", func() bool {
		p.signal(syscall.SIGTERM) // two that come too close together are one
		return p.isGone()
	})
	p.ended("after two SIGTERM", exited(exitFailed))
	if counts := tr.counts(ledger.Filter{}); counts[ledger.Sending] != 2 || counts[ledger.Sent] != 0 {
		t.Errorf("after the end: %v", counts)
	}
	gate.letGo()
	p = tr.start(noDeath, 0)
	p.running()
	tr.noDeadLeases(p)
	tr.allSent()
	p.stopped()
	if sum := tr.audit(); sum.byKill != 2 {
		t.Errorf("%d mails went again, want the 2 that the relay had", sum.byKill)
	}
}

// noDeadLeases demands that nobody waits for the lease of a worker that is dead, when there can only be this one.
func (tr *trial) noDeadLeases(alive *mortal) {
	tr.t.Helper()
	rows, err := tr.ledger.List(tr.t.Context(), ledger.Filter{State: ledger.Sending})
	if err != nil {
		tr.t.Fatal(err)
	}
	for _, row := range rows {
		if mine := strings.Contains(row.Owner, fmt.Sprintf("/%d/", alive.cmd.Process.Pid)); !mine && row.LeaseUntil.After(time.Now()) {
			tr.t.Errorf("%v is leased to %s, which is dead, until %v", row.Key, row.Owner, row.LeaseUntil)
		}
	}
}

// One of several replicas is killed, one sleeps past its lease in the middle of a mail. Another takes its mail over; the
// sleeper sends nothing when it wakes, unless it was past the dot when it fell asleep.
func TestReplicasTakeOverAndSleepersStaySilent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after bool // the dot: where somebody sleeps
		others        int
	}{
		{"two, asleep before the dot", true, false, 0},
		{"two, asleep behind the dot", false, true, 0},
		{"five, both", true, true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, dbtest.Postgres(t), trialSize{reps: 20, weeks: 3, connections: 1, rate: "50/s", lease: 5 * time.Second}, nil)
			tr.planAll() // who sleeps in the middle of a plan is the business of the ledger's test
			var sleepers, behind []*mortal
			if c.before {
				sleepers = append(sleepers, tr.start(sleepBeforeDot, 3))
			}
			if c.after {
				behind = append(behind, tr.start(sleepBehindDot, 3))
				sleepers = append(sleepers, behind...)
			}
			tr.start(claimed, 3).ended(claimed, died)
			awake := []*mortal{tr.start(noDeath, 0)} // in the place of the dead one
			for range c.others {
				awake = append(awake, tr.start(noDeath, 0))
			}
			tr.allSent() // what the sleepers held, too
			for _, p := range sleepers {
				want := 2
				if p.point == sleepBehindDot {
					want = 3
				}
				if n := tr.sentBy(p); n != want {
					t.Fatalf("who is %s has sent %d mails, want %d", p.point, n, want)
				}
				p.signal(syscall.SIGCONT)
			}
			for _, p := range append(awake, sleepers...) { // who ends well has finished what was in flight
				p.stopped()
			}
			if sum := tr.audit(behind...); sum.copies != tr.digests()+len(behind) || sum.bySleep != len(behind) {
				t.Errorf("%d mails for %d digests, %d of them again because of sleepers behind the dot; want %d",
					sum.copies, tr.digests(), sum.bySleep, len(behind))
			}
		})
	}
}

// sentBy counts the mails that the relay has of one process.
func (tr *trial) sentBy(p *mortal) (n int) {
	tr.post.mu.Lock()
	defer tr.post.mu.Unlock()
	for _, copies := range tr.post.copies {
		for _, c := range copies {
			if c.by == p {
				n++
			}
		}
	}
	return n
}

// PostgreSQL is killed three times while the relay has a mail of each connection, whose answers cannot be recorded
// before it is back. Everything is sent, nothing twice.
func TestPostgresKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := dbtest.OwnPostgres(t)
	tr := newTrial(t, server.DSN, trialSize{reps: 25, weeks: 4, connections: 2, rate: "200/s", lease: 30 * time.Second}, nil)
	tr.planAll()
	gate := tr.newGate()
	p := tr.start(noDeath, 0)
	for kill := 1; kill <= 3; kill++ {
		tr.twoAtTheRelay(gate)
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		gate.letGo()
		tr.until("two results that cannot be recorded", func() bool { return tr.logged("result not recorded") >= 2*kill })
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		some := tr.post.distinct() + 20
		tr.until("more mails", func() bool { return tr.post.distinct() >= some })
		gate.shut()
	}
	gate.letGo()
	tr.allSent()
	p.stopped()
	if sum := tr.audit(); sum.copies != tr.digests() {
		t.Errorf("%d mails for %d digests", sum.copies, tr.digests())
	}
}

// Fault 4.
// A worker that was stopped (SIGSTOP, as a machine that is suspended stops it) over a tick makes up for it when it
// wakes: within half a minute, and once.
func TestATickThatWasSleptOver(t *testing.T) {
	t.Parallel()
	// All minutes of the test belong to one day, somewhere around noon.
	zone := fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12)
	tr := newTrial(t, dbtest.SQLite(t), trialSize{reps: 12, weeks: 1, connections: 2, rate: "1000/s", cron: "* * * * *",
		zone: strings.Replace(zone, "GMT+0", "GMT", 1)}, nil)
	if into := time.Now().Second(); into > 30 {
		time.Sleep(time.Duration(60-into) * time.Second) // the minute must not end before the worker sleeps
	}
	p := tr.serve()
	for _, name := range []string{"own", "team"} {
		tr.until("the schedule seen", func() bool {
			due, err := tr.ledger.LastDue(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			return !due.IsZero()
		})
	}
	p.signal(syscall.SIGSTOP)
	time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + time.Second))) // the tick
	if n := tr.post.distinct(); n > 0 || len(tr.runs()) > 0 {
		t.Fatalf("%d mails and %d runs of a worker that sleeps", n, len(tr.runs()))
	}
	woken := time.Now()
	p.signal(syscall.SIGCONT)
	all := tr.reps + tr.teams()
	tr.until("the digests of the tick", func() bool { return tr.counts(ledger.Filter{})[ledger.Sent] == all })
	p.stopped()
	for _, run := range tr.runs() {
		if late := run.StartedAt.Sub(woken); late > 30*time.Second {
			t.Errorf("%s was run %v after waking", run.Schedule, late)
		}
	}
	if n := tr.sentBy(p); n != all || len(tr.runs()) != 2 {
		t.Errorf("%d mails and %d runs, want %d and 2", n, len(tr.runs()), all)
	}
}

func (tr *trial) runs() []ledger.Run {
	tr.t.Helper()
	runs, err := tr.ledger.Runs(tr.t.Context(), time.Unix(0, 0))
	if err != nil {
		tr.t.Fatal(err)
	}
	return runs
}
