package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// inside puts a real server and a real sender in the relay's place, on a network without sockets, so that a bubble
// of time holds them too. Each connection goes through line; nil: as it is.
func (k *kit) inside(opts mailbox.Options, line func(net.Conn) net.Conn) *mailbox.Mailbox {
	k.t.Helper()
	pipes := mailbox.NewPipes()
	opts.Listener = pipes
	box := k.smtp(opts)
	k.sends(smtp.SMTPConfig{Host: box.Host(), TLS: smtp.TLSNone, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := pipes.Dial(ctx, network, address)
		if err != nil || line == nil {
			return conn, err
		}
		return line(conn), nil
	}})
	return box
}

// short records n mails of a few octets each.
func (k *kit) short(n int) {
	k.t.Helper()
	var rows []ledger.Delivery
	for i := range n {
		to := fmt.Sprintf("r%03d@example.com", i)
		rows = append(rows, ledger.Delivery{Key: ledger.Key{Recipient: to, RepID: to}, Kind: "rep", MessageID: to, Date: monday, Body: shortMail(to)})
	}
	if _, err := k.ledger.Plan(context.Background(), ledger.Run{Schedule: "own", Period: "2026-06-01", AsOf: monday}, rows); err != nil {
		k.t.Fatal(err)
	}
}

func shortMail(to string) []byte { return []byte("Message-ID: <" + to + ">\r\n\r\n.\r\nhello\r\n") }

// leaky is a line that is cut after so many octets of what is said or of what is heard. As with the buffers of a
// socket, who writes hears nothing of it.
type leaky struct {
	net.Conn
	said, heard int // octets that still get through
}

func (l *leaky) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p[:min(len(p), l.said)])
	if l.said -= n; l.said == 0 {
		_ = l.Conn.Close()
	}
	if errors.Is(err, io.ErrClosedPipe) {
		err = nil
	}
	return len(p), err
}

func (l *leaky) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p[:min(len(p), l.heard)])
	if l.heard -= n; l.heard == 0 {
		_ = l.Conn.Close()
	}
	return n, err
}

// Fault 25, from the ledger to the server and back: the n-th connection is cut after the n-th octet. No mail is lost, and
// none goes twice but those of which the server may have a copy; then it is the same.
func TestCutLinesLoseNothingAndDoubleOnlyWhatIsInDoubt(t *testing.T) {
	const whole = 1 << 20
	for _, tt := range []struct {
		name  string
		lines int // that are cut: a mail's conversation has fewer octets said, and fewer than three times that heard
		cut   func(c net.Conn, n int) net.Conn
	}{
		{"said", 240, func(c net.Conn, n int) net.Conn { return &leaky{c, n, whole} }},
		{"heard, every third octet", 120, func(c net.Conn, n int) net.Conn { return &leaky{c, whole, 3 * n} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t, monday, "")
				forEver := 1000 * time.Hour // cuts before MAIL are failures of the relay, hundreds in a row
				k.Config.Mail.Connections, k.Config.Mail.AttemptsFor = 1, forEver
				k.short(tt.lines)
				lines := 0
				box := k.inside(mailbox.Options{}, func(c net.Conn) net.Conn {
					if lines++; lines > tt.lines {
						return c
					}
					return tt.cut(c, lines)
				})
				if err := k.newDispatch(ledger.Filter{}, time.Now().Add(forEver)).deliver(t.Context()); err != nil {
					t.Fatal(err)
				}
				copies := map[string]int{}
				for _, m := range box.Messages() {
					copies[m.To[0]]++
					if !bytes.Equal(m.Data, shortMail(m.To[0])) {
						t.Errorf("%s got %q", m.To[0], m.Data)
					}
				}
				twice, doubts := 0, strings.Count(k.logs.String(), "perhaps sent")
				for _, row := range k.rows(ledger.Filter{}) {
					n := copies[row.Recipient]
					if row.State != ledger.Sent || n < 1 || n > 2 {
						t.Errorf("%s: %s, %d copies", row.Recipient, row.State, n)
					}
					twice += max(0, n-1)
				}
				if lines < tt.lines || twice == 0 || twice > doubts {
					t.Errorf("%d lines cut, %d mails sent twice, %d in doubt", lines, twice, doubts)
				}
			})
		})
	}
}

