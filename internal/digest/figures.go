package digest

import (
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/words"
)

// figures are the four numbers of the week; one that the source cannot know is left out whole.
func (b *builder) figures() []Figure {
	var out []Figure
	sources := []func() (Figure, bool){b.adherence, b.stalled, b.moved}
	if b.in.Recipient.Kind == Manager { // a rep's calls have a section of their own
		sources = append(sources, b.forecast)
	}
	for _, figure := range sources {
		if f, ok := figure(); ok {
			out = append(out, f)
		}
	}
	return out
}

// The kinds of checkpoints, as phrases know them.
const (
	kindAll      = "all"
	kindEvidence = "evidence"
	kindStages   = "stages"
)

// headline is what of the adherence is news: all checkpoints, or one kind of them where the other had no miss in
// the last four windows and would only flatter the rate.
type headline struct {
	health.Tally
	low, high health.Number
	judged    bool
	kind      string
}

func (b *builder) headline(a *health.Adherence) headline {
	h := headline{Tally: health.Tally{Due: a.Due, Met: a.Met, Rate: a.Rate}, low: a.Low, high: a.High, judged: a.Judged, kind: kindAll}
	if b.observesStages() { // no stage falls due: evidence is all that there is
		h.kind = kindEvidence
		return h
	}
	stages, evidence := b.flawless(func(p health.TrendPoint) health.Tally { return p.Stages }), b.flawless(func(p health.TrendPoint) health.Tally { return p.Evidence })
	part := func(t health.Tally, kind string) headline {
		p := headline{Tally: t, judged: t.Due >= b.minDue(), kind: kind}
		_, p.low, p.high = wilson(t.Met, t.Due)
		return p
	}
	switch {
	case stages && !evidence && a.Evidence.Due > 0:
		return part(a.Evidence, kindEvidence)
	case evidence && !stages && a.Stages.Due > 0:
		return part(a.Stages, kindStages)
	}
	return h
}

// flawless says whether something of a kind was due in the last four windows and nothing of it missed.
func (b *builder) flawless(kind func(health.TrendPoint) health.Tally) bool {
	points := b.r.Figures.Trend
	due, met := 0, 0
	for _, p := range points[max(0, len(points)-4):] {
		due, met = due+kind(p).Due, met+kind(p).Met
	}
	return due > 0 && due == met
}

func (b *builder) adherence() (Figure, bool) {
	a := b.r.Figures.Adherence
	if a == nil {
		return Figure{}, false
	}
	h := b.headline(a)
	f := Figure{Key: "adherence", Label: b.say("adherence", "kind", h.kind), Trends: b.adherenceTrends()}
	if a.Due == 0 && f.Trends == nil && a.Pending == 0 {
		return Figure{}, false
	}
	judged := h.judged && h.Rate.OK
	f.Value = b.say("adherence value", "due", a.Due, "judged", judged, "rate", h.Rate.V, "met", h.Met, "of", h.Due)
	if a.Due == 0 {
		f.Detail = b.say("adherence none due")
	} else {
		f.Detail = b.say("adherence detail", "judged", judged, "met", h.Met, "due", h.Due, "kind", h.kind,
			"between", h.low.OK && h.high.OK, "low", h.low.V, "high", h.high.V)
	}
	for _, t := range []struct {
		kind string
		health.Tally
	}{{kindStages, a.Stages}, {kindEvidence, a.Evidence}} {
		if t.Due > 0 && !b.observesStages() { // of three checkpoints no percentage is shown
			f.More = append(f.More, b.say("adherence of a kind", "kind", t.kind, "met", t.Met, "due", t.Due, "judged", t.Rate.OK && t.Due >= b.minDue(), "rate", t.Rate.V))
		}
	}
	if a.Judged && (h.kind == kindAll || b.observesStages()) {
		f.More = b.change(f.More, a.Change)
	}
	f.More = append(f.More, b.besideTheRate(a)...)
	return f, true
}

// besideTheRate says what is not in it, and what a rep is told of how it stands beside the team's.
func (b *builder) besideTheRate(a *health.Adherence) (out []string) {
	if b.in.Recipient.Kind == Rep && a.Judged {
		if b.r.PeerMedian.OK {
			out = append(out, b.say("median of the team", "rate", b.r.PeerMedian.V))
		}
		if belowTeam(a) {
			out = append(out, b.say("told as below the team"))
		}
	}
	if a.Pending > 0 {
		out = append(out, b.say("pending", "n", a.Pending))
	}
	if a.Excused > 0 {
		out = append(out, b.say("excused", "n", a.Excused))
	}
	return out
}

func (b *builder) minDue() int { return max(1, b.in.Settings.MinDue) }

// change speaks of better or worse only beyond noise.
func (b *builder) change(more []string, c health.AdherenceChange) []string {
	if !c.Diff.OK || !c.Low.OK || !c.High.OK {
		return more
	}
	n := words.Points(c.Diff.V)
	if c.Low.V <= 0 && c.High.V >= 0 {
		n = 0
	}
	return append(more, b.say("change", "points", n))
}

