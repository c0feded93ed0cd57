package worker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// slowSource is a pipeline database that lets a reader wait after a few deals, until its statement is cancelled.
type slowSource struct {
	*fakeSource
	mu   sync.Mutex
	slow time.Duration // not at all: 0
}

func (s *slowSource) set(slow time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = slow
}

func (s *slowSource) ReadFor(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r, done, err := s.fakeSource.ReadFor(ctx, needs)
	s.mu.Lock()
	slow := s.slow
	s.mu.Unlock()
	if err != nil || slow == 0 {
		return r, done, err
	}
	deals := r.Deals
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		n := 0
		deals(func(h *pipeline.History, err error) bool {
			n++
			return n <= 10 && yield(h, err)
		})
		if sleep(ctx, slow) == nil {
			yield(nil, errors.New("read deals: canceling statement due to statement timeout"))
		}
	}
	return r, done, nil
}

// Fault 18: the pipeline database answers so slowly that the reading is cancelled in the middle. No digest is made of
// the half that was read, and none is empty; meanwhile what is recorded goes out, admins are told once, and the tick is
// run when it can be.
func TestASlowSourceMakesNoHalfDigestAndHoldsUpNoMail(t *testing.T) {
	var source *slowSource
	serving(t, daily, func(k *kit) {
		source = &slowSource{fakeSource: k.source}
		k.Source = source
	}, func(t *testing.T, k *kit) {
		source.set(5 * time.Minute) // source.statement_timeout
		recorded := ledger.Delivery{Key: ledger.Key{Recipient: "late@example.com", RepID: "R999"}, Kind: "rep", MessageID: "<late@example.com>",
			Body: []byte("Message-Id: <late@example.com>\r\nTo: late@example.com\r\n\r\nYesterday's\r\n"), NotBefore: time.Now().Add(32 * time.Minute)}
		yesterday := ledger.Run{Schedule: "own", Period: "1999-12-31", AsOf: time.Now().AddDate(0, 0, -1)}
		if _, err := k.ledger.Plan(context.Background(), yesterday, []ledger.Delivery{recorded}); err != nil {
			t.Fatal(err)
		}
		k.pass(34 * time.Minute) // the tick was at 06:30 and its first reading has not ended
		if got := k.relay.addresses(); len(got) != 1 || got[0] != "late@example.com" {
			t.Errorf("mailed %q while the pipeline was read\n%s", got, k.logs)
		}
		k.pass(90 * time.Minute)
		if rows := k.rows(ledger.Filter{Schedule: "own", Period: "2000-01-01"}); len(rows) != 0 {
			t.Errorf("%d digests made of half a pipeline", len(rows))
		}
		if got := k.relay.subjects(ops); len(got) != 1 || !strings.Contains(got[0], "could not read the pipeline") {
			t.Errorf("told %q\n%s", got, k.logs)
		}
		source.set(0)
		k.pass(10 * time.Minute)
		rows := k.rows(ledger.Filter{Schedule: "own", Period: "2000-01-01", State: ledger.Sent})
		if len(rows) == 0 || len(k.relay.letters()) < len(rows)+2 {
			t.Errorf("%d digests after it was quick again\n%s", len(rows), k.logs)
		}
	})
}
