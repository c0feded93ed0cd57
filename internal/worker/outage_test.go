package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// Fault 14: gone for five minutes, which is longer than a lease, between the relay's 250 and the mark.
func TestWhatIsOutIsMarkedWhenTheDatabaseIsBack(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		k.atFirst(func() {
			s.set(func() { s.gone = true })
			time.AfterFunc(5*time.Minute, func() { s.set(func() { s.gone = false }) })
		})
		_, done := k.serve(time.Hour)
		<-done
		k.sentOnce()
	})
}

// Fault 14: while one connection cannot mark, no other one of this process is given what is out.
func TestNobodyClaimsWhatIsOutAndNotMarked(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		k.Config.Mail.Rate = slowly
		began, victim := time.Now(), int64(0)
		s.mark = func(_ context.Context, d *ledger.Delivery) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if victim == 0 {
				victim = d.ID
			}
			if d.ID == victim && time.Since(began) < 5*time.Minute {
				return errors.New("canceling statement due to lock timeout")
			}
			return nil
		}
		if sum := k.do(Job{Schedule: k.schedule("own")}, 10*time.Minute); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		k.sentOnce()
	})
}

// slowly keeps a connection at work for longer than a lease of the other one's.
var slowly = config.Rate{N: 1, Per: 40 * time.Second}

// slowConn takes its time for the first mail, outside of the relay's lock.
type slowConn struct {
	fakeConn
	later *atomic.Bool // not the first any more
	delay time.Duration
}

func (c slowConn) Send(ctx context.Context, from, to string, raw []byte, clear func() error) smtp.Result {
	result := c.fakeConn.Send(ctx, from, to, raw, clear)
	if !c.later.Swap(true) {
		time.Sleep(c.delay) // after the dot
	}
	return result
}

// Fault 14: the relay thinks for longer than a lease, and meanwhile the lease cannot be renewed.
func TestNobodyClaimsWhatTheRelayStillThinksAbout(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		k.Config.Mail.Rate = slowly
		later := new(atomic.Bool)
		k.Connect = func(context.Context) (Conn, error) { return slowConn{fakeConn{k.relay}, later, 5 * time.Minute}, nil }
		s.renew = errGone
		if sum := k.do(Job{Schedule: k.schedule("own")}, 10*time.Minute); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		k.sentOnce()
	})
}

// Fault 14: with a stop meanwhile the result goes into the journal, in time and whether the database refuses or says
// nothing at all; the next start records it, also after the lease has ended, and sends nothing twice.
func TestAStopWithoutADatabaseLeavesTheResultInTheJournal(t *testing.T) {
	for name, mark := range map[string]func(context.Context, *ledger.Delivery) error{
		"it refuses":         func(context.Context, *ledger.Delivery) error { return errGone },
		"it does not answer": func(ctx context.Context, _ *ledger.Delivery) error { time.Sleep(45 * time.Second); return errGone },
	} {
		t.Run(name, func(t *testing.T) {
			onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
				var stopped time.Time
				stop, done := k.serve(time.Hour)
				k.atFirst(func() {
					s.set(func() { s.gone, s.mark = true, mark })
					stopped = time.Now()
					stop()
				})
				<-done
				if took := time.Since(stopped); took > lastWords+time.Second {
					t.Errorf("ended %v after the stop", took)
				}
				out := len(k.relay.letters())
				journal, err := os.ReadFile(strings.TrimPrefix(k.dsn, "sqlite:") + ".results")
				if err != nil || strings.Count(string(journal), `"state":"sent"`) != out || out == 0 {
					t.Fatalf("%d mails are out, the journal says %q (%v)\n%s", out, journal, err, k.logs)
				}
				if !strings.Contains(k.logs.String(), ".results") {
					t.Errorf("the log does not say where:\n%s", k.logs)
				}
				time.Sleep(2 * lease)
				s.set(func() { s.gone, s.mark = false, nil })
				_, done = k.serve(time.Hour)
				<-done
				k.sentOnce()
			})
		})
	}
}

