package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
)

// Fault 18: a source that is half loaded. Nobody gets a digest made of half the deals; admins are told once, and the
// digests go out, marked as late, when the load is complete.
func TestDigestsWaitForAHalfLoadedPipeline(t *testing.T) {
	serving(t, strings.Replace(daily, "0 9 * * *", "0 9 1 12 *", 1), nil, func(t *testing.T, k *kit) {
		k.pass(time.Hour) // the first day's digests, of whole data
		whole := len(k.relay.letters())
		if whole == 0 {
			t.Fatalf("no digests\n%s", k.logs)
		}
		k.relay.forget()
		k.source.loses(2)
		k.pass(26 * time.Hour)
		if got := k.relay.letters(); len(got) != 1 || got[0].to != ops || subjectOf(got[0].raw) != "Digests wait for better data: rows are missing" {
			t.Fatalf("%d mails: %q\n%s", len(got), k.relay.subjects(ops), k.logs)
		}
		text := textOf(k.relay.letters()[0].raw)
		for _, must := range []string{"Deals: 75, 150 the run before", "drumbeat run own --as-of 2000-01-02 --accept-data", "own: due since 2 January, 06:30"} {
			if !strings.Contains(text, must) {
				t.Errorf("the mail does not say %q:\n%s", must, text)
			}
		}
		k.relay.forget()
		k.source.loses(0)
		k.pass(10 * time.Minute)
		late := 0
		for _, l := range k.relay.letters() {
			if l.to != ops && strings.Contains(textOf(l.raw), "This digest comes late: it was due on Sunday 2 January, 06:30 (UTC).") {
				late++
			}
		}
		if late < whole/2 {
			t.Errorf("%d late digests, %d the day before\n%s", late, whole, k.logs)
		}
		if got := k.relay.subjects(ops); len(got) != 1 || !strings.Contains(got[0], "late") {
			t.Errorf("told %q", got)
		}
	})
}

// What stays unfit for longer than max_age is left out, on the record, and told.
func TestDigestsOfAPipelineThatStaysUnfitAreLeftOut(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1"}
  - {name: ops, digest: admin, cron: "0 9 1 12 *", recipients: {addresses: [ops@example.com]}}
`)
	ctx, due := context.Background(), monday.AddDate(0, 0, 21) // nothing was entered for three weeks
	s := k.newServer(due.Add(-time.Hour))
	for _, now := range []time.Time{due.Add(-time.Hour), due, due.Add(10 * time.Minute), due.Add(time.Hour)} {
		s.reconcile(ctx, now)
	}
	rows := k.rows(ledger.Filter{})
	if len(rows) != 1 || rows[0].Recipient != ops || !strings.HasPrefix(rows[0].Subject, "Digests wait for better data: data stop on ") {
		t.Fatalf("%+v\n%s", rows, k.logs)
	}
	s.reconcile(ctx, due.AddDate(0, 0, 4))
	s.reconcile(ctx, due.AddDate(0, 0, 4).Add(time.Hour)) // which is no all-clear
	var told []string
	for _, row := range k.rows(ledger.Filter{Schedule: "ops"}) {
		told = append(told, row.Period)
		if strings.HasSuffix(row.Period, missed) && !strings.Contains(textOf(k.body(row.ID)), "--as-of 2026-06-22 --accept-data") {
			t.Errorf("the command would be refused: %s", textOf(k.body(row.ID)))
		}
	}
	if want := []string{"2026-06-22 not made", "2026-06-22 own missed"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	rows = k.rows(ledger.Filter{Schedule: "own"})
	if len(rows) != 1 || rows[0].State != ledger.Skipped || rows[0].Period != "2026-06-22" || !strings.Contains(rows[0].Reason, "max_age") {
		t.Errorf("left out without a record: %+v", rows)
	}
}

func TestWhoCallsARunByHandMayAcceptTheData(t *testing.T) {
	k := newKit(t, monday, "")
	ctx := context.Background()
	job := Job{Schedule: k.schedule("own"), Tick: monday.AddDate(0, 0, 21)}
	sums, err := k.Run(ctx, []Job{job, {Schedule: k.schedule("team"), Tick: monday}}, 0)
	var data *DataError
	if !errors.As(err, &data) || !strings.Contains(err.Error(), "--accept-data") || !strings.Contains(err.Error(), "as of 2026-06-22") {
		t.Fatalf("error %v", err)
	}
	if len(sums) != 1 || sums[0].Schedule != "team" || sums[0].Sent == 0 {
		t.Errorf("the other schedule, whose data are fresh: %+v", sums)
	}
	redirected := job
	redirected.Redirect = "me@example.com"
	if s := k.do(redirected); s.Sent == 0 {
		t.Errorf("a test that goes to the tester alone: %+v", s)
	}
	job.AcceptData, job.Tick = true, monday.AddDate(0, 0, 28)
	if s := k.do(job); s.Sent == 0 || !s.Done() {
		t.Errorf("accepted: %+v", s)
	}
}

func TestAnEmptyPipelineMakesNoDigests(t *testing.T) {
	k := newKit(t, monday, "")
	k.source.loses(1)
	_, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("own"), Tick: monday}}, 0)
	if err == nil || !strings.Contains(err.Error(), "holds no deals") {
		t.Errorf("error %v", err)
	}
	if rows := k.rows(ledger.Filter{}); len(rows) != 0 {
		t.Errorf("recorded %+v", rows)
	}
}