// Fault 27: a relay that thinks for nine minutes keeps the mail on lease, and gets it once.
func TestASlowRelayGetsOneCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.short(3)
		box := k.inside(mailbox.Options{Script: func(e mailbox.Event) mailbox.Fault {
			if e.Step == mailbox.Dot {
				return mailbox.Fault{Delay: 9 * time.Minute}
			}
			return mailbox.Fault{}
		}}, nil)
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Hour)
		defer stop()
		var wg sync.WaitGroup
		for _, owner := range []string{"one process", "another"} {
			w := &Worker{Config: k.Config, Ledger: k.ledger, Connect: k.Connect, Now: k.Now, Log: k.Log, Owner: owner}
			wg.Go(func() {
				if err := w.newDispatch(ledger.Filter{}, time.Now().Add(time.Hour)).deliver(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, row := range k.rows(ledger.Filter{}) {
			if row.State != ledger.Sent || row.Attempts != 1 {
				t.Errorf("%s: %s after %d attempts", row.Recipient, row.State, row.Attempts)
			}
		}
		if n := len(box.Messages()); n != 3 {
			t.Errorf("%d mails, want 3", n)
		}
	})
}

// Fault 21: what the relay puts off is tried again, at random within bounds that grow, for as long as the config says.
func TestWhatIsPutOffIsTriedForAsLongAsTheConfigSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		k.Config.Mail.AttemptsFor = 20 * time.Minute
		k.short(3)
		began := time.Now()
		var tries []time.Duration
		k.relay.answer = func(to string, _ int) smtp.Result {
			if to != "r001@example.com" {
				return smtp.Result{Outcome: smtp.Sent}
			}
			tries = append(tries, time.Since(began))
			return smtp.Result{Outcome: smtp.Temporary, Reply: "450 4.2.0 greylisted"}
		}
		if err := k.newDispatch(ledger.Filter{}, began.Add(time.Hour)).deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows := k.rows(ledger.Filter{State: ledger.Failed})
		if len(rows) != 1 || rows[0].Reason != "given up: 450 4.2.0 greylisted" || len(k.rows(ledger.Filter{State: ledger.Sent})) != 2 {
			t.Fatalf("failed: %+v", rows)
		}
		gaps := map[time.Duration]bool{}
		for i := 1; i < len(tries); i++ {
			gap := tries[i] - tries[i-1]
			gaps[gap] = true
			if gap > backOffBound(min(i, 20))+longestNap+time.Second {
				t.Errorf("%v between tries %d and %d", gap, i, i+1)
			}
		}
		last := tries[len(tries)-1]
		if last < 20*time.Minute || last > 20*time.Minute+longest+time.Minute || len(gaps) < len(tries)/2 {
			t.Errorf("%d tries with %d different gaps, the last one after %v", len(tries), len(gaps), last)
		}
	})
}

// Fault 30: the part before the @ is the mail server's business, so case and dots in it make other people; only the
// domain has no case. One person's digests of two schedules are two, and two people of one mailbox are two.
func TestRecipientsThatLookAlikeAreNotMerged(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false}
  - {name: again, digest: rep, cron: "0 7 * * 1", skip_empty: false}
