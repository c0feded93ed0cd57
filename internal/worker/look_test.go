package worker

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/sample"
)

// crm shows a sample pipeline as a CRM that overwrites: what is so now, and of the past only what happened. With a history
// it is the same CRM, and keeps one.
type crm struct {
	p       *sample.Pipeline
	now     time.Time
	history bool
}

func (s *crm) ReadFor(_ context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r := s.p.Reading(needs.AsOf)
	if s.history {
		return r, func() error { return nil }, nil
	}
	r.Tables[pipeline.StageChanges], r.Tables[pipeline.Forecasts] = false, false
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		clear(r.Counts)
		for h := range s.p.Deals() {
			if h.Deal.CreatedAt.Before(s.now) && !yield(s.today(h), nil) {
				return
			}
		}
	}
	return r, func() error { return nil }, nil
}

// today is a deal as it stands now.
func (s *crm) today(h *pipeline.History) *pipeline.History {
	d := &h.Deal
	if d.Outcome != pipeline.Open && !d.ClosedAt.V.Before(s.now) {
		d.Outcome, d.ClosedAt, d.LossReason = pipeline.Open, pipeline.Opt[time.Time]{}, ""
	}
	if d.Outcome == pipeline.Open {
		for _, c := range h.Changes {
			if c.At.Before(s.now) {
				d.Stage = c.Stage
			}
		}
		for _, f := range h.Forecasts {
			if f.At.Before(s.now) {
				d.ExpectedClose, d.Amount, d.Probability, d.ForecastCategory = f.ExpectedClose, f.Amount, f.Probability, f.Category
			}
		}
	}
	h.Changes, h.Forecasts = nil, nil
	return h
}

// weeks is a worker that ran every Monday from January to June over a CRM without history.
type weeks struct {
	*kit
	crm  *crm
	made map[time.Time]string // what the figures were when the run was over, by the instant that they were of
}

func runWeeks(t *testing.T) *weeks {
	t.Helper()
	w := &weeks{kit: newKit(t, monday, ""), made: map[time.Time]string{}}
	w.crm = &crm{p: w.source.p}
	w.Source, w.Past = w.crm, w.ledger
	w.Now = func() time.Time { return w.crm.now }
	for tick := time.Date(2026, time.January, 5, 7, 0, 0, 0, time.UTC); !tick.After(monday); tick = tick.AddDate(0, 0, 7) {
		w.crm.now = tick
		end := tick.Add(-7 * time.Hour)
		own := w.json(end) // as the run sees it, before it is recorded
		if s := w.do(Job{Schedule: w.schedule("team"), Tick: tick}); !s.Done() {
			t.Fatalf("%v: %+v", tick, s)
		}
		if w.made[end] = w.json(end); w.made[end] != own {
			t.Errorf("%v: the run said\n%s\nand later it is\n%s", tick, difference(own, w.made[end]), difference(w.made[end], own))
		}
	}
	return w
}

// report is that of an instant, read now.
func (w *weeks) report(asOf time.Time) *health.Report {
	w.t.Helper()
	f, err := w.newDesk().compute(context.Background(), asOf, pipeline.Week)
	if err != nil {
		w.t.Fatal(err)
	}
	return f.report
}