// Fault 14: run replays the journal too.
func TestARunRecordsWhatAStoppedOneLeft(t *testing.T) {
	onShakyLedger(t, 1, func(t *testing.T, k *kit, s *shaky) {
		ctx, stop := context.WithCancel(context.Background())
		k.atFirst(func() { s.set(func() { s.gone = true }); stop() })
		job := Job{Schedule: k.schedule("own"), Tick: monday}
		if _, err := k.Run(ctx, []Job{job}, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
		time.Sleep(2 * lease)
		s.set(func() { s.gone = false })
		if sum := k.do(job); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		k.sentOnce()
	})
}

// Fault 14: neither database nor journal takes the result, which is what somebody has to be told.
func TestAResultThatIsLostIsSaid(t *testing.T) {
	onShakyLedger(t, 1, func(t *testing.T, k *kit, s *shaky) {
		ctx, stop := context.WithCancel(context.Background())
		s.spill = errors.New("read-only file system")
		k.atFirst(func() { s.set(func() { s.gone = true }); stop() })
		_, err := k.Run(ctx, []Job{{Schedule: k.schedule("own"), Tick: monday}}, time.Minute)
		if !errors.Is(err, errUnrecorded) || errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "read-only") || !strings.Contains(err.Error(), "sent") {
			t.Errorf("stopped: %v", err)
		}
		if !strings.Contains(k.logs.String(), "drumbeat ledger settle") {
			t.Errorf("the log:\n%s", k.logs)
		}
	})
}

// Fault 14: as long as the journal cannot be replayed nothing is claimed.
func TestNothingIsClaimedBeforeTheJournalIsReplayed(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		s.replay = errGone
		stop, done := k.serve(24 * time.Hour)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(k.relay.letters()); n > 0 {
			t.Errorf("%d mails are out", n)
		}
		if _, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("own"), Tick: monday}}, 0); !errors.Is(err, errGone) {
			t.Errorf("a run: %v", err)
		}
		s.set(func() { s.replay = nil })
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		<-done
		k.sentOnce()
	})
}

// Fault 15: the answer to a COMMIT is lost. A mark is repeated; a claim is taken again when its lease has ended.
func TestALostAnswerIsNoSecondMail(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		var marks, claims atomic.Int64 // several connections ask at once
		s.marked = func(*ledger.Delivery) error {
			if marks.Add(1)%2 == 1 {
				return errors.New("unexpected EOF")
			}
			return nil
		}
		s.claim = func(c ledger.Claim) error {
			if claims.Add(1) != 3 {
				return nil
			}
			if d, err := k.ledger.Claim(context.Background(), c); err != nil || d == nil {
				return fmt.Errorf("nothing to lose: %w", err)
			}
			return errors.New("unexpected EOF")
		}
		_, done := k.serve(time.Hour)
		<-done
		k.sentOnce()
	})
}

// Fault 17: what a claim fails with is waited out, longer each time, and nothing is sent without one.
func TestAnOutageIsNoBusyLoopAndSendsNothing(t *testing.T) {
	for _, why := range []string{"could not serialize access due to concurrent update", "deadlock detected", "sorry, too many clients already",
		"cannot execute UPDATE in a read-only transaction", "database or disk is full (13)"} {
		t.Run(why, func(t *testing.T) {
			onShakyLedger(t, 4, func(t *testing.T, k *kit, s *shaky) {
				failing := true
				s.claim = func(ledger.Claim) error {
					s.mu.Lock()
					defer s.mu.Unlock()
					if failing {
						return errors.New(why)
					}
					return nil
				}
				before := s.calls
				stop, done := k.serve(24 * time.Hour)
				time.Sleep(time.Hour)
				synctest.Wait()
				// Each round asks twice per connection; full jitter needs some 20 rounds for an hour, 100 would be a storm.
				if n := s.calls - before; n > 8*100 || n < 8 {
					t.Errorf("asked %d times within the hour", n)
				}
				if n := len(k.relay.letters()); n > 0 {
					t.Errorf("%d mails without a claim", n)
				}
				if !strings.Contains(k.logs.String(), why) {
					t.Errorf("the log does not say why:\n%s", k.logs)
				}
				s.set(func() { failing = false })
				time.Sleep(time.Hour)
				synctest.Wait()
				stop()
				<-done
				k.sentOnce()
			})
		})
	}
}

