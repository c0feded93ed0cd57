package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
)

// changedConfig is a config that somebody changes while a worker runs.
type changedConfig struct {
	mu      sync.Mutex
	refused *digest.Refusal
}

func (c *changedConfig) is(r *digest.Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = r
}

func (c *changedConfig) get() *digest.Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// refused is one of a moment ago with a fault of the saving.
func refusedAt(since time.Time, fault string) *digest.Refusal {
	return &digest.Refusal{Since: since, InForce: since.Add(-time.Hour), Faults: []string{"drumbeat.yaml:8:1: " + fault}}
}

func TestAdminsAreToldOnceOfAConfigThatStaysBroken(t *testing.T) {
	changed := new(changedConfig)
	serving(t, daily, func(k *kit) { k.Refused = changed.get }, func(t *testing.T, k *kit) {
		k.pass(5 * time.Second)
		changed.is(refusedAt(time.Now(), "shedules: unknown key"))
		k.pass(40 * time.Second)
		changed.is(nil) // a quick mend
		k.pass(5 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 0 {
			t.Fatalf("a quick mend is no news: %q", got)
		}
		since := time.Now()
		changed.is(refusedAt(since, "shedules: unknown key"))
		k.pass(50 * time.Second)
		if got := k.relay.subjects(ops); len(got) != 0 {
			t.Fatalf("told after less than a minute: %q", got)
		}
		changed.is(refusedAt(since, "dsn: postgres://ops:s3cret@db/x is no good")) // saved again, and no better
		k.pass(time.Minute)
		got := k.relay.subjects(ops)
		if len(got) != 1 || got[0] != "The changed config is not in force: 1 fault" {
			t.Fatalf("told %q\n%s", got, k.logs)
		}
		text := textOf(k.relay.letters()[0].raw)
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "- drumbeat.yaml:8:1: dsn: postgres://[redacted]@db/x is no good") {
			t.Errorf("the mail says %s", text)
		}
		for i := range 10 {
			changed.is(refusedAt(since, fmt.Sprintf("key %d: unknown key", i)))
			k.pass(2 * time.Minute)
		}
		if got := k.relay.subjects(ops); len(got) != 1 {
			t.Errorf("told %q", got)
		}
		changed.is(nil)
		k.pass(5 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 1 {
			t.Errorf("who mended it knows: %q", got)
		}
	})
}

// Replicas see the same files a little apart, and share the ledger. One that is broken again after it was mended is
// news again: the config in force is another one by then.
func TestSeveralReplicasTellOfABrokenConfigOnce(t *testing.T) {
	k := newKit(t, monday, daily)
	ctx := context.Background()
	at := monday.Add(-30 * time.Minute)
	k.Now = func() time.Time { return at.Add(3 * time.Minute) }
	told := func(version string, apart time.Duration) {
		k.Config.Version = version
		k.Refused = func() *digest.Refusal { return refusedAt(at.Add(apart), "shedules: unknown key") }
		s := k.newServer(at)
		for range 2 {
			if err := s.tellRefusal(ctx, k.newDesk()); err != nil {
				t.Fatal(err)
			}
		}
	}
	told("aaaa", 0)
	told("aaaa", 40*time.Second)
	told("bbbb", time.Minute)
	var periods []string
	for _, row := range k.rows(ledger.Filter{Schedule: "ops"}) {
		periods = append(periods, row.Period)
	}
	if slices.Sort(periods); !slices.Equal(periods, []string{"2026-06-01 config aaaa", "2026-06-01 config bbbb"}) {
		t.Errorf("told %q", periods)
	}
}

// The day's own digest says that it is still so.
func TestTheAdminsDigestSaysThatTheConfigIsStillRefused(t *testing.T) {
	changed := new(changedConfig)
	serving(t, daily, func(k *kit) { k.Refused = changed.get }, func(t *testing.T, k *kit) {
		changed.is(refusedAt(time.Now(), "shedules: unknown key"))
		k.pass(3*time.Hour + 2*time.Minute)
		got := k.relay.subjects(ops)
		if len(got) != 2 || !strings.HasSuffix(got[1], " sent, changed config refused") {
			t.Errorf("told %q\n%s", got, k.logs)
		}
	})
}