func (w *weeks) json(asOf time.Time) string {
	w.t.Helper()
	r := w.report(asOf)
	var b bytes.Buffer
	if err := health.WriteJSON(&b, r, ""); err != nil {
		w.t.Fatal(err)
	}
	if err := health.WriteTable(&b, r, time.UTC); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func TestWeeksOfLookingStandInForAHistory(t *testing.T) {
	w := runWeeks(t)
	t.Run("near the truth", w.nearTheTruth)
	t.Run("made again", w.madeAgain)
}

func (w *weeks) nearTheTruth(t *testing.T) {
	end := monday.Add(-7 * time.Hour)
	got := w.report(end)
	w.crm.history = true
	want := w.report(end)
	w.crm.history = false

	if o := got.Observed; o == nil || !o.Stages || !o.Forecasts || o.Since.String() != "2026-01-05" || o.Days != 7 {
		t.Errorf("observed: %+v", o)
	}
	if got.Sources.StageChanges.OK || got.Sources.Forecasts.OK || want.Observed != nil {
		t.Errorf("the source has none: %+v", got.Sources)
	}
	if len(got.Deals) != len(want.Deals) || len(got.Deals) == 0 {
		t.Fatalf("%d open deals, want %d", len(got.Deals), len(want.Deals))
	}
	const night = 7. / 24 // what was seen at seven counts as of midnight
	exact, atLeast, pushes := 0, 0, 0
	for i, d := range got.Deals {
		truth := want.Deals[i]
		if d.Stage != truth.Stage || d.ExpectedClose != truth.ExpectedClose || d.Amount != truth.Amount || d.Chance != truth.Chance || d.Committed != truth.Committed {
			t.Errorf("%s is\n     %+v\nwant %+v", d.ID, d, truth)
		}
		late := truth.DaysInStage.V - d.DaysInStage.V // a move is seen by the next look
		switch {
		case d.AtLeast && late < -night, !d.AtLeast && (late < -night || late > 7):
			t.Errorf("%s: %.1f days in %s, in truth %.1f (at least: %v)", d.ID, d.DaysInStage.V, d.Stage.V, truth.DaysInStage.V, d.AtLeast)
		case d.AtLeast:
			atLeast++
		default:
			exact++
		}
		if d.Pushes.V > truth.Pushes.V {
			t.Errorf("%s: %d pushes, in truth %d", d.ID, d.Pushes.V, truth.Pushes.V)
		}
		pushes += d.Pushes.V
		for _, key := range d.Missed {
			if !slices.Contains(truth.Missed, key) {
				t.Errorf("%s: %s was not missed", d.ID, key)
			}
		}
	}
	if exact == 0 || pushes == 0 {
		t.Errorf("%d exact, %d at least, %d pushes: nothing was compared", exact, atLeast, pushes)
	}
	compareTeams(t, &got.Team, &want.Team)
	if got.Pressure != nil || len(got.Paths) > 0 || got.Wins != nil {
		t.Errorf("pressure %v, paths %v, wins %v", got.Pressure, got.Paths, got.Wins)
	}
}

// compareTeams holds what was observed against the truth: what cannot be known is missing, the rest is near it.
func compareTeams(t *testing.T, got, want *health.Figures) {
	t.Helper()
	a, truth := got.Adherence, want.Adherence
	if a.Stages.Due != 0 || a.Evidence.Due == 0 || a.Due != a.Evidence.Due {
		t.Errorf("adherence %+v", a)
	}
	if near := truth.Evidence.Due; 2*a.Due < near || a.Due > 2*near {
		t.Errorf("%d pieces of evidence judged, in truth %d", a.Due, near)
	}
	if r := got.Record; r.Suspect.OK || r.EveMoves.OK || r.EveP.OK || r.Flagged.OK || r.Moves == 0 || r.Moves > want.Record.Moves || r.NoHistory != 0 {
		t.Errorf("record %+v, in truth %+v", r, want.Record)
	}
	if got.Fitness.OK {
		t.Errorf("fitness %v", got.Fitness)
	}
	known := 0
	for i, p := range got.Forecast.Periods {
		q := want.Forecast.Periods[i]
		if p.Call.Before(time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)) {
			if p.Called.OK || p.Predicted.OK || p.Actual.OK || p.Uncalled.OK {
				t.Errorf("nobody had looked when this was called: %+v", p)
			}
			continue
		}
		known++
		if p.Called.V == 0 || !within(p.Predicted.V, q.Predicted.V, 0.2) || !within(p.Actual.V, q.Actual.V, 0.2) ||
			!within(p.Actual.V+p.Uncalled.V, q.Actual.V+q.Uncalled.V, 1e-9) {
			t.Errorf("calls %+v\nin truth %+v", p, q)
		}
	}
	if known != 1 || !got.Forecast.CalledDeals.OK {
		t.Errorf("%d periods are known", known)
	}
	for i, l := range got.Forecast.LeadTimes {
		if !l.Predicted.OK {
			t.Errorf("%d weeks ahead nothing is known", got.Forecast.LeadTimes[i].Weeks)
		}
	}
}

func within(got, want, share float64) bool {
	d := got - want
	return d <= share*want && -d <= share*want
}

// Whoever makes a report again gets what was made then, although the CRM has forgotten it.
func (w *weeks) madeAgain(t *testing.T) {
	w.crm.now = monday.AddDate(0, 0, 2)
	for end, was := range w.made {
		if again := w.json(end); again != was {
			t.Errorf("as of %v it was\n%s\nand is\n%s", end, difference(was, again), difference(again, was))
		}
	}
}

// difference is where a text begins to differ from another.
func difference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return a[max(0, i-200):min(len(a), i+80)]
}

// The first run has seen nothing change: its figures are those of a source without history, as if nobody had looked.
func TestTheFirstLookChangesNothing(t *testing.T) {
	w := &weeks{kit: newKit(t, monday, "")}
	w.crm = &crm{p: w.source.p, now: monday}
	w.Source, w.Now = w.crm, func() time.Time { return monday }
	end := monday.Add(-7 * time.Hour)
	without := w.json(end)
	w.Past = w.ledger
	if with := w.json(end); with != without {
		t.Errorf("without looking\n%s\nwith\n%s", difference(without, with), difference(with, without))
	}
}

// The worker's own reading is one of today, whatever day its figures are of; a source with a history is looked at too.
func TestRunsRecordWhatTheySee(t *testing.T) {
	k := newKit(t, monday, "")
	now := monday.AddDate(0, 0, 2)
	k.Past, k.Now = k.ledger, func() time.Time { return now }
	days := func() string {
		list, err := k.ledger.ObservedOn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(list)
	}
	k.do(Job{Schedule: k.schedule("team"), Out: t.TempDir()})
	if s := k.do(Job{Schedule: k.schedule("team"), Redirect: "me@example.com"}); s.Deals == 0 {
		t.Error("the test read nothing")
	}
	if got := days(); got != "[]" {
		t.Errorf("a test observed %s", got)
	}
	k.do(Job{Schedule: k.schedule("own")})
	if got := days(); got != "[2026-06-03]" {
		t.Errorf("observed on %s", got)
	}
	open := 0
	for h := range k.source.p.Deals() {
		if h.Deal.Outcome == pipeline.Open {
			open++
		}
	}
	n, amounts := 0, 0
	for o, err := range k.ledger.Observations(t.Context(), pipeline.DateOf(now, time.UTC)) {
		if err != nil || o.Stage == "" || o.Currency != "EUR" {
			t.Fatal(o, err)
		}
		if n++; o.Amount.OK {
			amounts++
		}
	}
	if n != open || amounts < n/2 || open == 0 {
		t.Errorf("%d deals observed, %d are open", n, open)
	}
	now = now.AddDate(0, 0, 1)
	k.do(Job{Schedule: k.schedule("own")}) // everybody is known, nothing is read
	if got := days(); got != "[2026-06-03]" {
		t.Errorf("observed on %s", got)
	}
	if rows := k.rows(ledger.Filter{}); len(rows) == 0 {
		t.Error("nothing was sent")
	}
}
