package digest

import (
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
	out := b.pathsThatWin()
	for _, cp := range b.r.Checkpoints {
		e, c := cp.Earns, b.checks[cp.Key]
		if e != nil && e.Verdict.Or("") == "review" && e.RiskRatio.OK && e.High.OK && c.Stage != nil {
			out = append(out, fmt.Sprintf("%s: deals with it were won %.1f times as often as deals without (at most %.1f). Should it stay as it is?",
				b.checkName(c), e.RiskRatio.V, e.High.V))
		}
	}
	if s := b.skippedStages(); s != "" {
		out = append(out, s)
	}
	if p := b.r.Pressure; p != nil && p.Late.Due >= b.minDue() && p.Rest.Due >= b.minDue() && apart(p.Late, p.Rest) {
		out = append(out, fmt.Sprintf("In the last 14 days of a %s adherence is %s of %d, in the rest of it %s of %d.",
			b.periodNoun(), percent(p.Late.Rate.V), p.Late.Due, percent(p.Rest.Rate.V), p.Rest.Due))
	}
	if b.r.Consistency.OK {
		out = append(out, "Consistency across reps is "+percent(b.r.Consistency.V)+": 100"+nb+"% would mean that all follow the process alike.")
	}
	return out
}

// apart says whether the intervals of two rates do not overlap: only then is there something to say.
func apart(x, y health.Tally) bool {
	_, lowX, highX := wilson(x.Met, x.Due)
	_, lowY, highY := wilson(y.Met, y.Due)
	return x.Rate.OK && y.Rate.OK && (lowX.V > highY.V || lowY.V > highX.V)
}

// pathsThatWin asks of each mandatory stage that most winners went without whether it earns its place.
func (b *builder) pathsThatWin() []string {
	shown, all := 0, 0
	for _, p := range b.r.Paths {
		shown += p.Deals
		if p.Share.OK && p.Share.V > 0 && all == 0 {
			all = int(math.Round(float64(p.Deals) / p.Share.V))
		}
	}
	if shown < fewestWins {
		return nil
	}
	of := fmt.Sprintf("%d won deals", shown)
	if all > shown {
		of = fmt.Sprintf("the %d won deals on the most common paths", shown)
	}
	var out []string
	v := &b.in.Process.Versions[b.in.Process.VersionAt(b.r.AsOf)]
	for _, s := range v.Stages {
		if !s.Mandatory || s.Phase == process.After {
			continue
		}
		without := 0
		for _, p := range b.r.Paths {
			if !slices.Contains(p.Stages, s.Key) {
				without += p.Deals
			}
		}
		if 2*without > shown {
			out = append(out, fmt.Sprintf("%d of %s went without %s. Does the step earn its place?", without, of, line(s.Name, 40)))
		}
	}
	if first := b.r.Paths[0]; !first.Follows && len(first.Stages) > 0 && first.Deals > 1 {
		out = append(out, fmt.Sprintf("The most common way to win is %s (%d of %s).", b.trail(first.Stages), first.Deals, of))
	}
	return out
}

func (b *builder) trail(stages []string) string {
	var names []string
	for _, s := range stages {
		names = append(names, b.stageName(s))
	}
	return strings.Join(names, " → ")
}

// skippedStages counts the stages that were jumped over in the window.
func (b *builder) skippedStages() string {
	var parts []string
	for _, cp := range b.r.Checkpoints {
		if c, ok := b.checks[cp.Key]; ok && c.Criterion == nil && cp.Missed > 0 {
			parts = append(parts, line(c.Stage.Name, 40)+" "+times(cp.Missed))
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

// care says, on top of everything, that the data cover too little for the figures below.
func (b *builder) care() []string {
	var out []string
	if n, all := b.unmapped(), b.r.Sources.StageChanges.Or(0); b.unmappedMisleads() {
		out = append(out, fmt.Sprintf("%d of %d stage changes go to stages that the process does not know. The figures below do not see them.", n, all))
	}
	if n := b.noHistory(); b.historyMisleads() {
		out = append(out, upper(count(n, "open deal has", "open deals have"))+" no stage history. Nothing about "+noun(n, "it", "them")+" is judged below.")
	}
	return out
}

func (b *builder) unmapped() (n int) {
	for _, u := range b.r.Unmapped {
		n += u.N
	}
	return n
}

func (b *builder) unmappedMisleads() bool {
	all := b.r.Sources.StageChanges.Or(0)
	return all > 0 && 5*b.unmapped() >= all
}

func (b *builder) noHistory() int {
	if r := b.r.Figures.Record; r != nil {
		return r.NoHistory
	}
	return 0
}

func (b *builder) historyMisleads() bool {
	open := len(b.r.Deals)
	if s := b.r.Figures.Stall; s != nil {
		open = s.OpenDeals
	}
	return b.noHistory() > 0 && 3*b.noHistory() >= open
}

// questions are about data, never an accusation.
func (b *builder) questions() []Question {
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
		if r.Suspect.OK && r.Suspect.V > 0 && r.Moves >= 10 {
			ask(fmt.Sprintf("%d of %d moves came many at once or on the eve of this report, with nothing from the buyer around them. Is the record kept when things happen?", r.Suspect.V, r.Moves))
		}
	}
	b.askUnmapped(ask)
	b.askInactive(ask)
	return out
}

func (b *builder) askUnmapped(ask func(string, ...RepRef)) {
	const most = 3
	var names []string
	for _, u := range b.r.Unmapped[:min(most, len(b.r.Unmapped))] {
		names = append(names, "“"+line(u.Stage, 40)+"” ("+count(u.N, "change", "changes")+")")
	}
	if n := len(b.r.Unmapped) - most; n > 0 {
		names = append(names, count(n, "more", "more"))
	}
	if len(names) > 0 {
		ask("The process does not know the " + noun(len(names), "stage ", "stages ") + list(names) + ". What " + noun(len(names), "does it", "do they") + " mean?")
	}
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
	if len(names) > 0 {
		ask("Nothing was entered in the "+b.when.Noun+" on the open deals of "+list(names)+". A quiet "+b.when.Noun+", or not entered yet?", refs...)
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
