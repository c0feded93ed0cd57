package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// Faults 21 and 22, and answers that are lost.
func TestWhatTheRelaySays(t *testing.T) {
	say := func(o smtp.Outcome, reply string) func(string, int) smtp.Result {
		return func(string, int) smtp.Result { return smtp.Result{Outcome: o, Reply: reply, Err: errors.New(reply)} }
	}
	for _, c := range []struct {
		name    string
		hold    bool
		answer  func(string, int) smtp.Result
		want    Summary // per digest: 1 means all
		problem string
	}{
		{"no such user", false, say(smtp.Permanent, "550 5.1.1 no such user ada@example.com"), Summary{Failed: 1},
			"4 digests refused for good: 550 5.1.1 no such user [address]"},
		{"greylisted for good", false, say(smtp.Temporary, "450 4.7.1 come back later"), Summary{Pending: 1},
			"4 digests left pending: 450 4.7.1 come back later"},
		{"answer lost, hold", true, say(smtp.Unknown, "lost"), Summary{Unknown: 1}, "4 digests perhaps sent, nobody knows: lost"},
		{"greylisted twice", false, func(to string, try int) smtp.Result {
			if try < 3 {
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 later"}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
		{"answer lost once, resent", false, func(to string, try int) smtp.Result {
			if try == 1 {
				return smtp.Result{Outcome: smtp.Unknown, Err: errors.New("lost")}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
		{"relay shuts down in between", false, func(to string, try int) smtp.Result {
			if try == 1 {
				return smtp.Result{Outcome: smtp.Relay, Err: errors.New("421 bye")}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}, Summary{Sent: 1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t, monday, "")
				if c.hold {
					k.Config.Mail.OnUnknown = "hold"
				}
				k.relay.answer = c.answer
				began := time.Now()
				s := k.do(Job{Schedule: k.schedule("team")}, 5*time.Minute)
				n := s.Digests
				if s.Sent != c.want.Sent*n || s.Failed != c.want.Failed*n || s.Pending != c.want.Pending*n || s.Unknown != c.want.Unknown*n {
					t.Errorf("of %d digests: %+v", n, s)
				}
				if got := fmt.Sprint([]Failure(s.Problems)); got != "["+c.problem+"]" {
					t.Errorf("problems: %q", got)
				}
				if s.Done() != (c.want.Sent == 1) {
					t.Errorf("done: %v", s.Done())
				}
				if took := time.Since(began); took > 6*time.Minute {
					t.Errorf("waited %v", took)
				}
				byID := map[string][]byte{}
				for _, l := range k.relay.letters() {
					if old, ok := byID[l.id]; ok && !bytes.Equal(old, l.raw) {
						t.Error("sent again in other bytes")
					}
					byID[l.id] = l.raw
				}
				if err := k.ledger.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Fault 24.
func TestAnUnreachableRelayLeavesEverythingPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.relay.down = errors.New("connect localhost:25: connection refused")
		s := k.do(Job{Schedule: k.schedule("team")}, time.Minute)
		if s.Pending != s.Digests || s.Sent != 0 || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].String(), "connection refused") {
			t.Errorf("%+v", s)
		}
		for _, row := range k.rows(ledger.Filter{}) {
			if row.State != ledger.Skipped && (row.State != ledger.Pending || row.Attempts != 0) {
				t.Errorf("%s: %s after %d attempts", row.RepID, row.State, row.Attempts)
			}
		}
		k.relay.down = nil
		if s = k.do(Job{Schedule: k.schedule("team")}); !s.Done() || s.Sent == 0 {
			t.Errorf("after the relay came back: %+v", s)
		}
		_ = k.ledger.Close()
	})
}

// Fault 24 with a real server: one line says what is wrong, and when it is put right nobody has been missed.
func TestAWrongPasswordTouchesNoRecipient(t *testing.T) {
	k := newKit(t, monday, "")
	box := k.smtp(mailbox.Options{Username: "drumbeat", Password: "right"})
	login := smtp.SMTPConfig{Host: box.Host(), Port: box.Port(), TLS: smtp.TLSNone, Username: "drumbeat", Password: "wrong"}
	k.sends(login)
	s := k.do(Job{Schedule: k.schedule("team")})
	if s.Pending != s.Digests || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].String(), "535 5.7.8") {
		t.Errorf("%+v", s)
	}
	if n := box.Logins(); n == 0 || n > k.Config.Mail.Connections+1 { // each at once, and one more when there is no time to wait
		t.Errorf("%d logins", n)
	}
	for _, row := range k.rows(ledger.Filter{State: ledger.Pending}) {
		if row.Attempts != 0 {
			t.Errorf("%s: %d attempts", row.RepID, row.Attempts)
		}
	}
	login.Password = "right"
	k.sends(login)
	if s = k.do(Job{Schedule: k.schedule("team")}); !s.Done() || len(box.Messages()) != s.InAll {
		t.Errorf("with the right one: %+v", s)
	}
}

// Fault 24: while the relay cannot be used, by whatever it says, one connection of the process asks now and then,
// and no recipient pays for it.
func TestARelayThatCannotBeUsedIsPausedForAllConnections(t *testing.T) {
	for name, why := range map[string]error{
		"wrong password": errors.New(`smtp relay:587: AUTH: the server says "535 5.7.8 no"`),
		"no TLS":         errors.New("smtp relay:587: STARTTLS: certificate signed by unknown authority"),
		"421":            errors.New(`RCPT: the server says "421 4.3.2 shutting down"`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t, monday, "")
				k.Config.Mail.Connections = 4
				back := time.Now().Add(30 * time.Minute)
				var asked []time.Time // when the relay was asked in vain
				ask := func() error {
					if !time.Now().Before(back) {
						return nil
					}
					asked = append(asked, time.Now())
					return why
				}
				if name == "421" {
					k.relay.answer = func(string, int) smtp.Result {
						if err := ask(); err != nil {
							return smtp.Result{Outcome: smtp.Relay, Err: err}
						}
						return smtp.Result{Outcome: smtp.Sent}
					}
				}
				k.Connect = func(ctx context.Context) (Conn, error) {
					time.Sleep(time.Second) // long enough for the others to come too
					k.relay.mu.Lock()
					defer k.relay.mu.Unlock()
					if name != "421" && ask() != nil {
						return nil, why
					}
					return fakeConn{k.relay}, nil
				}
				s := k.do(Job{Schedule: k.schedule("team")}, time.Hour)
				if !s.Done() || s.Sent != s.Digests || time.Now().After(back.Add(longest+time.Minute)) {
					t.Errorf("%v after the relay was back: %+v", time.Since(back), s)
				}
				for i := 4; i < len(asked); i++ { // the first ones set out together
					if asked[i].Sub(asked[i-1]) < time.Second && name != "421" {
						t.Fatalf("two connections ask at once, %v after the start", asked[i].Sub(asked[0]))
					}
				}
				// Pauses are random, and 18 are usual; by themselves the connections would ask about 60 times.
				if len(asked) > 40 {
					t.Errorf("asked %d times in half an hour", len(asked))
				}
				for _, row := range k.rows(ledger.Filter{State: ledger.Sent}) {
					if row.Attempts != 1 {
						t.Errorf("%s: %d attempts", row.RepID, row.Attempts)
					}
				}
				_ = k.ledger.Close()
			})
		})
	}
}

