package digest

import (
	"cmp"
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
	f := &Focus{Heading: b.say("focus heading"), Says: sentence(c.Stage.Expects), Doubt: b.doubt(c), Tally: b.focusTally(key)}
	stage := line(c.Stage.Name, 40)
	switch {
	case f.Doubt != "":
		f.Heading, f.Title, f.Ask = b.say("focus heading in question"), b.say("focus title in question", "stage", stage), b.say("focus ask in question")
	case c.Criterion != nil:
		f.Title, f.Says, f.Why, f.Ask = b.say("focus title evidence", "stage", stage), sentence(c.Criterion.Says), sentence(c.Criterion.Why), sentence(c.Criterion.Coach)
	default:
		f.Title, f.Ask = b.say("focus title stage", "stage", stage), b.say("focus ask stage")
	}
	for _, cp := range b.r.Checkpoints {
		if cp.Key == key {
			f.Effect = b.effect(c, cp.Earns)
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
	cp := b.r.Checkpoints[i]
	return b.say("focus tally", "met", cp.Met, "due", cp.Due, "everybody", b.r.Everybody)
}

// doubt is said before anybody is coached on a stage that most winners go without: there the process is in
// question, not the rep.
func (b *builder) doubt(c process.Checkpoint) string {
	w, ok := b.leftByWinners(c.Stage.Key)
	if !ok {
		return ""
	}
	return b.say("focus doubt", "without", w.Without, "won", w.Won, "lookback", b.lookback(), "stage", line(c.Stage.Name, 40))
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

// lookback is the past that wins and losses are counted over, in days; 0 is a year, which nobody counts in days.
func (b *builder) lookback() int {
	const year = 365
	if d := int(b.in.Settings.Lookback / (24 * time.Hour)); d > 0 && d != year {
		return d
	}
	return 0
}

// effect says what deals with and without a checkpoint came to: an association, and the words say so.
func (b *builder) effect(c process.Checkpoint, e *health.Earns) string {
	switch {
	case e == nil || !e.Verdict.OK:
		return ""
	case c.Stage != nil && c.Stage.Phase == process.After:
		return b.say("effect after the win")
	case !e.MetN.OK || !e.MissedN.OK:
		return b.say("effect last before the win")
	case e.MetN.V+e.MissedN.V == 0:
		return b.say("effect nothing closed")
	case !e.RiskRatio.OK || !e.Low.OK || !e.High.OK || e.Verdict.V == health.VerdictTooFew:
		return b.say("effect too early", odds(e)...)
	}
	return b.say("effect", append(odds(e), "earns", e.Verdict.V == health.VerdictEarns, "in_question", e.Verdict.V == health.VerdictReview)...)
}

// odds are what a phrase may say of deals with and without a checkpoint.
func odds(e *health.Earns) []any {
	return []any{"times", e.RiskRatio.V, "low", e.Low.V, "high", e.High.V,
		"with", e.MetN.Or(0), "with_won", e.MetWon.Or(0), "without", e.MissedN.Or(0), "without_won", e.MissedWon.Or(0)}
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
	_, inQuestion := b.leftByWinners(b.checks[b.r.Figures.Focus.V].Stage.Key)
	return b.say("coaching lead", "in_question", inQuestion, "went_past", b.focusIsStage())
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
		more = b.say("coaching more reps", "n", rest)
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
		return b.say("coaching nothing due")
	}
	return b.say("coaching standing", "met", a.Met, "due", a.Due, "judged", a.Judged, "below", belowTeam(a))
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
			losses = append(losses, Praise{Rep: b.rep(l.RepID.V), Deal: b.lostDeal(l), Text: b.say("team praise clean loss")})
		}
	}
	if n := len(losses) - praisedLosses; n > 0 {
		losses = append(losses[:praisedLosses:praisedLosses], Praise{Text: b.say("team praise more clean losses", "n", n)})
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
		out = append(out, Praise{Text: b.say("team praise more improved", "n", rest)})
	}
	return out
}

// improved says by how much adherence is better than before, and only beyond noise.
func (b *builder) improved(a *health.Adherence) string {
	if a == nil || !a.Judged || !a.Change.Low.OK || a.Change.Low.V <= 0 || !a.Change.Met.OK || !a.Change.Due.OK {
		return ""
	}
	return b.say("improved", "met", a.Met, "due", a.Due, "met_before", a.Change.Met.V, "due_before", a.Change.Due.V)
}
