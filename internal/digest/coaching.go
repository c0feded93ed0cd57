package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/process"
)

// focus is the one element to work on, in the process's own words. A step that most winners go without is not
// coached as if it were proven: then the digest asks about the step.
func (b *builder) focus() *Focus {
	key := b.r.Figures.Focus.Or("")
	c, ok := b.checks[key]
	if !ok {
		return nil
	}
	f := &Focus{Heading: "Coaching: one thing at a time", Doubt: b.doubt(c), Tally: b.focusTally(key)}
	if b.in.Recipient.Kind == Rep {
		f.Heading = "Your focus"
	}
	stage := line(c.Stage.Name, 40)
	switch {
	case f.Doubt != "":
		f.Heading, f.Title, f.Says = "A step in question", "Does the stage "+stage+" earn its place?", sentence(c.Stage.Expects)
		f.Ask = "Has the buyer got there in another way, or did they not need it?"
	case c.Criterion != nil:
		f.Title, f.Says, f.Why, f.Ask = "Buyer evidence in "+stage, sentence(c.Criterion.Says), sentence(c.Criterion.Why), sentence(c.Criterion.Coach)
	default:
		f.Title, f.Says = "The stage "+stage, sentence(c.Stage.Expects)
		f.Ask = "What had the buyer done that made it right to go past it?"
	}
	for _, cp := range b.r.Checkpoints {
		if cp.Key == key {
			f.Effect = effect(c, cp.Earns)
		}
	}
	return f
}

// focusTally says how often the focus was met in the window: over all teams, since that is what is known.
func (b *builder) focusTally(key string) string {
	i := slices.IndexFunc(b.r.Checkpoints, func(cp health.Checkpoint) bool { return cp.Key == key })
	if i < 0 || b.r.Checkpoints[i].Due == 0 || b.in.Recipient.Kind != Manager {
		return ""
	}
	cp, who := b.r.Checkpoints[i], "Over all teams it"
	if b.r.Everybody {
		who = "It"
	}
	if cp.Due == 1 {
		return fmt.Sprintf("%s fell due once in the %s and was %s.", who, b.when.Noun, noun(cp.Met, "met", "missed"))
	}
	return fmt.Sprintf("%s was met %s of the %s times it fell due in the %s.", who, whole(cp.Met), whole(cp.Due), b.when.Noun)
}

// doubt is said before anybody is coached on a stage that most winners go without: there the process is in
// question, not the rep.
func (b *builder) doubt(c process.Checkpoint) string {
	w, ok := b.leftByWinners(c.Stage.Key)
	if !ok {
		return ""
	}
	s := fmt.Sprintf("%s deals won in the last %s that were asked for the stage %s went without it.", of(w.Without, w.Won), b.lookback(), line(c.Stage.Name, 40))
	if b.in.Recipient.Kind == Manager {
		return s + " Before you coach it, ask whether the step earns its place."
	}
	return s + " If it did not help you or your buyer, tell your manager: then it is the step that has to change."
}

// leftByWinners gives the wins of a stage that most of them went without.
func (b *builder) leftByWinners(stage string) (health.StageWins, bool) {
	for _, w := range b.r.Wins {
		if w.Key == stage {
			return w, w.Won >= fewestWins && 2*w.Without > w.Won
		}
	}
	return health.StageWins{}, false
}

// lookback is the past that wins and losses are counted over: year, or so many days.
func (b *builder) lookback() string {
	const year = 365
	if d := int(b.in.Settings.Lookback / (24 * time.Hour)); d > 0 && d != year {
		return count(d, "day", "days")
	}
	return "year"
}

