package digest

import (
	"slices"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// care says, on top of everything, why the figures below may mislead: data that stop, moves that the process
// does not know, deals without a history.
func (b *builder) care() []string {
	var out []string
	if b.stale() {
		out = append(out, b.dataStop())
	}
	if s := b.unknownMoves(); s != "" {
		out = append(out, s)
	}
	if b.in.Report.Untimed() {
		return append(out, b.say("care untimed"))
	}
	// Whether the record is complete is the manager's to settle.
	if n := b.noHistory(); b.historyMisleads() && b.in.Recipient.Kind == Manager {
		out = append(out, b.say("care no history", "n", n))
	}
	return out
}

// stale says whether nothing happened in the data for longer than the report's window, and at least a week.
// Then time alone makes deals stand still and buyers silent, whether they are or not.
func (b *builder) stale() bool {
	const least = 7 * 24 * time.Hour
	return b.r.Newest.OK && b.r.AsOf.Sub(b.r.Newest.V) > max(least, b.r.Window.End.Sub(b.r.Window.Start))
}

// newest is the date of the last thing that happened in the data.
func (b *builder) newest() pipeline.Date {
	return pipeline.DateOf(b.r.Newest.V, b.in.Settings.Location)
}

func (b *builder) dataStop() string {
	return b.say("care data stop", "date", b.date(b.newest()), "age", b.age(b.staleDays()), "long", b.longStale())
}

// staleDays are the dates between the newest entry and the digest.
func (b *builder) staleDays() int {
	return int(pipeline.DateOf(b.r.AsOf, b.in.Settings.Location) - b.newest())
}

// longStale says whether the data stop for longer than any holiday: then not even what the open deals lack is
// known.
func (b *builder) longStale() bool { return b.stale() && b.staleDays() > fewDays }

// stopHeadline is the subject's only item when the data stop.
func (b *builder) stopHeadline() [][]string {
	return [][]string{{b.say("headline data stop", "date", b.date(b.newest())), b.say("headline data stop", "date", "")}}
}

// forgetTime takes out of the report what nothing but the passing of time has made of data that stop. It
// changes copies only: the report belongs to everybody's digest.
func (b *builder) forgetTime() {
	b.r.Figures = b.withoutTime(b.r.Figures)
	for i := range b.r.Reps {
		b.r.Reps[i].Figures = b.withoutTime(b.r.Reps[i].Figures)
	}
	for i, d := range b.r.Deals {
		d.Stalled, d.Silent = pipeline.Opt[bool]{}, pipeline.Opt[bool]{}
		d.DaysInStage, d.DaysSinceBuyer, d.ChanceToAdvance = health.Number{}, health.Number{}, health.Number{}
		d.Concerns = slices.DeleteFunc(slices.Clone(d.Concerns), func(c string) bool {
			return b.longStale() || c == health.ConcernStalled || c == health.ConcernSilent || c == health.ConcernOverdue
		})
		b.r.Deals[i] = d
	}
	b.r.Adherence, b.r.Consistency, b.r.InactiveReps = nil, health.Number{}, nil
}

// withoutTime leaves of the figures those that were settled before the data stop.
func (b *builder) withoutTime(f health.Figures) health.Figures {
	f.Adherence, f.Stall, f.Focus = nil, nil, pipeline.Opt[string]{}
	if fc := f.Forecast; fc != nil && len(fc.Periods) > 0 && fc.Periods[len(fc.Periods)-1].End.After(b.r.Newest.V) {
		f.Forecast = nil
	}
	if f.Record != nil {
		r := *f.Record
		r.NoActivity, r.OverdueClose = health.Count{}, health.Count{}
		f.Record = &r
	}
	return f
}

// unknownMoves says that the process does not know the stages that deals are in or move to: to a manager, whom
// it asks to have them added, with their names; to a rep as nothing that is about them.
func (b *builder) unknownMoves() string {
	if !b.unmappedMisleads() && !b.misfit() {
		return ""
	}
	return b.say("care unknown stages", "moves", b.unmappedMisleads(), "unmapped", b.unmapped(), "all", b.r.Sources.StageChanges.Or(0),
		"unplaced", b.unplaced(), "open", len(b.r.Deals), "stages", b.unknownStages())
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

// unknownStages names the most frequent stages that the process does not know, and counts the others.
func (b *builder) unknownStages() (names []string) {
	const most = 3
	for _, u := range b.r.Unmapped[:min(most, len(b.r.Unmapped))] {
		names = append(names, b.say("unknown stage", "stage", line(u.Stage, 40), "n", u.N))
	}
	if n := len(b.r.Unmapped) - most; n > 0 {
		names = append(names, b.say("and more", "n", n))
	}
	return names
}

// unplaced counts the open deals whose stage nobody can tell.
func (b *builder) unplaced() (n int) {
	for _, d := range b.r.Deals {
		if !d.Stage.OK {
			n++
		}
	}
	return n
}

// placeless says whether that is true of most: then the process has nothing to say of them, and nobody is
// coached by it.
func (b *builder) placeless() bool { return 2*b.unplaced() > len(b.r.Deals) }

// misfit says that it is the process's doing: it does not know the stages that most open deals are in. Then what
// it counts as missed is no news either.
func (b *builder) misfit() bool { return b.placeless() && b.unmapped() > 0 }

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
