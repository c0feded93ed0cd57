package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// moody is a ledger whose calls hang, before or after the database did what they say, and whose answers get lost.
type moody struct {
	*ledger.Ledger
	mu  sync.Mutex
	rnd *rand.Rand
	end time.Time // of its moods
}

// call makes one, in a mood.
func (m *moody) call(ctx context.Context, do func(context.Context) error) error {
	m.mu.Lock()
	var before, after time.Duration
	lost := false
	if time.Now().Before(m.end) {
		hang := func() time.Duration {
			if m.rnd.IntN(4) > 0 {
				return 0
			}
			return time.Duration(m.rnd.Int64N(int64(3 * lease)))
		}
		before, after, lost = hang(), hang(), m.rnd.IntN(10) == 0
	}
	m.mu.Unlock()
	if err := sleep(ctx, before); err != nil {
		return err
	}
	err := do(ctx)
	if hung := sleep(ctx, after); hung != nil {
		return hung
	}
	if lost {
		return errors.Join(err, errors.New("the answer was lost"))
	}
	return err
}

func (m *moody) Claim(ctx context.Context, c ledger.Claim) (row *ledger.Delivery, err error) {
	err = m.call(ctx, func(ctx context.Context) (err error) { row, err = m.Ledger.Claim(ctx, c); return err })
	if err != nil {
		return nil, err
	}
	return row, nil
}

func (m *moody) Renew(ctx context.Context, d *ledger.Delivery, length time.Duration) error {
	return m.call(ctx, func(ctx context.Context) error { return m.Ledger.Renew(ctx, d, length) })
}

func (m *moody) Mark(ctx context.Context, d *ledger.Delivery, r ledger.Result) error {
	return m.call(ctx, func(ctx context.Context) error { return m.Ledger.Mark(ctx, d, r) })
}

func (m *moody) Replay(ctx context.Context) (done ledger.Replayed, err error) {
	err = m.call(ctx, func(ctx context.Context) (err error) { done, err = m.Ledger.Replay(ctx); return err })
	return done, err
}

// pensive is a connection to a relay that takes each mail at once, and says so after a while.
type pensive struct {
	fakeConn
	thinks func() time.Duration
}

func (c pensive) Send(ctx context.Context, from, to string, raw []byte, clear func() error) smtp.Result {
	result := c.fakeConn.Send(ctx, from, to, raw, clear)
	time.Sleep(c.thinks())
	return result
}

// Whatever the ledger's calls do, and however often the worker is followed by another of the same process, what this
// process has in the air it does not send again: fault 14 and 34, in sixty courses of events.
func TestOneProcessSendsNothingTwiceWhateverTheLedgersCallsDo(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t, monday, "")
				k.short(10)
				rnd := rand.New(rand.NewPCG(seed, 0))
				m := &moody{Ledger: k.ledger, rnd: rand.New(rand.NewPCG(seed, 1)), end: time.Now().Add(time.Hour)}
				k.Worker.Ledger = m
				k.Config.Mail.Connections, k.Config.Mail.Rate = 3, config.Rate{N: 1, Per: 10 * time.Second}
				var mu sync.Mutex
				k.Connect = func(context.Context) (Conn, error) {
					return pensive{fakeConn{k.relay}, func() time.Duration {
						mu.Lock()
						defer mu.Unlock()
						return time.Duration(rnd.Int64N(int64(2 * lease)))
					}}, nil
				}
				k.Process = new(Process)
				var winding sync.WaitGroup
				for w, end := k.Worker, time.Now().Add(4*time.Hour); ; { // one worker after the other, and each of them still winds up
					ctx, stop := context.WithCancel(t.Context())
					d, done := w.newDispatch(ledger.Filter{}, end), make(chan struct{})
					winding.Go(func() { _ = d.deliver(ctx); close(done) })
					mu.Lock()
					reload := time.After(time.Duration(rnd.Int64N(int64(15 * time.Minute))))
					mu.Unlock()
					select {
					case <-done:
						stop()
					case <-reload:
						stop()
						w = &Worker{Config: k.Config, Ledger: m, Connect: k.Connect, Now: k.Now, Log: k.Log, Owner: k.Owner, Process: k.Process}
						continue
					}
					break
				}
				winding.Wait()
				k.sentOnce()
				_ = k.ledger.Close()
			})
		})
	}
}
