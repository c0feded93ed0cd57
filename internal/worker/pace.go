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

// wait returns when the next mail may go, one in every, or when ctx ends.
func (p *pacer) wait(ctx context.Context, clock func() time.Time, every time.Duration) {
	p.mu.Lock()
	now := clock()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	p.next = at.Add(every)
	p.mu.Unlock()
	_ = sleep(ctx, at.Sub(now)) // the caller asks ctx
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