// Fault 17: one connection's bad luck ends neither the others' work nor the run.
func TestOneConnectionsDatabaseErrorStopsNobodyElse(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		s.claim = func(c ledger.Claim) error {
			if strings.HasSuffix(c.Owner, "/1") {
				return errors.New("deadlock detected")
			}
			return nil
		}
		if sum := k.do(Job{Schedule: k.schedule("own")}, time.Minute); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		k.sentOnce()
	})
}

// Faults 13 and 17: a run by hand outlasts a failover as long as --wait allows, and not longer.
func TestARunOutlastsAFailover(t *testing.T) {
	onShakyLedger(t, 2, func(t *testing.T, k *kit, s *shaky) {
		job := Job{Schedule: k.schedule("own"), Tick: monday}
		s.claim = func(ledger.Claim) error { return errGone }
		time.AfterFunc(time.Minute, func() { s.set(func() { s.claim = nil }) })
		if sum := k.do(job, 5*time.Minute); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		k.sentOnce()

		k.do(Job{Schedule: k.schedule("team")})
		s.set(func() { s.claim = func(ledger.Claim) error { return errGone } })
		began := time.Now()
		job.Force = true
		if _, err := k.Run(context.Background(), []Job{job}, 5*time.Minute); !errors.Is(err, errGone) {
			t.Errorf("a database that stays away: %v", err)
		}
		if took := time.Since(began); took > 6*time.Minute {
			t.Errorf("tried for %v", took)
		}
	})
}

func TestAStopInTheMiddleOfAClaimLeavesNothingClaimed(t *testing.T) {
	onShakyLedger(t, 1, func(t *testing.T, k *kit, s *shaky) {
		ctx, stop := context.WithCancel(context.Background())
		s.claimed = stop
		if _, err := k.Run(ctx, []Job{{Schedule: k.schedule("own"), Tick: monday}}, time.Minute); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if rows := k.rows(ledger.Filter{State: ledger.Sending}); len(rows) > 0 {
			t.Errorf("%d deliveries wait for the end of a lease that nobody has", len(rows))
		}
		if n := len(k.relay.letters()); n > 1 {
			t.Errorf("%d mails after the stop", n)
		}
	})
}

// A relay that hangs up now and then, and takes mails in between, is not tried less and less often.
func TestARelayThatGetsOnIsNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, time.Now().AddDate(0, 0, 3), `
schedules:
  - {name: own, digest: rep, cron: "30 * * * *"}
`)
		k.Config.Mail.Connections = 1
		asked := 0
		k.relay.answer = func(string, int) smtp.Result {
			if asked++; asked%2 == 0 {
				return smtp.Result{Outcome: smtp.Relay, Reply: "421 later", Err: errors.New("421 later")}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { k.Serve(ctx); close(done) }()
		time.Sleep(32 * time.Minute) // two of them since the tick
		stop()
		<-done
		if rows := k.rows(ledger.Filter{State: ledger.Pending}); len(rows) > 0 || len(k.relay.letters()) < 8 {
			t.Errorf("two minutes later %d digests are pending and %d sent\n%s", len(rows), len(k.relay.letters()), k.logs)
		}
		_ = k.ledger.Close()
	})
}

// Fault 14: after a reload the worker before leaves its results in the journal while the next one is at work already.
func TestWhatIsSpilledMeanwhileIsNotClaimed(t *testing.T) {
	onShakyLedger(t, 1, func(t *testing.T, k *kit, s *shaky) {
		k.Config.Mail.Rate = slowly
		out, err := k.ledger.Claim(context.Background(), ledger.Claim{Owner: "the one before", Lease: time.Minute})
		if err != nil || out == nil {
			t.Fatal(out, err)
		}
		k.atFirst(func() {
			if _, err := k.ledger.Spill(out, ledger.Result{State: ledger.Sent, Reply: "250 2.0.0 queued"}); err != nil {
				t.Error(err)
			}
		})
		if sum := k.do(Job{Schedule: k.schedule("own")}); !sum.Done() {
			t.Errorf("%+v", sum)
		}
		if slices.Contains(k.relay.addresses(), out.Recipient) {
			t.Errorf("sent again, though the journal had it\n%s", k.logs)
		}
	})
}
