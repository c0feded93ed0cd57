package worker

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// air is what the senders of a process are at, until the ledger knows what became of it. The ledger gives out whatever
// lease has ended, also to the very process that is still at it: the database may have been away, or have hung, while the
// relay was thinking. So a process never claims what it has in the air, and claims one delivery after the other: two calls
// at once, of which one hangs for as long as the lease of the other, could be given the same.
type air struct {
	once     sync.Once
	claiming chan struct{}

	mu  sync.Mutex
	out map[int64]bool // by delivery
}

// turn waits until nobody else of the process claims, and returns what to call afterwards; nil: ctx ended before.
func (a *air) turn(ctx context.Context) (done func()) {
	a.once.Do(func() { a.claiming = make(chan struct{}, 1) })
	select {
	case a.claiming <- struct{}{}:
		return func() { <-a.claiming }
	case <-ctx.Done():
		return nil
	}
}

func (a *air) list() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.out))
}

// any says whether a sender is at something.
func (a *air) any() bool { return len(a.list()) > 0 }

func (a *air) takeOff(delivery int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.out == nil {
		a.out = map[int64]bool{}
	}
	a.out[delivery] = true
}

func (a *air) land(delivery int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.out, delivery)
}
