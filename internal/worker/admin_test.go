package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
)

// subjects are those of the mails that an address got, in order.
func (r *fakeRelay) subjects(to string) (out []string) {
	for _, l := range r.letters() {
		if l.to == to {
			out = append(out, subjectOf(l.raw))
		}
	}
	return out
}

func subjectOf(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err.Error()
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return subject
}

// words are those of a mail's text, its lines joined.
func textOf(raw []byte) string {
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// ops is the admin.
const ops = "ops@example.com"

// daily begins with the bubble, at midnight of a Saturday.
const daily = `
schedules:
  - {name: own, digest: rep, cron: "30 6 * * *"}
  - {name: ops, digest: admin, cron: "0 9 * * *", recipients: {addresses: [ops@example.com]}}
`

// serving runs a worker in a bubble of time, prepared before it starts (nil: as it is), from six in the morning until
// the test is over.
func serving(t *testing.T, extra string, prepare func(*kit), test func(t *testing.T, k *kit)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * time.Hour)
		k := newKit(t, time.Now().AddDate(0, 0, 3), extra)
		if prepare != nil {
			prepare(k)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { k.Serve(ctx); close(done) }()
		synctest.Wait()
		test(t, k)
		stop()
		<-done
		_ = k.ledger.Close()
	})
}