// effect says what deals with and without a checkpoint came to: an association, and the words say so.
func effect(c process.Checkpoint, e *health.Earns) string {
	switch {
	case e == nil || !e.Verdict.OK:
		return ""
	case c.Stage != nil && c.Stage.Phase == process.After:
		return "It comes after the win, so closed deals cannot tell whether it pays."
	case !e.MetN.OK || !e.MissedN.OK:
		return "It stands last before the win, so closed deals cannot tell whether it pays."
	case e.MetN.V+e.MissedN.V == 0:
		return "No closed deal can tell yet whether it pays."
	case !e.RiskRatio.OK || !e.Low.OK || !e.High.OK || e.Verdict.V == health.VerdictTooFew:
		return fmt.Sprintf("Whether it pays cannot be told yet: of the closed deals that it fell due on, %s had it (%s won) and %s did not (%s won).",
			whole(e.MetN.V), whole(e.MetWon.Or(0)), whole(e.MissedN.V), whole(e.MissedWon.Or(0)))
	}
	s := fmt.Sprintf("Deals with it were won %s times as often as deals without it: %s against %s; likely %s to %s times, deals of like size compared.",
		ratio(e.RiskRatio.V), of(e.MetWon.Or(0), e.MetN.V), of(e.MissedWon.Or(0), e.MissedN.V), ratio(e.Low.V), ratio(e.High.V))
	switch e.Verdict.V {
	case health.VerdictEarns:
		return s + " They go together; that is no proof of cause."
	case health.VerdictReview:
		return s + " So the step is in question."
	}
	return s + " So it is not proven that it pays."
}

// lacksFocus says whether a deal is one to talk about: evidence that is not there today, a stage skipped.
func (b *builder) lacksFocus(d health.Deal) bool {
	f := b.r.Figures.Focus
	if !f.OK {
		return false
	}
	if stage, ok := strings.CutPrefix(f.V, "stage:"); ok {
		return slices.Contains(d.Missed, f.V) && d.Stage.Or("") != stage
	}
	return slices.Contains(d.Lacks, f.V)
}

func (b *builder) focusIsStage() bool { return strings.HasPrefix(b.r.Figures.Focus.V, "stage:") }

func (b *builder) coachingLead() string {
	const order = " Those come first whose adherence leaves most to gain; a few cases hardly move anybody."
	switch c := b.checks[b.r.Figures.Focus.V]; {
	case b.doubt(c) != "":
		return "Ask it about these open deals, which went past it. Nobody has done wrong here."
	case b.focusIsStage():
		return "Open deals that went past it, rep by rep." + order
	}
	return "Open deals that still lack it, rep by rep." + order
}

// coaching ties the focus to deals, rep by rep in the order of their shrunk rates, so that three deals shame
// nobody. Of a large team those are shown who have most such deals.
func (b *builder) coaching() (out []RepPoints, more string) {
	if _, ok := b.checks[b.r.Figures.Focus.Or("")]; !ok {
		return nil, ""
	}
	lacking := map[string][]health.Deal{}
	for _, d := range b.r.Deals {
		if b.lacksFocus(d) {
			lacking[d.RepID.V] = append(lacking[d.RepID.V], d)
		}
	}
	reps := slices.DeleteFunc(b.byShrunkRate(), func(r health.RepFigures) bool { return len(lacking[r.ID]) == 0 })
	if rest := len(reps) - coachedReps; rest > 0 {
		more = "And " + count(rest, "more rep has", "more reps have") + " such deals."
		reps = most(reps, coachedReps, func(r health.RepFigures) int { return len(lacking[r.ID]) })
	}
	for _, r := range reps {
		deals := lacking[r.ID]
		largestFirst(deals)
		p := RepPoints{Rep: b.rep(r.ID), Standing: b.repStanding(r.Adherence)}
		for _, d := range deals[:min(pointsPerRep, len(deals))] {
			p.Deals = append(p.Deals, b.mention(d))
		}
		out = append(out, p)
	}
	return out, more
}

