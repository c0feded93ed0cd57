package digest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

const tooFew = "too few to judge"

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

// headline is what of the adherence is news: all checkpoints, or one kind of them where the other had no miss in
// the last four windows and would only flatter the rate.
type headline struct {
	health.Tally
	low, high health.Number
	judged    bool
	label     string
	one, many string // of what is counted
	all       bool   // every checkpoint is in it
}

func (b *builder) headline(a *health.Adherence) headline {
	h := headline{Tally: health.Tally{Due: a.Due, Met: a.Met, Rate: a.Rate}, low: a.Low, high: a.High, judged: a.Judged,
		label: "Process adherence", one: "checkpoint", many: "checkpoints", all: true}
	stages, evidence := b.flawless(func(p health.TrendPoint) health.Tally { return p.Stages }), b.flawless(func(p health.TrendPoint) health.Tally { return p.Evidence })
	part := func(t health.Tally, label, one, many string) headline {
		p := headline{Tally: t, judged: t.Due >= b.minDue(), label: label, one: one, many: many}
		_, p.low, p.high = wilson(t.Met, t.Due)
		return p
	}
	switch {
	case stages && !evidence && a.Evidence.Due > 0:
		return part(a.Evidence, "Process adherence, buyer evidence", "piece of buyer evidence", "pieces of buyer evidence")
	case evidence && !stages && a.Stages.Due > 0:
		return part(a.Stages, "Process adherence, stages", "stage", "stages")
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
	f := Figure{Key: "adherence", Label: h.label, Trends: b.adherenceTrends()}
	switch {
	case a.Due == 0 && f.Trends == nil && a.Pending == 0:
		return Figure{}, false
	case a.Due == 0:
		f.Value, f.Detail = "none due", "No checkpoint was judged in the "+b.when.Noun+"."
	case h.judged && h.Rate.OK:
		f.Value = percent(h.Rate.V)
		f.Detail = of(h.Met, h.Due) + " " + noun(h.Due, h.one, h.many) + " met"
		if h.low.OK && h.high.OK {
			f.Detail += fmt.Sprintf("; likely between %s and %s", percent(h.low.V), percent(h.high.V))
		}
	default:
		f.Value = of(h.Met, h.Due)
		f.Detail = upper(noun(h.Due, h.one, h.many)) + " met; " + tooFew
	}
	for _, t := range []struct {
		name string
		health.Tally
	}{{"Stages ticked", a.Stages}, {"Buyer evidence", a.Evidence}} {
		if t.Due > 0 {
			f.More = append(f.More, t.name+" "+of(t.Met, t.Due)+b.rateInBrackets(t.Tally))
		}
	}
	if s := b.change(a.Change); s != "" && a.Judged && h.all {
		f.More = append(f.More, s)
	}
	f.More = append(f.More, b.besideTheRate(a)...)
	return f, true
}

// besideTheRate says what is not in it, and what a rep is told of how it stands beside the team's.
func (b *builder) besideTheRate(a *health.Adherence) (out []string) {
	if b.in.Recipient.Kind == Rep && a.Judged {
		if b.r.PeerMedian.OK {
			out = append(out, "The median of your team is "+percent(b.r.PeerMedian.V))
		}
		if belowTeam(a) {
			out = append(out, "Your manager's digest says “below the team (indicative)”: a reason to talk, no verdict")
		}
	}
	if a.Pending > 0 {
		out = append(out, count(a.Pending, "more is", "more are")+" still within the time to follow up")
	}
	if a.Excused > 0 {
		out = append(out, count(a.Excused, "exception was agreed and is", "exceptions were agreed and are")+" not counted")
	}
	return out
}

// rateInBrackets adds the rate from min_due on: of three checkpoints no percentage is shown.
func (b *builder) rateInBrackets(t health.Tally) string {
	if !t.Rate.OK || t.Due < b.minDue() {
		return ""
	}
	return " (" + percent(t.Rate.V) + ")"
}

func (b *builder) minDue() int { return max(1, b.in.Settings.MinDue) }

// change speaks of better or worse only beyond noise.
func (b *builder) change(c health.AdherenceChange) string {
	if !c.Diff.OK || !c.Low.OK || !c.High.OK {
		return ""
	}
	n := points(math.Abs(c.Diff.V))
	than := "the four " + b.when.Noun + "s before"
	switch {
	case c.Low.V > 0 && n > 0:
		return "Better than " + than + " by " + count(n, "point", "points") + ", beyond noise"
	case c.High.V < 0 && n > 0:
		return "Below " + than + " by " + count(n, "point", "points") + ", beyond noise"
	}
	return "Within noise of " + than
}

func (b *builder) stalled() (Figure, bool) {
	s := b.r.Figures.Stall
	if s == nil || s.OpenDeals == 0 || s.StalledDeals == 0 && b.placeless() {
		return Figure{}, false
	}
	f := Figure{Key: "stalled", Label: "Deals that stand still", Value: of(s.StalledDeals, s.OpenDeals),
		Detail: noun(s.OpenDeals, "open deal past the usual limit of its stage", "open deals past the usual limit of their stage"),
		Trends: charts(b.trend("deals", func(p health.TrendPoint) (float64, bool) { return float64(p.StalledDeals), true }), b.amountTrend())}
	if s.StalledDeals > 0 {
		if amount := b.stalledAmount(); amount != "" {
			f.More = append(f.More, "Worth "+amount)
		}
		if s.MedianDaysOver.OK {
			f.More = append(f.More, noun(s.StalledDeals, upper(dayCount(s.MedianDaysOver.V))+" past it", "Half of them "+dayCount(s.MedianDaysOver.V)+" or more past it"))
		}
	}
	if s.SilentDeals.OK && s.SilentDeals.V > 0 {
		n := upper(count(s.SilentDeals.V, "open deal", "open deals"))
		if b.r.NoParty {
			f.More = append(f.More, n+" without any recent activity")
		} else {
			f.More = append(f.More, n+" with a silent buyer"+b.silentFor())
		}
	}
	return f, true
}

// silentFor says what silence means.
func (b *builder) silentFor() string {
	if d := int(b.in.Settings.SilentAfter / (24 * time.Hour)); d > 0 {
		return ": nothing from them for over " + count(d, "day", "days")
	}
	return ""
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
		return "at least " + b.money(s.StalledAmount.V)
	}
	return b.money(s.StalledAmount.V)
}