`)
	alike := map[string]string{"Ada@example.com": "Ada@example.com", "ada@example.com": "ada@example.com",
		"a.da@example.com": "a.da@example.com", "ada@EXAMPLE.com": "ada@example.com"}
	var who []string
	for address, to := range alike {
		rep := &k.source.p.Reps[4+len(who)]
		rep.Email = address
		who = append(who, rep.ID+" "+to)
	}
	for range 2 { // the second run must know all of them
		for _, name := range []string{"own", "again"} {
			k.do(Job{Schedule: k.schedule(name)})
		}
	}
	ids := map[string]string{}
	got := map[string]int{}
	for _, l := range k.relay.letters() {
		ids[l.id] = l.to
		got[l.to]++
	}
	if got["Ada@example.com"] != 2 || got["a.da@example.com"] != 2 || got["ada@example.com"] != 4 || len(ids) != len(k.relay.letters()) {
		t.Errorf("mails by address: %v; %d Message-IDs of %d mails", got, len(ids), len(k.relay.letters()))
	}
	for _, name := range []string{"own", "again"} {
		var recorded []string
		for _, row := range k.rows(ledger.Filter{Schedule: name}) {
			recorded = append(recorded, row.RepID+" "+row.Recipient)
		}
		for _, key := range who {
			if !slices.Contains(recorded, key) {
				t.Errorf("%s: no %s among %q", name, key, recorded)
			}
		}
	}
}

// Fault 31: line breaks in names, subjects and addresses end up in no header field and at no other recipient.
func TestLineBreaksFromTheSourceAddNothing(t *testing.T) {
	const attack = "\r\nBcc: thief@example.net\r\n\r\n.\r\nRCPT TO:<thief@example.net>\r\n"
	clean := newKit(t, monday, "")
	clean.do(Job{Schedule: clean.schedule("own")})
	k := newKit(t, monday, "")
	reps := k.source.p.Reps
	for i := range reps {
		reps[i].Name += attack
	}
	reps[5].Email += attack
	box := k.smtp(mailbox.Options{})
	s := k.do(Job{Schedule: k.schedule("own")})
	want := clean.relay.letters()
	if s.Sent != len(want)-1 || len(box.Messages()) != s.Sent {
		t.Fatalf("%d of %d sent: %+v", len(box.Messages()), len(want), s)
	}
	fields := func(raw []byte) []string {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(m.Header))
	}
	for _, m := range box.Messages() {
		if !slices.ContainsFunc(want, func(l letter) bool { return l.to == m.To[0] }) || len(m.To) != 1 {
			t.Errorf("a mail to %q", m.To)
		}
		if got := fields(m.Data); !slices.Equal(got, fields(want[0].raw)) {
			t.Errorf("fields %q", got)
		}
	}
}

// Fault 32: after two days without a relay everything goes out by itself: oldest first, at the relay's pace, by an
// attempt each, and each mail says what it is of.
func TestARelayThatComesBackIsNotOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * time.Hour) // the bubble begins at midnight
		k := newKit(t, time.Now().AddDate(0, 0, 3), `
schedules: [{name: own, digest: rep, cron: "30 6 * * *"}]
`)
		k.Config.Mail.Rate = config.Rate{N: 1, Per: time.Second}
		var asked atomic.Int32
		k.Connect = func(ctx context.Context) (Conn, error) {
			asked.Add(1)
			return k.relay.connect(ctx)
		}
		var at []time.Time
		k.relay.answers(func(string, int) smtp.Result {
			at = append(at, time.Now())
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		k.relay.breaks(errors.New("connect: connection refused"))
		serve := func() { // from six to seven; who stops a worker for the rest of the day saves the test a lot of time
			ctx, stop := context.WithTimeout(t.Context(), time.Hour)
			defer stop()
			k.Serve(ctx)
		}
		for range 2 {
			serve()
			time.Sleep(23 * time.Hour)
		}
		waiting := k.rows(ledger.Filter{State: ledger.Pending})
		if len(waiting) < 10 || len(at) != 0 || asked.Load() > 80 {
			t.Fatalf("%d mails wait, %d are sent, the relay was asked %d times in two hours", len(waiting), len(at), asked.Load())
		}
		k.relay.breaks(nil)
		k.source.breaks(errors.New("no third day")) // in this test
		serve()
		rows := map[string]ledger.Delivery{}
		for _, row := range k.rows(ledger.Filter{State: ledger.Sent}) {
			rows["<"+row.MessageID+">"] = row
			if row.Attempts != 1 {
				t.Errorf("%s: %d attempts", row.RepID, row.Attempts)
			}
		}
		if len(rows) != len(waiting) || len(at) != len(waiting) {
			t.Fatalf("%d of %d sent in %d mails\n%s", len(rows), len(waiting), len(at), k.logs)
		}
		period := ""
		for i, l := range k.relay.letters() {
			row := rows[l.id]
			if row.Period < period {
				t.Errorf("mail %d is of %s, after one of %s", i+1, row.Period, period)
			}
			period = row.Period
			if i > 0 && at[i].Sub(at[i-1]) < time.Second {
				t.Errorf("%v between two mails", at[i].Sub(at[i-1]))
			}
			end, err := time.Parse(time.DateOnly, row.Period)
			if err != nil {
				t.Fatal(err)
			}
			if subject, of := subjectOf(l.raw), " to "+end.AddDate(0, 0, -1).Format("2 Jan")+":"; !strings.Contains(subject, of) {
				t.Errorf("the mail of %s is called %q", row.Period, subject)
			}
		}
	})
}
