package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Whoever watches asks the ledger at most this often, and waits for it at most so long: a watcher must not wear out
// what it watches, and a ledger that is slow is a fact to be told.
const (
	readEvery = 5 * time.Second
	patience  = 3 * time.Second
	letGo     = 15 * time.Second // of a question: an answer that comes late is news for the next who looks
)

// errSilent says that the ledger has not answered in that time.
var errSilent = errors.New("no answer within 3 seconds")

// lookout asks the ledger for something that is watched, and keeps what it said last.
type lookout[T any] struct {
	mu    sync.Mutex
	last  sighting[T]
	under chan struct{} // closed when the question that is under way is answered; nil: none is
	told  bool          // that it does not answer
}

// sighting is what the ledger said, and when.
type sighting[T any] struct {
	tried time.Time
	at    time.Time // of the last time that it answered; zero: never
	err   error     // of the last try
	said  T
}

// look asks, unless somebody did a moment ago; failed is true once for each outage, for the log. While the ledger does
// not answer, what it said last stands. A driver that does not let go of a dead line is not waited for.
func (l *lookout[T]) look(now func() time.Time, ask func(context.Context) (T, error)) (seen sighting[T], failed bool) {
	l.mu.Lock()
	if at := now(); !l.last.tried.IsZero() && at.Sub(l.last.tried).Abs() < readEvery {
		defer l.mu.Unlock()
		return l.last, false
	}
	if l.under == nil {
		l.under = make(chan struct{})
		go l.ask(now, ask)
	}
	answered := l.under
	l.mu.Unlock()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-answered:
		l.mu.Lock()
	case <-enough.C:
		l.mu.Lock()
		if l.under == answered {
			l.last.tried, l.last.err = now(), errSilent
		}
	}
	defer l.mu.Unlock()
	failed = l.last.err != nil && !l.told
	l.told = l.last.err != nil
	return l.last, failed
}

func (l *lookout[T]) ask(now func() time.Time, ask func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), letGo)
	defer cancel()
	said, err := ask(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errSilent
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last.tried, l.last.err = now(), err
	if err == nil {
		l.last.at, l.last.said = l.last.tried, said
	}
	close(l.under)
	l.under = nil
}
