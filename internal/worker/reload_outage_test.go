package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// outage is a ledger that answers nothing while it is down.
type outage struct {
	Ledger
	mu   sync.Mutex
	down bool
	hang time.Time // until then a renewal hangs on the connection that was open before
}

func (o *outage) set(down bool) { o.mu.Lock(); o.down = down; o.mu.Unlock() }
func (o *outage) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		return errors.New("database is gone")
	}
	return nil
}
func (o *outage) Renew(ctx context.Context, d *ledger.Delivery, l time.Duration) error {
	o.mu.Lock()
	hung := time.Now().Before(o.hang)
	o.mu.Unlock()
	if err := o.err(); err != nil || hung {
		return errors.Join(err, context.DeadlineExceeded)
	}
	return o.Ledger.Renew(ctx, d, l)
}
func (o *outage) Claim(ctx context.Context, c ledger.Claim) (*ledger.Delivery, error) {
	if err := o.err(); err != nil {
		return nil, err
	}
	return o.Ledger.Claim(ctx, c)
}

type thinkConn struct{ send func(to string) }

func (thinkConn) Close() {}
func (c thinkConn) Send(_ context.Context, _, to string, _ []byte, clear func() error) smtp.Result {
	if err := clear(); err != nil {
		return smtp.Result{Outcome: smtp.Relay, Err: err}
	}
	c.send(to)
	return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
}

// The relay thinks, the state database is away for longer than a lease, and meanwhile the config is reloaded, or not.
func TestAReloadInAnOutageSendsNothingTwice(t *testing.T) {
	for _, reload := range []bool{false, true} {
		t.Run(fmt.Sprint("reload ", reload), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { outageUnderASend(t, reload) })
		})
	}
}

func outageUnderASend(t *testing.T, reload bool) {
	k := newKit(t, monday, "")
	defer func() { _ = k.ledger.Close() }()
	k.Lease = 800 * time.Millisecond
	k.Config.Mail.Connections = 2
	k.newServer(monday.Add(-time.Hour)).reconcile(context.Background(), monday.Add(-time.Hour))
	k.newServer(monday).reconcile(context.Background(), monday)
	db := &outage{Ledger: k.ledger}
	var mu sync.Mutex
	n := map[string]int{}
	first := ""
	out, thinks := make(chan struct{}), make(chan struct{})
	send := func(to string) {
		mu.Lock()
		n[to]++
		wait := first == ""
		if wait {
			first = to
			close(out)
		}
		mu.Unlock()
		if wait {
			<-thinks
		}
	}
	process := new(Process)
	worker := func() *Worker {
		w := &Worker{Config: k.Config, Source: k.source, Render: k.Render, Ledger: db, Now: k.Now, Log: k.Log, Owner: "o", Lease: k.Lease, Process: process,
			Connect: func(context.Context) (Conn, error) { return thinkConn{send}, nil }}
		return w
	}
	old := worker()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { old.newServer(time.Now()).deliver(ctx) })
	<-out
	db.set(true)
	time.Sleep(450 * time.Millisecond) // one renewal has failed: in doubt
	next, end := context.WithCancel(context.Background())
	if reload {
		stop()
		w := worker()
		wg.Go(func() { w.newServer(time.Now()).deliver(next) })
	}
	time.Sleep(700 * time.Millisecond)
	db.mu.Lock()
	db.hang = time.Now().Add(3 * time.Second)
	db.mu.Unlock()
	db.set(false)
	time.Sleep(3 * time.Second)
	close(thinks)
	time.Sleep(300 * time.Millisecond)
	stop()
	end()
	wg.Wait()
	if n[first] != 1 {
		t.Errorf("the mail went %d times", n[first])
	}
}
