package render_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/render"
	"drumbeat/internal/source"
)

// bank is the week before Monday, 6 February 2012, of a Dutch bank's loan applications (BPI Challenge 2012): 68
// officers under five managers, whose deals are called "Application 173688" and who are called "Officer 112".
type bank struct {
	now, before *health.Report
	settings    health.Settings
	process     *process.Process
	reps        []pipeline.Rep
	owner       map[string]string // by application
}

func openBank(t *testing.T) *bank {
	t.Helper()
	dir, ctx, dsn := dbtest.Data(t), context.Background(), dbtest.SQLite(t)
	file := filepath.Join(dir, "process.bpic2012.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	b := &bank{owner: map[string]string{}, settings: health.Settings{
		Location: time.UTC, Window: pipeline.Week, Currency: "EUR", Lookback: 365 * day, Grace: 3 * day, MinDue: 5, MinHistory: 20,
		MinCalled: 5, SilentAfter: 21 * day, LeastStall: 3 * day, PeriodSpan: pipeline.Quarter, FiscalStart: 1, CallAfter: 14 * day}}
	proc, faults := process.Read(file, data, time.UTC)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	b.process = proc
	if _, err := source.Import(ctx, dsn, []string{filepath.Join(dir, "bpic2012")}, source.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	src, err := source.Open(ctx, source.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	monday := time.Date(2012, 2, 6, 0, 0, 0, 0, time.UTC)
	report := func(asOf time.Time) *health.Report {
		reading, done, err := src.Read(ctx, asOf)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		b.reps = reading.Reps
		deals := reading.Deals
		reading.Deals = func(yield func(*pipeline.History, error) bool) {
			deals(func(h *pipeline.History, err error) bool {
				if err == nil {
					b.owner[h.Deal.ID] = h.Deal.RepID
				}
				return yield(h, err)
			})
		}
		r, err := health.Compute(health.Input{AsOf: asOf, Process: b.process, Reading: reading, Settings: b.settings})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	b.now, b.before = report(monday), report(monday.AddDate(0, 0, -7))
	return b
}

var (
	application = regexp.MustCompile(`Application (\d+)`)
	officer     = regexp.MustCompile(`Officer (\d+)`)
)

// Nobody reads of anything that is not theirs, wherever in the view model or in the mail it might stand.
func TestNoDigestOfTheBankNamesAnythingOutsideItsScope(t *testing.T) {
	b := openBank(t)
	mails, deals, people := 0, 0, 0
	for _, kind := range []digest.Kind{digest.Manager, digest.Rep} {
		for _, to := range digest.Recipients(digest.Rule{Kind: kind}, b.reps, pipeline.DateOf(b.now.AsOf, time.UTC)) {
			d, err := digest.Build(digest.Input{Report: b.now, Before: b.before, Asked: b.now, Settings: b.settings, Process: b.process, Reps: b.reps, Recipient: to, Schedule: "weekly"})
			if err != nil {
				t.Fatal(err)
			}
			c, err := render.Render(d)
			if err != nil {
				t.Fatal(err)
			}
			mails++
			mine := map[string]bool{}
			for _, m := range to.Members {
				mine[m] = true
			}
			for where, said := range map[string]string{"view model": everything(reflect.ValueOf(d)), "subject": c.Subject, "html": c.HTML, "text": c.Text} {
				for _, m := range application.FindAllStringSubmatch(said, -1) {
					deals++
					if owner, known := b.owner[m[1]]; !known || !mine[owner] {
						t.Errorf("%s digest of %s, %s: %s belongs to %q", kind, to.Rep.ID, where, m[0], owner)
					}
				}
				for _, m := range officer.FindAllStringSubmatch(said, -1) {
					people++
					if !mine[m[1]] {
						t.Errorf("%s digest of %s, %s: %s is named", kind, to.Rep.ID, where, m[0])
					}
				}
			}
			// The refusal, broken on purpose: somebody else's deal in the finished digest.
			d.Care, d.About = nil, digest.About{}
			foreign := digest.DealRow{Deal: digest.DealRef{ID: "173688", Owner: "somebody else", Name: "Application 173688"}}
			if d.Team != nil {
				d.Team.Agenda = append(d.Team.Agenda, foreign)
			} else {
				d.Own.First = append(d.Own.First, foreign)
			}
			if d.CheckScope(to.Members) == nil {
				t.Fatalf("%s digest of %s: a foreign deal is not refused", kind, to.Rep.ID)
			}
		}
	}
	if mails < 60 || deals < 500 || people < 400 {
		t.Errorf("only %d mails with %d mentions of deals and %d of people: the test looks in the wrong place", mails, deals, people)
	}
}

// everything is every string of a view model.
func everything(v reflect.Value) (s string) {
	switch v.Kind() {
	case reflect.String:
		return v.String() + "\n"
	case reflect.Pointer:
		if !v.IsNil() {
			return everything(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			s += everything(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			s += everything(v.Field(i))
		}
	}
	return s
}