// most keeps the n reps of the largest weight, in the order that they come in.
func most(reps []health.RepFigures, n int, weight func(health.RepFigures) int) []health.RepFigures {
	top := slices.Clone(reps)
	slices.SortStableFunc(top, func(x, y health.RepFigures) int { return cmp.Compare(weight(y), weight(x)) })
	keep := map[string]bool{}
	for _, r := range top[:min(n, len(top))] {
		keep[r.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(reps), func(r health.RepFigures) bool { return !keep[r.ID] })
}

// largestFirst orders deals by amount, unknown ones last.
func largestFirst(deals []health.Deal) {
	slices.SortStableFunc(deals, func(x, y health.Deal) int { return cmp.Compare(y.Amount.Or(-1), x.Amount.Or(-1)) })
}

func (b *builder) repStanding(a *health.Adherence) string {
	if a == nil || a.Due == 0 {
		return "nothing due in the " + b.when.Noun
	}
	s := of(a.Met, a.Due) + " " + noun(a.Due, "checkpoint", "checkpoints") + " met"
	switch {
	case !a.Judged:
		return s + ", " + tooFew
	case belowTeam(a):
		return s + ", below the team (indicative)"
	}
	return s
}

// belowTeam says whether somebody may be named as below the team.
func belowTeam(a *health.Adherence) bool {
	const sure = 0.975
	return a.Judged && a.PBelowTeam.OK && a.PBelowTeam.V >= sure
}

// byName orders the reps by their names, then ids.
func (b *builder) byName() []health.RepFigures {
	out := slices.Clone(b.r.Reps)
	slices.SortFunc(out, func(x, y health.RepFigures) int {
		return cmp.Or(strings.Compare(process.Normal(b.names[x.ID]), process.Normal(b.names[y.ID])), strings.Compare(x.ID, y.ID))
	})
	return out
}

// byShrunkRate puts those first whose rate, drawn towards the team's as far as it rests on few cases, is the
// lowest; those of whom nothing was due come last. Ties go by name.
func (b *builder) byShrunkRate() []health.RepFigures {
	rate := func(r health.RepFigures) float64 {
		if r.Adherence == nil {
			return 2
		}
		return r.Adherence.ShrunkRate.Or(2)
	}
	out := b.byName()
	slices.SortStableFunc(out, func(x, y health.RepFigures) int { return cmp.Compare(rate(x), rate(y)) })
	return out
}

// teamPraise names what went well: the largest wins, deals lost although everything was done right, and real
// improvements.
func (b *builder) teamPraise() []Praise {
	out := b.wins()
	for i := range out {
		if owner := out[i].Deal.Owner; owner != "" {
			out[i].Rep = b.rep(owner)
		}
	}
	var losses []Praise
	for _, l := range b.r.Lost {
		if l.Clean {
			losses = append(losses, Praise{Rep: b.rep(l.RepID.V), Deal: b.lostDeal(l), Text: "lost, with everything done that the process asks"})
		}
	}
	if n := len(losses) - praisedLosses; n > 0 {
		losses = append(losses[:praisedLosses:praisedLosses], Praise{Text: "And " + count(n, "more loss", "more losses") + " of which the same is true."})
	}
	out = append(out, losses...)
	shown, rest := 0, 0
	for _, r := range b.byName() {
		if s := b.improved(r.Adherence); s != "" {
			if shown == praisedReps {
				rest++
				continue
			}
			shown++
			out = append(out, Praise{Rep: b.rep(r.ID), Text: s})
		}
	}
	if rest > 0 {
		out = append(out, Praise{Text: "And " + count(rest, "more rep has", "more reps have") + " improved beyond noise."})
	}
	return out
}

// improved says by how much adherence is better than before, and only beyond noise.
func (b *builder) improved(a *health.Adherence) string {
	if a == nil || !a.Judged || !a.Change.Low.OK || a.Change.Low.V <= 0 || !a.Change.Met.OK || !a.Change.Due.OK {
		return ""
	}
	return of(a.Met, a.Due) + " checkpoints met, better beyond noise than in the four " + b.when.Noun + "s before (" + of(a.Change.Met.V, a.Change.Due.V) + ")"
}
