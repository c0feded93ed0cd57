package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// badSource is a pipeline database that goes bad after a few deals.
type badSource struct {
	*fakeSource
	mu  sync.Mutex
	end func(context.Context) error // nil: it is good
}

func (s *badSource) set(end func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = end
}

func (s *badSource) ReadFor(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r, done, err := s.fakeSource.ReadFor(ctx, needs)
	s.mu.Lock()
	end := s.end
	s.mu.Unlock()
	if err != nil || end == nil {
		return r, done, err
	}
	deals := r.Deals
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		n := 0
		deals(func(h *pipeline.History, err error) bool {
			n++
			return n <= 10 && yield(h, err)
		})
		yield(nil, end(ctx))
	}
	return r, done, nil
}

// Fault 18: the pipeline database answers so slowly that the reading is cancelled in the middle. Fault 11: a figure
// panics over a deal. No digest is made of the half that was read, and none is empty; the process lives, what is
// recorded goes out meanwhile, admins are told once, and the tick is run when it can be.
func TestABadSourceMakesNoHalfDigestAndHoldsUpNoMail(t *testing.T) {
	for name, end := range map[string]func(context.Context) error{
		"slow": func(ctx context.Context) error {
			if err := sleep(ctx, 5*time.Minute); err != nil { // source.statement_timeout
				return err
			}
			return errors.New("read deals: canceling statement due to statement timeout")
		},
		"a panic": func(context.Context) error { panic("index out of range [-1]") },
	} {
		t.Run(name, func(t *testing.T) { badSourceMakesNoHalfDigest(t, end) })
	}
}

func badSourceMakesNoHalfDigest(t *testing.T, end func(context.Context) error) {
	var source *badSource
	serving(t, daily, func(k *kit) {
		source = &badSource{fakeSource: k.source}
		k.Source = source
	}, func(t *testing.T, k *kit) {
		source.set(end)
		recorded := ledger.Delivery{Key: ledger.Key{Recipient: "late@example.com", RepID: "R999"}, Kind: "rep", MessageID: "<late@example.com>",
			Body: []byte("Message-Id: <late@example.com>\r\nTo: late@example.com\r\n\r\nYesterday's\r\n"), NotBefore: time.Now().Add(32 * time.Minute)}
		yesterday := ledger.Run{Schedule: "own", Period: "1999-12-31", AsOf: time.Now().AddDate(0, 0, -1)}
		if _, err := k.ledger.Plan(context.Background(), yesterday, []ledger.Delivery{recorded}); err != nil {
			t.Fatal(err)
		}
		k.pass(34 * time.Minute) // the tick was at 06:30, and a slow reading has not ended
		if got := k.relay.addresses(); !slices.Contains(got, "late@example.com") {
			t.Errorf("mailed %q meanwhile\n%s", got, k.logs)
		}
		k.pass(90 * time.Minute)
		if rows := k.rows(ledger.Filter{Schedule: "own", Period: "2000-01-01"}); len(rows) != 0 {
			t.Errorf("%d digests made of half a pipeline", len(rows))
		}
		if got := k.relay.subjects(ops); len(got) != 1 || !strings.Contains(got[0], "could not read the pipeline") {
			t.Errorf("told %q\n%s", got, k.logs)
		}
		source.set(nil)
		k.pass(10 * time.Minute)
		rows := k.rows(ledger.Filter{Schedule: "own", Period: "2000-01-01", State: ledger.Sent})
		if len(rows) == 0 || len(k.relay.letters()) < len(rows)+2 {
			t.Errorf("%d digests after it was mended\n%s", len(rows), k.logs)
		}
	})
}
