package worker

import (
	"context"
	"sync"
	"time"
)

// turns lets schedules take turns, so that the three mails of one, of the admins' most of all, do not wait until the
// ten thousand of another are out. Within a schedule the oldest goes first.
type turns struct {
	mu    sync.Mutex
	names []string
	next  int
	asked time.Time
}

// askTurns is how long the schedules stay those that had something to send.
const askTurns = time.Second

// turn names the schedule that the next claim is for; empty: any.
func (d *dispatch) turn(ctx context.Context) (string, error) {
	if d.filter.Schedule != "" {
		return d.filter.Schedule, nil
	}
	t := &d.w.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := d.w.Now(); now.Sub(t.asked).Abs() > askTurns {
		names, err := d.w.Ledger.Turns(ctx)
		if err != nil {
			return "", err
		}
		t.names, t.asked = names, now
	}
	if len(t.names) < 2 {
		return "", nil
	}
	t.next++
	return t.names[t.next%len(t.names)], nil
}
