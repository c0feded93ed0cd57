package worker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errRelay = errors.New("the relay is down")

// waiters enter a gate, each in its own time; the channel has the turns of those who got through.
func waiters(g *gate, n int, until time.Time) <-chan int {
	turns := make(chan int, n)
	for range n {
		go func() {
			if turn, err := g.enter(context.Background(), time.Now, until); err == nil {
				turns <- turn
			}
		}()
	}
	synctest.Wait()
	return turns
}

// Fault 24: one connection tries when the pause ends, and what comes of it counts for all.
func TestOneTriesForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		until := time.Now().Add(24 * time.Hour)
		turns := waiters(&g, 5, until)
		if len(turns) != 5 {
			t.Fatalf("%d of 5 pass the open gate", len(turns))
		}
		for range 5 { // a relay that goes down fails all that are under way, which is one failure
			g.failed(<-turns, errRelay, time.Now(), until)
		}
		if g.failures != 1 {
			t.Fatalf("%d failures, want 1", g.failures)
		}
		if turns = waiters(&g, 5, until); len(turns) != 0 {
			t.Fatalf("%d pass the closed gate", len(turns))
		}
		time.Sleep(backOffBound(1))
		if synctest.Wait(); len(turns) != 1 {
			t.Fatalf("%d try after the pause, want 1", len(turns))
		}
		g.leave(<-turns) // it found nothing to send
		if synctest.Wait(); len(turns) != 1 {
			t.Fatalf("%d try in its place, want 1", len(turns))
		}
		g.failed(<-turns, errRelay, time.Now(), until)
		if synctest.Wait(); len(turns) != 0 || g.failures != 2 {
			t.Fatalf("%d try at once after the second failure of %d", len(turns), g.failures)
		}
		time.Sleep(backOffBound(2))
		if synctest.Wait(); len(turns) != 1 {
			t.Fatalf("%d try after the second pause, want 1", len(turns))
		}
		g.passed(<-turns)
		if synctest.Wait(); len(turns) != 2 || g.failures != 0 {
			t.Errorf("%d of the other 2 pass", len(turns))
		}
	})
}

func TestPausesGrowWithEachFailureAndAreNeverTheSame(t *testing.T) {
	var g gate
	now := time.Now()
	for failures := 1; failures <= 12; failures++ {
		pauses := map[time.Duration]bool{}
		var most time.Duration
		for range 200 {
			g.failures = failures - 1
			g.failed(g.closings, errRelay, now, now)
			pause := g.opens.Sub(now)
			pauses[pause] = true
			most = max(most, pause)
		}
		// That none of 200 is in the upper half of the bound happens once in 2^200 times.
		if bound := backOffBound(failures); most > bound || most < bound/2 || len(pauses) < 100 {
			t.Errorf("after %d failures at most %v (%d different ones), want up to %v", failures, most, len(pauses), bound)
		}
	}
}

func backOffBound(tries int) time.Duration {
	return min(longest, firstWait<<(tries-1)) + time.Millisecond
}

func TestNobodyWaitsAtTheGateForLongerThanThereIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		start := time.Now()
		g.failures = 8 // the next pause is of minutes
		until := start.Add(time.Millisecond)
		g.failed(0, errRelay, start, until)
		turn, err := g.enter(t.Context(), time.Now, until)
		if err != nil || time.Since(start) > time.Millisecond {
			t.Fatalf("no last try when the time is up: %v after %v", err, time.Since(start))
		}
		g.failed(turn, errRelay, time.Now(), until)
		if _, err := g.enter(t.Context(), time.Now, until); !errors.Is(err, errRelay) || time.Since(start) > time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		g.knock()
		if _, err := g.enter(t.Context(), time.Now, until); err != nil || time.Since(start) > time.Millisecond {
			t.Errorf("asked to try now: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := g.enter(ctx, time.Now, start.Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("told to stop: %v", err)
		}
	})
}