func TestAStopWhileTheRelayIsTriedLeavesTheGateToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.short(1)
		k.relay.breaks(errors.New("connection refused"))
		if err := k.newDispatch(ledger.Filter{}, time.Now()).deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		k.relay.breaks(nil)
		connect := k.Connect
		ctx, stop := context.WithCancel(t.Context())
		k.Connect = func(ctx context.Context) (Conn, error) {
			stop()
			return nil, ctx.Err()
		}
		d := k.newDispatch(ledger.Filter{}, time.Now().Add(time.Hour))
		if err := d.deliver(ctx); err != nil || d.relay != nil {
			t.Errorf("told to stop: %v, and the relay is blamed: %v", err, d.relay)
		}
		k.Connect = connect
		soon, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := k.newDispatch(ledger.Filter{}, time.Now().Add(time.Minute)).deliver(soon); err != nil || len(k.relay.letters()) != 1 {
			t.Errorf("%d mails, %v", len(k.relay.letters()), err)
		}
	})
}

// limited is a connection of a relay that allows so many at once.
type limited struct {
	Conn
	open *atomic.Int32
}

func (l limited) Close() { l.open.Add(-1) }

// Fault 23: a relay that takes fewer connections than the config opens is no relay that is down.
func TestALimitOfConnectionsDoesNotSlowDownTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.Config.Mail.Connections, k.Config.Mail.Rate = 4, config.Rate{N: 10, Per: time.Second}
		k.short(100)
		var open, refused atomic.Int32
		k.Connect = func(context.Context) (Conn, error) {
			if open.Add(1) > 2 {
				open.Add(-1)
				refused.Add(1)
				return nil, errors.New(`greeting: the server says "421 4.7.0 too many connections"`)
			}
			return limited{fakeConn{k.relay}, &open}, nil
		}
		began := time.Now()
		if err := k.newDispatch(ledger.Filter{}, began.Add(time.Hour)).deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Ten seconds by the rate; a pause of two at most where they all set out together, and its like.
		if took := time.Since(began); took > 20*time.Second || len(k.relay.letters()) != 100 {
			t.Errorf("%d mails in %v, with %d connections refused", len(k.relay.letters()), took, refused.Load())
		}
		if open.Load() != 0 {
			t.Errorf("%d connections stay open", open.Load())
		}
		for _, row := range k.rows(ledger.Filter{}) {
			if row.State != ledger.Sent || row.Attempts != 1 {
				t.Errorf("%s: %s after %d attempts", row.RepID, row.State, row.Attempts)
			}
		}
	})
}

