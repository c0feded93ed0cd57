package worker

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// pacer spaces sends evenly, so that a relay's limit is kept by all connections together.
type pacer struct {
	mu   sync.Mutex
	next time.Time
}

// wait returns when the next mail may go, one in every; false: ctx has ended.
func (p *pacer) wait(ctx context.Context, clock func() time.Time, every time.Duration) bool {
	p.mu.Lock()
	now := clock()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	p.next = at.Add(every)
	p.mu.Unlock()
	return sleep(ctx, at.Sub(now)) == nil
}

// gate is the one way to the relay, for every connection of the process. What is no mail's fault (no connection,
// TLS, a password, 421) closes it for a while that grows with each failure in a row; then one connection tries, and
// what comes of that counts for all.
type gate struct {
	mu       sync.Mutex
	failures int           // in a row; 0: open
	why      error         // the last one
	since    time.Time     // the first one of those in a row
	opens    time.Time     // when one may try
	trying   bool          // one does
	closings int           // so far: a turn that began before the last one says nothing new
	changed  chan struct{} // closed at the next change; nil: nobody waits
}

// enter waits until the caller may use the relay, and gives a turn that passed, failed or leave has to end. Its error
// says why the relay cannot be used in the time that the caller has, or that ctx has ended.
func (g *gate) enter(ctx context.Context, clock func() time.Time, until time.Time) (turn int, err error) {
	for ctx.Err() == nil {
		g.mu.Lock()
		wait := g.opens.Sub(clock())
		switch {
		case g.failures == 0, !g.trying && wait <= 0:
			g.trying = g.failures > 0
			defer g.mu.Unlock()
			return g.closings, nil
		case g.trying:
			wait = longest // the verdict is worth waiting for, it wakes us
		case g.opens.After(until):
			defer g.mu.Unlock()
			return 0, g.why
		}
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		soon, cancel := context.WithTimeout(ctx, wait)
		select {
		case <-changed:
		case <-soon.Done():
		}
		cancel()
	}
	return 0, ctx.Err()
}

// passed ends a turn in which the relay did its work, whatever it thought of the mail: the gate is open. It says
// whether it was closed before.
func (g *gate) passed(turn int) (again bool) {
	g.change(turn, func() {
		again = g.failures > 0
		g.failures, g.trying = 0, false
	})
	return again
}

// failed ends a turn in which the relay could not be used. Who has only until then tries a last time then.
func (g *gate) failed(turn int, why error, now, until time.Time) {
	g.change(turn, func() {
		if g.failures == 0 {
			g.since = now
		}
		g.failures++
		g.closings++
		g.trying, g.why, g.opens = false, why, now.Add(backOff(g.failures))
		if until.After(now) && until.Before(g.opens) {
			g.opens = until
		}
	})
}

// leave ends a turn that says nothing about the relay.
func (g *gate) leave(turn int) {
	g.change(turn, func() { g.trying = false })
}

func (g *gate) change(turn int, by func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if turn != g.closings {
		return
	}
	by()
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// knock ends a pause before its time, for somebody who asks for mails to be sent now.
func (g *gate) knock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opens = time.Time{}
}

// closed says whether the relay could not be used the last time.
func (g *gate) closed() bool { return g.inARow() > 0 }

// rest is how long nobody may try.
func (g *gate) rest(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(time.Millisecond, g.opens.Sub(now))
}

// inARow is how often in a row it could not be used.
func (g *gate) inARow() int {
	n, _, _ := g.standing()
	return n
}

// standing says how often in a row it could not be used, since when, and why the last time.
func (g *gate) standing() (failures int, since time.Time, why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failures, g.since, g.why
}

// The waits between tries of what failed for now.
const (
	firstWait = 2 * time.Second
	longest   = 10 * time.Minute
)

// backOff gives the wait before the next try after so many: full jitter, a random part of a bound that
// doubles, so that many who failed together do not come back together.
func backOff(tries int) time.Duration {
	bound := longest
	if tries = max(tries, 1); tries < 10 {
		bound = min(longest, firstWait<<(tries-1))
	}
	return time.Duration(rand.Int64N(int64(bound))) + time.Millisecond
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
