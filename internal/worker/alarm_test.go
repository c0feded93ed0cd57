package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
)

// Fault 18: the alarm.
func TestAdminsAreToldOnceOfASourceOutOfReachAndWhenItIsBack(t *testing.T) {
	serving(t, daily, nil, func(t *testing.T, k *kit) {
		k.source.breaks(errors.New("open postgres://drumbeat:s3cret@db/pipeline: password=s3cret: connection refused"))
		k.pass(30*time.Minute + 20*time.Second)
		if got := k.relay.subjects(ops); len(got) != 0 {
			t.Errorf("a blink is no news: %q", got)
		}
		k.pass(80 * time.Minute) // tried again more than a hundred times
		got := k.relay.subjects(ops)
		if len(got) != 1 || got[0] != "Drumbeat could not read the pipeline: connection refused" {
			t.Fatalf("told %q\n%s", got, k.logs)
		}
		text := textOf(k.relay.letters()[0].raw)
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "- own: due since") {
			t.Errorf("the mail says %s", text)
		}
		k.source.breaks(nil)
		k.pass(2 * time.Minute)
		if got = k.relay.subjects(ops); len(got) != 2 || !strings.HasPrefix(got[1], "Weekly digests: ") || !strings.HasSuffix(got[1], " sent, 80 minutes late") {
			t.Errorf("after it was back: %q\n%s", got, k.logs)
		}
		k.pass(20 * time.Minute)
		if n := len(k.relay.subjects(ops)); n != 2 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestAScheduleOfEveryMinuteStormsNobody(t *testing.T) {
	serving(t, strings.Replace(daily, "30 6 * * *", "* * * * *", 1), nil, func(t *testing.T, k *kit) {
		k.source.breaks(errors.New("connection refused"))
		k.pass(10 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 1 {
			t.Fatalf("told %q", got)
		}
		k.source.breaks(nil)
		k.pass(2 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 2 || !strings.HasPrefix(got[1], "Weekly digests: ") {
			t.Errorf("told %q", got)
		}
	})
}

// Fault 18: down for days.
func TestAnOutageOfDaysIsToldEachDay(t *testing.T) {
	k := newKit(t, monday.AddDate(0, 0, 3), strings.Replace(daily, "0 9 * * *", "0 9 1 12 *", 1))
	ctx, at := context.Background(), monday.Truncate(24*time.Hour).Add(6*time.Hour+30*time.Minute)
	s := k.newServer(at.Add(-time.Hour))
	s.reconcile(ctx, at.Add(-time.Hour))
	k.source.breaks(errors.New("connection refused"))
	for day := range 2 {
		for minute := range 5 {
			s.reconcile(ctx, at.AddDate(0, 0, day).Add(time.Duration(minute)*time.Minute))
		}
	}
	s = k.newServer(at.AddDate(0, 0, 2)) // and a restart
	k.source.breaks(nil)
	for range 2 {
		s.reconcile(ctx, at.AddDate(0, 0, 2).Add(3*time.Hour))
		if err := k.newDispatch(ledger.Filter{}, time.Time{}).deliver(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	for _, row := range k.rows(ledger.Filter{Schedule: "ops"}) {
		told = append(told, row.Period)
	}
	if want := []string{"2026-06-01 not made", "2026-06-01 own missed", "2026-06-02 made late", "2026-06-02 not made", "2026-06-02 own missed"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	k.newServer(at).reconcile(ctx, at.AddDate(0, 0, 2).Add(4*time.Hour))
	if n := len(k.rows(ledger.Filter{Schedule: "ops"})); n != len(told) {
		t.Errorf("another restart told of %d more", n-len(told))
	}
}

// Fault 18: down over a restart.
func TestAnOutageIsToldOnceAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * time.Hour)
		k := newKit(t, time.Now().AddDate(0, 0, 3), daily)
		session := func(d time.Duration) {
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { k.Serve(ctx); close(done) }()
			k.pass(d)
			stop()
			<-done
		}
		session(20 * time.Minute)
		k.source.breaks(errors.New("connection refused"))
		session(15 * time.Minute)
		session(5 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 1 {
			t.Fatalf("told %q", got)
		}
		k.source.breaks(nil)
		session(2 * time.Minute)
		session(2 * time.Minute)
		if got := k.relay.subjects(ops); len(got) != 2 || !strings.Contains(got[1], "late") {
			t.Errorf("told %q\n%s", got, k.logs)
		}
		_ = k.ledger.Close()
	})
}