func (k *kit) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Faults 21 and 22: who is refused, at once or in the end, is told to the admins, and the others get theirs.
func TestAdminsAreToldAtOnceOfMailsThatDidNotArrive(t *testing.T) {
	serving(t, daily, func(k *kit) { k.Config.Mail.AttemptsFor = 4 * time.Hour }, func(t *testing.T, k *kit) {
		refused, putOff := k.source.p.Reps[4], k.source.p.Reps[5]
		k.relay.answers(func(to string, _ int) smtp.Result {
			switch to {
			case refused.Email:
				return smtp.Result{Outcome: smtp.Permanent, Reply: "550 5.1.1 no such user " + to}
			case putOff.Email:
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 4.2.0 greylisted"}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		k.pass(32 * time.Minute)
		got := k.relay.subjects(ops)
		if len(got) != 1 || !strings.Contains(got[0], " sent, 1 failed, 1 waiting") {
			t.Fatalf("told %q\n%s", got, k.logs)
		}
		text := ""
		for _, l := range k.relay.letters() {
			if l.to == ops {
				text = textOf(l.raw)
			}
			if l.to != ops && (strings.Contains(textOf(l.raw), "failed") || strings.Contains(textOf(l.raw), refused.Email)) {
				t.Errorf("the audience is told of failures: %s", l.to)
			}
		}
		for _, must := range []string{refused.Name + ", " + refused.Email + ": 550 5.1.1 no such user", "drumbeat run own --as-of 2000-01-01"} {
			if !strings.Contains(text, must) {
				t.Errorf("the mail does not say %q:\n%s", must, text)
			}
		}
		k.pass(2*time.Hour + 28*time.Minute) // over the admins' own tick
		if got = k.relay.subjects(ops); len(got) != 2 || !strings.Contains(got[1], "1 failed, 1 waiting") {
			t.Errorf("by nine: %q", got)
		}
		k.relay.forget()
		k.pass(2 * time.Hour) // the one that was put off is given up
		if got = k.relay.subjects(ops); len(got) != 1 || !strings.HasSuffix(got[0], " sent, 2 failed") {
			t.Errorf("at the end: %q\n%s", got, k.logs)
		}
	})
}

func TestAdminsDigestWaitsForTheMailsOfTheSameHour(t *testing.T) {
	serving(t, `
schedules:
  - {name: ops, digest: admin, cron: "30 6 * * *", recipients: {addresses: [ops@example.com]}}
  - {name: own, digest: rep, cron: "30 6 * * *"}
  - {name: team, digest: manager, cron: "30 6 * * *"}
`, nil, func(t *testing.T, k *kit) {
		k.pass(32 * time.Minute)
		got := k.relay.subjects(ops)
		others := len(k.relay.letters()) - len(got)
		if len(got) != 1 || others == 0 || !strings.HasPrefix(got[0], "Weekly digests: ") || strings.Contains(got[0], "waiting") {
			t.Errorf("told %q after %d mails\n%s", got, others, k.logs)
		}
	})
}

func TestNothingToReportIsNoMail(t *testing.T) {
	k := newKit(t, monday, daily)
	s := k.do(Job{Schedule: k.schedule("ops")})
	if len(k.relay.letters()) != 0 || s.Skipped != 1 || !s.Done() {
		t.Errorf("%q, %+v", k.relay.subjects(ops), s)
	}
	rows := k.rows(ledger.Filter{Schedule: "ops"})
	if len(rows) != 1 || rows[0].Reason != digest.SkipEmpty || rows[0].Kind != "admin" {
		t.Errorf("recorded %+v", rows)
	}
}

func TestAdminsAreToldOfTicksThatNobodyMakesUpFor(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: team, digest: manager, cron: "0 7 * * 1", max_age: 3d}
  - {name: ops, digest: admin, cron: "0 9 1 1 *", recipients: {addresses: [ops@example.com]}}
`)
	ctx := context.Background()
	for _, c := range []struct {
		what      string
		last, now time.Time
		want      int
	}{
		{"on time", monday.AddDate(0, 0, -7), monday, 0},
		{"a week left out, the next one is made", monday, monday.AddDate(0, 0, 14), 1},
		{"too late for any", monday.AddDate(0, 0, 14), monday.AddDate(0, 0, 26), 2},
	} {
		if err := k.ledger.SetLastDue(ctx, "team", c.last); err != nil {
			t.Fatal(err)
		}
		s := k.newServer(c.now)
		for range 3 {
			s.reconcile(ctx, c.now)
		}
		rows := k.rows(ledger.Filter{Schedule: "ops"})
		if len(rows) != c.want {
			t.Fatalf("%s: %d mails to admins: %+v\n%s", c.what, len(rows), rows, k.logs)
		}
		if c.want > 0 && (rows[c.want-1].Subject != "Digests were left out: team" || !strings.HasSuffix(rows[c.want-1].Period, " team missed")) {
			t.Errorf("%s: %s as %s", c.what, rows[c.want-1].Subject, rows[c.want-1].Period)
		}
	}
}

func TestDataInDoubtAreToldOnceADay(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * *"}
  - {name: team, digest: manager, cron: "0 7 * * *"}
  - {name: ops, digest: admin, cron: "0 9 1 12 *", recipients: {addresses: [ops@example.com]}}
`)
	for _, c := range []struct {
		what  string
		now   time.Time
		lacks int
		want  int
	}{
		{"whole data", monday, 0, 0},
		{"a sixth of the deals is gone", monday.AddDate(0, 0, 1), 6, 1},
		{"as few as the day before: that is known", monday.AddDate(0, 0, 2), 6, 1},
	} {
		k.source.loses(c.lacks)
		k.day(c.now)
		if got := k.relay.subjects(ops); len(got) != c.want || c.want > 0 && !strings.Contains(got[0], "rows are missing") {
			t.Errorf("%s: told %q", c.what, got)
		}
	}
}

// day is what a worker does when ticks fall due, and a little later.
func (k *kit) day(now time.Time) {
	k.t.Helper()
	ctx := context.Background()
	s := k.newServer(now.Add(-time.Hour))
	s.reconcile(ctx, now.Add(-time.Hour))
	for range 3 {
		s.reconcile(ctx, now)
		if err := k.newDispatch(ledger.Filter{}, time.Time{}).deliver(ctx); err != nil {
			k.t.Fatal(err)
		}
		if err := s.closeRounds(ctx); err != nil {
			k.t.Fatal(err)
		}
	}
}

func TestWhoeverTheConfigKnowsIsToldWithoutTheSource(t *testing.T) {
	k := newKit(t, monday, `
people:
  - {rep: X1, name: Olga Nord, email: olga@example.com, receives: [admin]}
  - {rep: R003, receives: [admin, rep]}
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1"}
  - {name: ops, digest: admin, cron: "0 9 * * 1", recipients: {addresses: [ops@example.com]}}
`)
	k.source.breaks(errors.New("connection refused"))
	sums, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("ops"), Tick: monday}, {Schedule: k.schedule("own"), Tick: monday}}, 0)
	if err == nil || len(sums) != 1 || sums[0].Schedule != "ops" || sums[0].Sent != 2 {
		t.Fatalf("%v %+v", err, sums)
	}
	if to := k.relay.addresses(); !slices.Equal(to, []string{"olga@example.com", ops}) {
		t.Errorf("told %v", to)
	}
	if got := k.relay.subjects(ops)[0]; got != "Drumbeat could not read the pipeline: connection refused" {
		t.Errorf("subject %q", got)
	}
}