func TestADeadProcessesLeaseIsWaitedForAndTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.relay.down = errors.New("not yet")
		k.do(Job{Schedule: k.schedule("team")})
		k.relay.down = nil
		row, err := k.ledger.Claim(context.Background(), ledger.Claim{Owner: "dead", Lease: lease})
		if err != nil || row == nil {
			t.Fatal(row, err)
		}
		s := k.do(Job{Schedule: k.schedule("team")}) // no patience for retries, yet for this
		if !s.Done() || !slices.Contains(k.relay.addresses(), row.Recipient) {
			t.Errorf("%+v", s)
		}
		_ = k.ledger.Close()
	})
}

// Fault 23: no attempt is burnt.
func TestOneMailThatTheRelayHangsUpOnHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.Config.Mail.Connections = 1
		victim := ""
		k.relay.answer = func(to string, _ int) smtp.Result {
			if victim == "" {
				victim = to // the first one in the queue
			}
			if to == victim {
				return smtp.Result{Outcome: smtp.Relay, Err: errors.New("RCPT: 421 4.7.0 try again later")}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		}
		s := k.do(Job{Schedule: k.schedule("own")})
		if s.Pending != 1 || s.Sent != s.Digests-1 {
			t.Errorf("%+v", s)
		}
		for _, row := range k.rows(ledger.Filter{State: ledger.Pending}) {
			if row.Attempts != 0 || row.Recipient != victim {
				t.Errorf("pending: %+v", row)
			}
		}
		_ = k.ledger.Close()
	})
}

func TestOneGreylistedDigestDoesNotKeepTheNextScheduleWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		var took []time.Duration
		began := time.Now()
		k.relay.answer = func(string, int) smtp.Result {
			took = append(took, time.Since(began))
			if len(took) == 1 {
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 later", Err: errors.New("450 later")}
			}
			return smtp.Result{Outcome: smtp.Sent}
		}
		all, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("team"), Tick: monday}, {Schedule: k.schedule("own"), Tick: monday}}, 5*time.Minute)
		if err != nil || !all[0].Done() || !all[1].Done() {
			t.Fatalf("%+v %v", all, err)
		}
		if n := len(took); n != all[0].Digests+all[1].Digests+1 || took[n-2] > 500*time.Millisecond {
			t.Errorf("the second schedule waited for the first: %v", took)
		}
		_ = k.ledger.Close()
	})
}

func TestAProcessThatSleptOverItsLeaseSendsNothing(t *testing.T) {
	k := newKit(t, monday, "")
	k.relay.down = errors.New("not yet")
	k.do(Job{Schedule: k.schedule("team")})
	row, err := k.ledger.Claim(context.Background(), ledger.Claim{Owner: "us", Lease: lease})
	if err != nil || row == nil {
		t.Fatal(row, err)
	}
	claimed := time.Now()
	k.relay.answer = func(string, int) smtp.Result {
		k.Now = func() time.Time { return claimed.Add(lease) } // stopped in the middle of the mail, and resumed
		return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
	}
	result, err := k.newDispatch(ledger.Filter{}, time.Time{}).send(context.Background(), fakeConn{k.relay}, row, claimed)
	if err != nil || result.Outcome != 0 || len(k.relay.letters()) != 0 {
		t.Errorf("%+v %v, sent to %v", result, err, k.relay.addresses())
	}
	if after, err := k.ledger.Get(context.Background(), row.ID); err != nil || after.State != ledger.Sending {
		t.Errorf("somebody else's by now, and yet marked: %+v (%v)", after, err)
	}
}

func TestWhatMayHaveArrivedIsNeverCalledFailed(t *testing.T) {
	k := newKit(t, monday, "")
	d := k.newDispatch(ledger.Filter{}, time.Time{})
	row := &ledger.Delivery{Attempts: 5, PlannedAt: time.Now().Add(-48 * time.Hour)}
	for outcome, want := range map[smtp.Outcome]ledger.State{smtp.Temporary: ledger.Failed, smtp.Unknown: ledger.Unknown} {
		if got := d.judge(row, smtp.Result{Outcome: outcome, Err: errors.New("lost")}); got.State != want {
			t.Errorf("%s after two days: %s, want %s", outcome, got.State, want)
		}
	}
}

func TestWhatAnOperatorSettledIsDone(t *testing.T) {
	k := newKit(t, monday, "")
	k.relay.answer = func(string, int) smtp.Result { return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"} }
	k.do(Job{Schedule: k.schedule("team")})
	if s := k.do(Job{Schedule: k.schedule("team")}); s.Done() {
		t.Error("failed digests are not done")
	}
	var ids []int64
	for _, row := range k.rows(ledger.Filter{State: ledger.Failed}) {
		ids = append(ids, row.ID)
	}
	if err := k.ledger.Settle(context.Background(), ids, ledger.Failed); err != nil {
		t.Fatal(err)
	}
	if s := k.do(Job{Schedule: k.schedule("team")}); !s.Done() {
		t.Errorf("settled, and yet: %+v", s)
	}
}
