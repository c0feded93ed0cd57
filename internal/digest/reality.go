package digest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
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
			out = append(out, fmt.Sprintf("%s: deals with it were won %s times as often as deals without it (%s against %s; at most %s times). Should it stay as it is?",
				b.checkName(c), ratio(e.RiskRatio.V), of(e.MetWon.Or(0), e.MetN.Or(0)), of(e.MissedWon.Or(0), e.MissedN.Or(0)), ratio(e.High.V)))
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
	const most = 2
	var good []health.Checkpoint
	for _, cp := range b.r.Checkpoints {
		if e := cp.Earns; e != nil && e.Verdict.Or("") == health.VerdictEarns && e.RiskRatio.OK && e.Low.OK && e.High.OK && b.checks[cp.Key].Stage != nil && cp.Key != b.r.Figures.Focus.Or("") {
			good = append(good, cp)
		}
	}
	slices.SortStableFunc(good, func(x, y health.Checkpoint) int { return cmp.Compare(y.Earns.Low.V, x.Earns.Low.V) })
	var parts []string
	for _, cp := range good[:min(most, len(good))] {
		parts = append(parts, fmt.Sprintf("%s (won %s times as often with it, likely %s to %s)", b.checkName(b.checks[cp.Key]),
			ratio(cp.Earns.RiskRatio.V), ratio(cp.Earns.Low.V), ratio(cp.Earns.High.V)))
	}
	switch n := len(good) - most; {
	case len(good) == 0:
		return ""
	case n > 0:
		parts = append(parts, whole(n)+nb+"more")
	}
	return noun(len(good), "This step earns its place: ", "These steps earn their place: ") + list(parts) + "."
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
		verdict := ""
		switch {
		case high.V < said && c.EverWon.V < said-far:
			verdict = "Is it worth less than the process believes?"
		case low.V > said && c.EverWon.V > said+far:
			verdict = "Is it worth more than the process believes?"
		default:
			continue
		}
		out = append(out, fmt.Sprintf("%s is given a chance of %s; of the %s deals in it when a %s was called, %s were won in that %s (%s), and %s of those closed since. %s",
			b.stageName(st.Key), percent(said), whole(c.N), b.periodNoun(), whole(won), b.periodNoun(), percent(c.WonInPeriod.V), percent(c.EverWon.V), verdict))
	}
	return out
}

// pressure speaks up when the end of a period changes how the process is followed: beyond noise, and enough
// to matter.
func (b *builder) pressure() string {
	const matters = 5 // hundredths
	p := b.r.Pressure
	if p == nil || p.Late.Due < b.minDue() || p.Rest.Due < b.minDue() || !apart(p.Late, p.Rest) || abs(points(p.Late.Rate.V-p.Rest.Rate.V)) < matters {
		return ""
	}
	return fmt.Sprintf("In the last 14 days of a %s %s checkpoints are met (%s), in the rest of it %s (%s).", b.periodNoun(),
		of(p.Late.Met, p.Late.Due), percent(p.Late.Rate.V), of(p.Rest.Met, p.Rest.Due), percent(p.Rest.Rate.V))
}

func abs(n int) int { return max(n, -n) }

// consistency stands beside the rate, and only where reps differ.
func (b *builder) consistency() string {
	const alike = 0.9
	c, a := b.r.Consistency, b.r.Adherence
	if !c.OK || c.V >= alike || a == nil || a.Due == 0 || !a.Rate.OK {
		return ""
	}
	return fmt.Sprintf("Reps differ in how far they follow the process: consistency %s beside %s checkpoints met (%s); 100%s%% would mean all alike. Is it habit, or are their deals of different kinds?",
		percent(c.V), of(a.Met, a.Due), percent(a.Rate.V), nb)
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
			out = append(out, fmt.Sprintf("%s won deals that were asked for %s went without it. Does the step earn its place?", of(w.Without, w.Won), b.stageName(w.Key)))
		}
	}
	return out
}

