package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchWakesAtOnceAtTicksAndToReconcile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		start := time.Now() // in the bubble: 2000-01-01 00:00 UTC
		var woken []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			Watch(ctx, []Zoned{{mustParse(t, "* * * * *"), time.UTC}}, func(context.Context) {
				woken = append(woken, time.Since(start))
			})
		}()
		time.Sleep(95 * time.Second)
		stop()
		<-done
		// 60 s is both a tick and a look: one or two calls, never none.
		seen := map[time.Duration]bool{}
		for _, d := range woken {
			seen[d] = true
		}
		for _, want := range []time.Duration{0, 30 * time.Second, time.Minute, 90 * time.Second} {
			if !seen[want] {
				t.Errorf("not woken at %s: %v", want, woken)
			}
		}
	})
}

func TestWatchMeetsEveryMonday(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		loc := zone(t, "America/New_York")
		spec := mustParse(t, "0 9 * * 1")
		lastDue, runs := time.Now(), 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			Watch(ctx, []Zoned{{spec, loc}}, func(context.Context) {
				now := time.Now()
				for _, tick := range spec.Between(lastDue, now, loc) {
					if late := now.Sub(tick); late < 0 || late > time.Second {
						t.Errorf("%s was met %s late", tick, late)
					}
					lastDue = tick
					runs++
				}
			})
		}()
		time.Sleep(8 * 7 * 24 * time.Hour)
		stop()
		<-done
		if runs != 8 {
			t.Errorf("%d Mondays in 8 weeks", runs)
		}
	})
}

func TestWatchDoesNotOverlapCallsAndStopsDuringOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		running, calls := 0, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			Watch(ctx, []Zoned{{mustParse(t, "* * * * *"), time.UTC}}, func(ctx context.Context) {
				if running++; running > 1 {
					t.Error("two calls at once")
				}
				calls++
				select {
				case <-time.After(10 * time.Minute):
				case <-ctx.Done():
				}
				running--
			})
		}()
		time.Sleep(35 * time.Minute)
		stop()
		<-done
		if calls != 4 {
			t.Errorf("%d calls of ten minutes in 35", calls)
		}
	})
}
