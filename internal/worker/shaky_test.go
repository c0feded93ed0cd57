package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

var errGone = errors.New("connection refused")

// shaky is a ledger whose database comes and goes. A nil hook lets the call through.
type shaky struct {
	*ledger.Ledger

	mu      sync.Mutex
	gone    bool // nothing gets through
	calls   int  // of those that ask for work
	claim   func(ledger.Claim) error
	claimed func()                         // after a claim was made
	marked  func(d *ledger.Delivery) error // after the mark was made
	mark    func(ctx context.Context, d *ledger.Delivery) error
	renew   error
	spill   error
	replay  error
}

// set changes the ledger while a worker uses it.
func (s *shaky) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *shaky) up() error {
	if s.gone {
		return errGone
	}
	return nil
}

func (s *shaky) Waiting(ctx context.Context, f ledger.Filter) (ledger.Outstanding, error) {
	s.mu.Lock()
	s.calls++
	err := s.up()
	s.mu.Unlock()
	if err != nil {
		return ledger.Outstanding{}, err
	}
	return s.Ledger.Waiting(ctx, f)
}

func (s *shaky) Claim(ctx context.Context, c ledger.Claim) (*ledger.Delivery, error) {
	s.mu.Lock()
	s.calls++
	err, hook := s.up(), s.claim
	s.mu.Unlock()
	if err == nil && hook != nil {
		err = hook(c)
	}
	if err != nil {
		return nil, err
	}
	row, err := s.Ledger.Claim(ctx, c)
	if row != nil && s.claimed != nil {
		s.claimed()
	}
	if ctx.Err() != nil { // it was committed, and nobody hears of it
		return nil, ctx.Err()
	}
	return row, err
}

func (s *shaky) Renew(ctx context.Context, d *ledger.Delivery, lease time.Duration) error {
	s.mu.Lock()
	err := errors.Join(s.up(), s.renew)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Ledger.Renew(ctx, d, lease)
}

func (s *shaky) Mark(ctx context.Context, d *ledger.Delivery, r ledger.Result) error {
	s.mu.Lock()
	err, before, after := s.up(), s.mark, s.marked
	s.mu.Unlock()
	if before != nil {
		err = before(ctx, d)
	}
	if err == nil {
		err = s.Ledger.Mark(ctx, d, r)
	}
	if err == nil && after != nil {
		err = after(d)
	}
	return err
}

func (s *shaky) Spill(d *ledger.Delivery, r ledger.Result) (string, error) {
	if s.spill != nil {
		return "", s.spill
	}
	return s.Ledger.Spill(d, r)
}

func (s *shaky) Replay(ctx context.Context) (ledger.Replayed, error) {
	s.mu.Lock()
	err := errors.Join(s.up(), s.replay)
	s.mu.Unlock()
	if err != nil {
		return ledger.Replayed{}, err
	}
	return s.Ledger.Replay(ctx)
}

// onShakyLedger runs a test on a worker with digests that wait to be sent, in a bubble of fake time.
func onShakyLedger(t *testing.T, connections int, test func(t *testing.T, k *kit, s *shaky)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.Config.Mail.Connections = connections
		s := &shaky{Ledger: k.ledger}
		k.Worker.Ledger = s
		k.relay.down = errors.New("not yet")
		k.do(Job{Schedule: k.schedule("own")})
		k.relay.down = nil
		test(t, k, s)
		_ = k.ledger.Close()
	})
}

// serve runs the worker for so long; it may be stopped sooner.
func (k *kit) serve(d time.Duration) (stop func(), done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	done = make(chan struct{})
	go func() { k.Serve(ctx); cancel(); close(done) }()
	return cancel, done
}

// sentOnce fails the test unless everybody got one mail, and the ledger says so.
func (k *kit) sentOnce() {
	k.t.Helper()
	got := map[string]int{}
	for _, to := range k.relay.addresses() {
		got[to]++
	}
	for _, row := range k.rows(ledger.Filter{Schedule: "own"}) {
		if row.State == ledger.Skipped {
			continue
		}
		if row.State != ledger.Sent || got[row.Recipient] != 1 {
			k.t.Errorf("%s: %s after %d attempts, got %d mails", row.RepID, row.State, row.Attempts, got[row.Recipient])
		}
		delete(got, row.Recipient)
	}
	if len(got) > 0 {
		k.t.Errorf("mails without a row: %v", got)
	}
	if k.t.Failed() {
		k.t.Logf("log:\n%s", k.logs)
	}
}

// atFirst lets do happen while the first mail is on the wire.
func (k *kit) atFirst(do func()) {
	var once sync.Once
	k.relay.answers(func(string, int) smtp.Result {
		once.Do(do)
		return smtp.Result{Outcome: smtp.Sent, Reply: "250 2.0.0 queued"}
	})
}