// commonestPath states how most deals are won. What it leaves out is said only where one version of the
// process was in force all the time.
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
	s := fmt.Sprintf("The most common way to win is %s (%s wins in the last %s)", b.trail(p.Stages), of(p.Deals, all), b.lookback())
	now := b.in.Process.VersionAt(b.r.AsOf)
	if lookback := b.in.Settings.Lookback; lookback <= 0 || b.in.Process.VersionAt(b.r.AsOf.Add(-lookback)) != now {
		return s + "."
	}
	var without []string
	for _, stage := range b.in.Process.Versions[now].Stages {
		if stage.Mandatory && stage.Phase != process.After && !slices.Contains(p.Stages, stage.Key) {
			without = append(without, line(stage.Name, 40))
		}
	}
	if len(without) > 0 {
		s += "; it leaves out " + list(without)
	}
	return s + "."
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
			parts = append(parts, line(c.Stage.Name, 40)+" "+of(cp.Missed, cp.Due)+nb+"times")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Skipped in the " + b.when.Noun + ": " + list(parts) + "."
}

func (b *builder) checkName(c process.Checkpoint) string {
	if c.Criterion != nil {
		return "Buyer evidence " + inner(c.Criterion.Says)
	}
	return "The stage " + line(c.Stage.Name, 40)
}

// questionsOnRecord are about data, never an accusation.
func (b *builder) questionsOnRecord() []Question {
	var out []Question
	ask := func(text string, reps ...RepRef) { out = append(out, Question{Text: text, Reps: reps}) }
	if r := b.r.Figures.Record; r != nil {
		for _, gap := range []struct {
			n                   health.Count
			one, many, question string
		}{
			{r.NoAmount, "open deal has no amount", "open deals have no amount", "Not known yet, or not entered?"},
			{r.NoClose, "open deal has no expected close", "open deals have no expected close", "Has no date been talked about with the buyer?"},
			{r.OverdueClose, "open deal has a close date in the past", "open deals have a close date in the past", "Which date has the buyer agreed to?"},
			{r.NoActivity, "open deal has had no activity for over 14 days", "open deals have had no activity for over 14 days", "Is nothing happening, or is it not entered?"},
		} {
			if gap.n.OK && gap.n.V > 0 {
				ask(count(gap.n.V, gap.one, gap.many) + ". " + gap.question)
			}
		}
		if n := b.noHistory(); n > 0 && !b.historyMisleads() {
			ask(count(n, "open deal has", "open deals have") + " no stage history. Imported, or moved by nobody?")
		}
		if s := forTheRecord(r); s != "" {
			ask(s)
		}
	}
	if names := b.unknownStages(); names != nil && !b.unmappedMisleads() {
		ask("The process does not know the " + noun(len(names), "stage ", "stages ") + list(names) + ". What " + noun(len(names), "does it", "do they") + " mean?")
	}
	b.askInactive(ask)
	return out
}

// forTheRecord asks about moves that may have been entered for the record: only from ten moves on, and not about
// one or two of them.
func forTheRecord(r *health.Record) string {
	const fewestMoves, fewest = 10, 3
	switch {
	case r.Moves < fewestMoves:
		return ""
	case r.Suspect.Or(0) >= fewest:
		return of(r.Suspect.V, r.Moves) + " moves between open stages were entered many at once or on the eve of this report, and either passed through a stage within minutes or had nothing from the buyer in the two weeks before. Is the record kept when things happen?"
	case r.Flagged.Or(false) && r.EveMoves.OK:
		return of(r.EveMoves.V, r.Moves) + " moves were entered on the last working day before this report. Is the record kept when things happen?"
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
		refs, names = refs[:most], append(names[:most:most], count(n, "more", "more"))
	}
	if len(names) == 0 {
		return
	}
	says := "Nothing was entered in the " + b.when.Noun + " on the open deals of " + list(names)
	if !b.r.Sources.Activities.OK { // then only moves could have been
		says = list(names) + " moved no deal in the " + b.when.Noun
	}
	ask(says+". A quiet "+b.when.Noun+", or not entered yet?", refs...)
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
