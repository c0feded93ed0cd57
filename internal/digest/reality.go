package digest

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/words"
)

// fewestWins from which a path says anything about the process.
const fewestWins = 5

// reality holds the process against what wins. Where winners leave the process, the process is questioned.
// All of it is of all reps, and the section says so.
func (b *builder) reality() []string {
	out := b.winnersLeave()
	if s := b.commonestPath(); s != "" {
		out = append(out, s)
	}
	for _, cp := range b.r.Checkpoints {
		e, c := cp.Earns, b.checks[cp.Key]
		if e != nil && e.Verdict.Or("") == health.VerdictReview && e.RiskRatio.OK && e.High.OK && c.Stage != nil {
			out = append(out, b.say("reality step in question", append(odds(e), "checkpoint", b.checkName(c))...))
		}
	}
	for _, s := range append(b.stagesSay(), b.earning(), b.skippedStages(), b.pressure(), b.consistency()) {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// earning names the steps that earn their place, the surest first: those are worth defending.
func (b *builder) earning() string {
	var good []health.Checkpoint
	for _, cp := range b.r.Checkpoints {
		if e := cp.Earns; e != nil && e.Verdict.Or("") == health.VerdictEarns && e.RiskRatio.OK && e.Low.OK && e.High.OK && b.checks[cp.Key].Stage != nil && cp.Key != b.r.Figures.Focus.Or("") {
			good = append(good, cp)
		}
	}
	slices.SortStableFunc(good, func(x, y health.Checkpoint) int { return cmp.Compare(y.Earns.Low.V, x.Earns.Low.V) })
	var parts []string
	for _, cp := range good {
		parts = append(parts, b.say("reality earning step", append(odds(cp.Earns), "checkpoint", b.checkName(b.checks[cp.Key]))...))
	}
	if len(parts) == 0 {
		return ""
	}
	return b.say("reality earning", "n", len(parts), "steps", b.some(parts))
}

// stagesSay speaks of stages whose stated chance of winning is far from what came of the deals in them: from what
// was won within the period beyond noise, and from what was ever won too.
func (b *builder) stagesSay() (out []string) {
	const far = 0.1
	for _, st := range b.r.Stages {
		s, c := b.stages[st.Key], st.Calls
		if s == nil || !s.WinProbability.OK || c == nil || c.N < b.in.Settings.MinHistory || !c.WonInPeriod.OK || !c.EverWon.OK {
			continue
		}
		won, said := int(math.Round(c.WonInPeriod.V*float64(c.N))), s.WinProbability.V
		_, low, high := wilson(won, c.N)
		less := high.V < said && c.EverWon.V < said-far
		if more := low.V > said && c.EverWon.V > said+far; less || more {
			out = append(out, b.say("reality stage chance", "stage", b.stageName(st.Key), "chance", said,
				"n", c.N, "won", won, "rate", c.WonInPeriod.V, "ever", c.EverWon.V, "less", less))
		}
	}
	return out
}

// pressure speaks up when the end of a period changes how the process is followed: beyond noise, and enough
// to matter.
func (b *builder) pressure() string {
	const matters = 5 // hundredths
	p := b.r.Pressure
	if p == nil || p.Late.Due < b.minDue() || p.Rest.Due < b.minDue() || !apart(p.Late, p.Rest) || abs(words.Points(p.Late.Rate.V-p.Rest.Rate.V)) < matters {
		return ""
	}
	return b.say("reality pressure", "late_met", p.Late.Met, "late_due", p.Late.Due, "late_rate", p.Late.Rate.V,
		"rest_met", p.Rest.Met, "rest_due", p.Rest.Due, "rest_rate", p.Rest.Rate.V)
}

func abs(n int) int { return max(n, -n) }

// consistency stands beside the rate, and only where reps differ.
func (b *builder) consistency() string {
	const alike = 0.9
	c, a := b.r.Consistency, b.r.Adherence
	if !c.OK || c.V >= alike || a == nil || a.Due == 0 || !a.Rate.OK {
		return ""
	}
	return b.say("reality consistency", "consistency", c.V, "met", a.Met, "due", a.Due, "rate", a.Rate.V)
}

// apart says whether the intervals of two rates do not overlap: only then is there something to say.
func apart(x, y health.Tally) bool {
	_, lowX, highX := wilson(x.Met, x.Due)
	_, lowY, highY := wilson(y.Met, y.Due)
	return x.Rate.OK && y.Rate.OK && (lowX.V > highY.V || lowY.V > highX.V)
}

// winnersLeave asks of each stage that most winners went without whether it earns its place. A win counts for
// the stages that the process of its own day asked for. What the coaching begins with is not said again.
func (b *builder) winnersLeave() (out []string) {
	focus := b.checks[b.r.Figures.Focus.Or("")].Stage
	for _, w := range b.r.Wins {
		if focus != nil && focus.Key == w.Key {
			continue
		}
		if _, ok := b.leftByWinners(w.Key); ok {
			out = append(out, b.say("reality winners leave", "without", w.Without, "won", w.Won, "stage", b.stageName(w.Key)))
		}
	}
	return out
}

// commonestPath states how most deals are won.
func (b *builder) commonestPath() string {
	if len(b.r.Paths) == 0 {
		return ""
	}
	p := b.r.Paths[0]
	if !p.Share.OK || p.Share.V <= 0 || p.Deals < 2 || len(p.Stages) == 0 {
		return ""
	}
	all := int(math.Round(float64(p.Deals) / p.Share.V))
	if all < fewestWins {
		return ""
	}
	return b.say("reality commonest path", "path", b.trail(p.Stages), "n", p.Deals, "all", all, "lookback", b.lookback(), "left_out", b.leftOut(p.Stages))
}

// leftOut are the stages that the process asks for and a path is without. They are known only where one version of
// the process was in force all the time.
func (b *builder) leftOut(path []string) (names []string) {
	now := b.in.Process.VersionAt(b.r.AsOf)
	if lookback := b.in.Settings.Lookback; lookback <= 0 || b.in.Process.VersionAt(b.r.AsOf.Add(-lookback)) != now {
		return nil
	}
	for _, stage := range b.in.Process.Versions[now].Stages {
		if stage.Mandatory && stage.Phase != process.After && !slices.Contains(path, stage.Key) {
			names = append(names, line(stage.Name, 40))
		}
	}
	return names
}

func (b *builder) trail(stages []string) string {
	var names []string
	for _, s := range stages {
		names = append(names, b.stageName(s))
	}
	return strings.Join(names, " → ")
}

// skippedStages counts, of the times that stages fell due in the window, how often they were jumped over. It
// is silent where that would be the data's doing.
func (b *builder) skippedStages() string {
	if b.stale() || b.unmappedMisleads() {
		return ""
	}
	var parts []string
	for _, cp := range b.r.Checkpoints {
		if c, ok := b.checks[cp.Key]; ok && c.Criterion == nil && cp.Missed > 0 {
			parts = append(parts, b.say("reality skipped stage", "stage", line(c.Stage.Name, 40), "missed", cp.Missed, "due", cp.Due))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return b.say("reality skipped", "stages", parts)
}

func (b *builder) checkName(c process.Checkpoint) string {
	if c.Criterion != nil {
		return b.say("reality the evidence", "quote", b.quote(c.Criterion.Says))
	}
	return b.say("reality the stage", "stage", line(c.Stage.Name, 40))
}

// questionsOnRecord are about data, never an accusation.
func (b *builder) questionsOnRecord() []Question {
	var out []Question
	ask := func(text string, reps ...RepRef) { out = append(out, Question{Text: text, Reps: reps}) }
	if r := b.r.Figures.Record; r != nil {
		for _, gap := range []struct {
			phrase string
			n      health.Count
		}{
			{"record no amount", r.NoAmount},
			{"record no close", r.NoClose},
			{"record overdue close", r.OverdueClose},
			{"record no activity", r.NoActivity},
		} {
			if gap.n.OK && gap.n.V > 0 {
				ask(b.say(gap.phrase, "n", gap.n.V))
			}
		}
		if n := b.noHistory(); n > 0 && !b.historyMisleads() {
			ask(b.say("record no history", "n", n))
		}
		if s := b.forTheRecord(r); s != "" {
			ask(s)
		}
	}
	if names := b.unknownStages(); names != nil && !b.unmappedMisleads() {
		ask(b.say("record unknown stages", "stages", names))
	}
	b.askInactive(ask)
	return out
}

// forTheRecord asks about moves that may have been entered for the record: only from ten moves on, and not about
// one or two of them.
func (b *builder) forTheRecord(r *health.Record) string {
	const fewestMoves, fewest = 10, 3
	switch {
	case r.Moves < fewestMoves:
		return ""
	case r.Suspect.Or(0) >= fewest:
		return b.say("record in bulk", "n", r.Suspect.V, "moves", r.Moves)
	case r.Flagged.Or(false) && r.EveMoves.OK:
		return b.say("record on the eve", "n", r.EveMoves.V, "moves", r.Moves)
	}
	return ""
}

func (b *builder) askInactive(ask func(string, ...RepRef)) {
	const most = 6
	var refs []RepRef
	var names []string
	for _, r := range b.byName() {
		if slices.Contains(b.r.InactiveReps, r.ID) && !b.away(r.ID) {
			refs = append(refs, b.rep(r.ID))
			names = append(names, b.names[r.ID])
		}
	}
	if n := len(names) - most; n > 0 {
		refs, names = refs[:most], append(names[:most:most], b.say("and more", "n", n))
	}
	if b.in.Report.Untimed() && !b.r.Sources.Activities.OK {
		return // nothing that they could have entered would be seen
	}
	if len(names) > 0 { // without activities only moves could have been entered
		ask(b.say("record nothing entered", "reps", names, "activities", b.r.Sources.Activities.OK), refs...)
	}
}

// away people are not named as having entered nothing.
func (b *builder) away(id string) bool {
	on := pipeline.DateOf(b.r.AsOf, b.in.Settings.Location)
	for _, r := range b.in.Reps {
		if r.ID == id {
			return r.AwayOn(on)
		}
	}
	return false
}