func (b *builder) stalled() (Figure, bool) {
	s := b.r.Figures.Stall
	if s == nil || s.OpenDeals == 0 || s.StalledDeals == 0 && (b.placeless() || b.unsure(b.r.Deals)) {
		return Figure{}, false
	}
	f := Figure{Key: "stalled", Label: b.say("stalled"), Value: b.said(b.Of(s.StalledDeals, s.OpenDeals)), Detail: b.say("stalled detail", "open", s.OpenDeals),
		Trends: charts(b.trend("chart stalled", func(p health.TrendPoint) (float64, bool) { return float64(p.StalledDeals), true }), b.amountTrend())}
	if s.StalledDeals > 0 {
		if amount := b.stalledAmount(); amount != "" {
			f.More = append(f.More, b.say("worth", "amount", amount))
		}
		if s.MedianDaysOver.OK {
			f.More = append(f.More, b.say("days over", "n", s.StalledDeals, "over", b.dayCount(s.MedianDaysOver.V)))
		}
	}
	if n := s.SilentDeals.Or(0); n > 0 {
		f.More = append(f.More, b.say("silent deals", "n", n, "no_party", b.r.NoParty, "days", int(b.in.Settings.SilentAfter/(24*time.Hour))))
	}
	return f, true
}

// stalledAmount is what stands still, empty when no amount is known.
func (b *builder) stalledAmount() string {
	s := b.r.Figures.Stall
	if s == nil || !s.StalledAmount.OK || s.StalledDeals == 0 {
		return ""
	}
	known := 0
	for _, d := range b.r.Deals {
		if d.Stalled.Or(false) && d.Amount.OK {
			known++
		}
	}
	switch {
	case known == 0:
		return ""
	case known < s.StalledDeals:
		return b.say("at least", "amount", b.money(s.StalledAmount.V))
	}
	return b.money(s.StalledAmount.V)
}

func (b *builder) moved() (Figure, bool) {
	f := Figure{Key: "moves", Label: b.say("moves"), Trends: charts(b.trend("chart moves", func(p health.TrendPoint) (float64, bool) { return float64(p.Moves), true }))}
	n := b.moves()
	if n == 0 && f.Trends == nil {
		return Figure{}, false
	}
	f.Value, f.Detail = b.Whole(n), b.say("moves detail", "n", n)
	if a := b.r.Figures.Adherence; a != nil {
		if a.CleanMoves > 0 {
			f.More = append(f.More, b.say("moves judged clean", "n", a.CleanMoves))
		}
		if a.MovedBack > 0 {
			f.More = append(f.More, b.say("moved back", "n", a.MovedBack))
		}
	}
	if s := b.r.Figures.Stall; s != nil && s.Pace.OK && s.PaceLow.OK && s.PaceHigh.OK && !b.r.Everybody {
		f.More = append(f.More, b.say("pace", "pace", s.Pace.V, "low", s.PaceLow.V, "high", s.PaceHigh.V))
	}
	return f, true
}

func (b *builder) forecast() (Figure, bool) {
	fc := b.r.Figures.Forecast
	if fc == nil || !fc.CalledDeals.OK || len(fc.Periods) == 0 || fc.CalledDeals.V == 0 && !fc.Accuracy.OK {
		return Figure{}, false
	}
	said := fc.Judged && fc.Accuracy.OK
	f := Figure{Key: "forecast", Label: b.say("forecast"),
		Value:  b.say("forecast value", "judged", fc.Judged, "won", fc.Accuracy.OK, "accuracy", fc.Accuracy.V),
		Detail: b.say("forecast detail", "calls", fc.CalledDeals.V, "n", knownPeriods(fc), "judged", fc.Judged, "won", fc.Accuracy.OK)}
	if !said {
		return f, true
	}
	if fc.Bias.OK {
		f.More = append(f.More, b.biasOf(fc))
	}
	if fc.UncalledShare.OK && words.Points(fc.UncalledShare.V) > 0 {
		f.More = append(f.More, b.say("uncalled", "share", fc.UncalledShare.V))
	}
	if n := fc.Slipped.Or(0); n > 0 {
		f.More = append(f.More, b.say("slipped", "n", n))
	}
	f.Trends = charts(b.accuracyTrend(fc))
	return f, true
}

// biasOf says in which direction calls are wrong, and in how many of the periods that can be judged.
func (b *builder) biasOf(fc *health.ForecastReliability) string {
	high, low := 0, 0
	for _, p := range fc.Periods {
		switch {
		case !b.judgedPeriod(p):
		case p.Predicted.V > p.Actual.V:
			high++
		case p.Predicted.V < p.Actual.V:
			low++
		}
	}
	if high+low < 2 {
		high, low = 0, 0
	}
	return b.say("bias", "hundredths", words.Points(fc.Bias.V), "high", high, "low", low, "n", knownPeriods(fc))
}

// periodLabel says Jul–Sep, or Jul for a month.
func (b *builder) periodLabel(p health.CallPeriod) string {
	loc := b.in.Settings.Location
	from, to := b.ShortMonth(p.Start.In(loc).Month()), b.ShortMonth(p.End.Add(-1).In(loc).Month())
	if from == to {
		return from
	}
	return from + "–" + to
}