func (b *builder) moved() (Figure, bool) {
	f := Figure{Key: "moves", Label: "Stage moves", Trends: charts(b.trend("moves", func(p health.TrendPoint) (float64, bool) { return float64(p.Moves), true }))}
	n := b.moves()
	if n == 0 && f.Trends == nil {
		return Figure{}, false
	}
	f.Value = whole(n)
	f.Detail = noun(n, "move", "moves") + " into a stage of the process in the " + b.when.Noun
	if a := b.r.Figures.Adherence; a != nil {
		if a.CleanMoves > 0 {
			f.More = append(f.More, count(a.CleanMoves, "move was", "moves were")+" judged clean: everything that was due was met")
		}
		if a.MovedBack > 0 {
			f.More = append(f.More, count(a.MovedBack, "move went", "moves went")+" back to an earlier stage")
		}
	}
	if s := b.r.Figures.Stall; s != nil && s.Pace.OK && s.PaceLow.OK && s.PaceHigh.OK && !b.r.Everybody {
		f.More = append(f.More, "Pace "+ratio(s.Pace.V)+", likely "+ratio(s.PaceLow.V)+" to "+ratio(s.PaceHigh.V)+": moves on for each that is usual after the same wait")
	}
	return f, true
}

func (b *builder) forecast() (Figure, bool) {
	fc := b.r.Figures.Forecast
	if fc == nil || !fc.CalledDeals.OK || len(fc.Periods) == 0 || fc.CalledDeals.V == 0 && !fc.Accuracy.OK {
		return Figure{}, false
	}
	span := "the last " + count(len(fc.Periods), b.periodNoun(), b.periodNoun()+"s")
	f := Figure{Key: "forecast", Label: "Forecast accuracy"}
	calls := count(fc.CalledDeals.V, "call", "calls") + " in " + span
	if !fc.Judged || !fc.Accuracy.OK {
		f.Value, f.Detail = tooFew, calls
		if fc.Judged {
			f.Value, f.Detail = "no win called", calls+", and no called deal was won in its "+b.periodNoun()
		}
		return f, true
	}
	f.Value, f.Detail = percent(fc.Accuracy.V), calls
	if fc.Bias.OK {
		f.More = append(f.More, upper(bias(fc.Bias.V))+b.directions(fc))
	}
	if fc.UncalledShare.OK && points(fc.UncalledShare.V) > 0 {
		f.More = append(f.More, percent(fc.UncalledShare.V)+" of what was won had not been called")
	}
	if fc.Slipped.OK && fc.Slipped.V > 0 {
		f.More = append(f.More, count(fc.Slipped.V, "called deal", "called deals")+" slipped out of "+noun(fc.Slipped.V, "its ", "their ")+b.periodNoun())
	}
	f.Trends = charts(b.accuracyTrend(fc))
	return f, true
}

// directions says in how many of the periods that can be judged calls were too high and too low.
func (b *builder) directions(fc *health.ForecastReliability) string {
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
	switch {
	case high+low < 2:
		return ""
	case low == 0:
		return "; too high in " + b.ofPeriods(high, len(fc.Periods))
	case high == 0:
		return "; too low in " + b.ofPeriods(low, len(fc.Periods))
	}
	return "; too high in " + count(high, b.periodNoun(), b.periodNoun()+"s") + ", too low in " + whole(low)
}

// ofPeriods says each of the 4 quarters, or 3 of 4 quarters.
func (b *builder) ofPeriods(n, all int) string {
	if n == all {
		return "each of the " + count(all, b.periodNoun(), b.periodNoun()+"s")
	}
	return whole(n) + " of " + count(all, b.periodNoun(), b.periodNoun()+"s")
}

// bias says in which direction calls are wrong.
func bias(v float64) string {
	n := strconv.Itoa(points(math.Abs(v))) + nb + "%"
	switch {
	case points(v) > 0:
		return "calls were " + n + " too high"
	case points(v) < 0:
		return "calls were " + n + " too low"
	}
	return "calls were neither too high nor too low"
}

func (b *builder) periodNoun() string {
	if b.in.Settings.PeriodSpan == pipeline.Month {
		return "month"
	}
	return "quarter"
}

// periodLabel says Jul–Sep, or Jul for a month.
func (b *builder) periodLabel(p health.CallPeriod) string {
	loc := b.in.Settings.Location
	from, to := p.Start.In(loc).Month().String()[:3], p.End.Add(-1).In(loc).Month().String()[:3]
	if from == to {
		return from
	}
	return strings.Join([]string{from, to}, "–")
}

func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