// The whole way with both databases and a real server: what a person called by hand, and the admins' digest of it.
func TestAdminsDigestOfARunByHand(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		k := newKit(t, monday, `
people:
  - {rep: R003, away: [{from: 2026-05-30, to: 2026-06-05}]}
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1"}
  - {name: ops, digest: admin, cron: "0 9 * * 1", recipients: {addresses: [ops@example.com, more@example.com]}}
`)
		state, err := ledger.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = state.Close() })
		k.source.p.Reps[5].Email, k.source.p.Reps[6].Email = "", "no address"
		refused := k.source.p.Reps[4]
		box, err := mailbox.Start(mailbox.Options{Script: func(e mailbox.Event) mailbox.Fault {
			if e.Step == mailbox.Rcpt && e.Message.To[0] == refused.Email {
				return mailbox.Fault{Code: 550, Text: "no such user"}
			}
			return mailbox.Fault{}
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = box.Close() })
		sender := smtp.NewSender(smtp.SMTPConfig{Host: box.Host(), Port: box.Port(), TLS: "none", Auth: "none"}, slog.New(slog.DiscardHandler))
		k.Ledger, k.Version = state, "config 3f2a9c1d, drumbeat test"
		k.Connect = func(ctx context.Context) (Conn, error) { return sender.Connect(ctx) }

		jobs := []Job{{Schedule: k.schedule("ops"), Tick: monday}, {Schedule: k.schedule("own"), Tick: monday}}
		sums, err := k.Run(t.Context(), jobs, 0)
		if err != nil || len(sums) != 2 || sums[0].Schedule != "own" || sums[0].Failed != 1 || sums[1].Sent != 2 {
			t.Fatalf("%v %+v", err, sums)
		}
		var got []mailbox.Message
		for _, m := range box.Messages() {
			if m.To[0] == ops {
				got = append(got, m)
			}
		}
		if len(got) != 1 {
			t.Fatalf("%d mails to the admin", len(got))
		}
		text := textOf(got[0].Data)
		for _, must := range []string{" sent, 1 failed", refused.Name + ", " + refused.Email + ": 550 no such user", "called by hand", "2 × away",
			k.source.p.Reps[5].Name + ": no address", k.source.p.Reps[6].Name + ": the address cannot be used", "The newest entry is of", "Config 3f2a9c1d"} {
			if !strings.Contains(text, must) {
				t.Errorf("the mail does not say %q", must)
			}
		}
		if t.Failed() {
			t.Log(text)
		}
		for d := range k.source.p.Deals() {
			if name := d.Deal.Name; name != "" && strings.Contains(text, name) {
				t.Fatalf("an admin's mail names the deal %s", name)
			}
		}
		before := len(box.Messages())
		if sums, err = k.Run(t.Context(), jobs, 0); err != nil || len(box.Messages()) != before || sums[1].Known != 2 {
			t.Errorf("a second run: %v %+v", err, sums)
		}
	})
}
