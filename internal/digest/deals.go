package digest

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/process"
)

// agenda orders the open deals that have a concern: committed ones first, then by amount times concerns.
// A null amount counts as the median of the open deals' amounts. Ties go by id.
func (b *builder) agenda() []health.Deal {
	var out []health.Deal
	for _, d := range b.r.Deals {
		if len(d.Concerns) > 0 {
			out = append(out, d)
		}
	}
	weight := func(d health.Deal) float64 { return d.Amount.Or(b.r.TypicalAmount) * float64(len(d.Concerns)) }
	slices.SortFunc(out, func(x, y health.Deal) int {
		if x.Committed != y.Committed {
			if x.Committed {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(weight(y), weight(x)), strings.Compare(x.ID, y.ID))
	})
	return out
}

// amount of a deal; empty where no deal of the report has one, since nobody misses it there.
func (b *builder) amount(d health.Deal) string {
	switch {
	case d.Amount.OK:
		return b.money(d.Amount.V)
	case b.r.AnyAmount:
		return b.say("amount unknown")
	}
	return ""
}

// mention names a deal with its amount and stage, as far as they are known.
func (b *builder) mention(d health.Deal) Mention {
	var parts []string
	if a := b.amount(d); a != "" {
		parts = append(parts, a)
	}
	if d.Stage.OK {
		parts = append(parts, b.stageName(d.Stage.V))
	}
	return Mention{Deal: b.deal(d), Text: strings.Join(parts, ", ")}
}

// lenses join all that is known of a deal: the reasons to talk in the order of the concerns, then the rest.
func (b *builder) lenses(d health.Deal) []Lens {
	var alarms, rest []Lens
	add := func(text string, alarm bool) {
		switch {
		case text == "":
		case alarm:
			alarms = append(alarms, Lens{Text: upper(text), Alarm: true})
		default:
			rest = append(rest, Lens{Text: upper(text)})
		}
	}
	add(b.waiting(d), d.Stalled.Or(false))
	if d.ChanceToAdvance.OK {
		add(b.say("lens chance", "chance", d.ChanceToAdvance.V), false)
	}
	add(b.buyer(d), d.Silent.Or(false))
	missing, late := b.evidence(d)
	if len(missing) > 0 {
		alarms = append(alarms, Lens{Text: b.say("lens missing"), Quote: b.some(missing), Alarm: true})
	}
	if d.Pushes.Or(0) > 0 {
		add(b.say("pushed", "n", d.Pushes.V), d.Pushes.V >= 2)
	}
	if slices.Contains(d.Concerns, health.ConcernOverdue) && d.ExpectedClose.OK {
		add(b.say("overdue", "date", b.date(d.ExpectedClose.V)), true)
	}
	if len(late) > 0 {
		add(b.say("lens late", "n", len(late)), false)
	}
	if skipped := b.skipped(d); len(skipped) > 0 {
		add(b.say("lens skipped", "stages", b.some(skipped)), false)
	}
	return append(alarms, rest...)
}

// evidence quotes the buyer criteria that were missed: those that do not hold today either, and those that came
// after all.
func (b *builder) evidence(d health.Deal) (missing, late []string) {
	for _, c := range b.lacking(d) {
		missing = append(missing, b.quote(c.Criterion.Says))
	}
	for _, key := range d.Missed {
		if c, ok := b.checks[key]; ok && c.Criterion != nil && !slices.Contains(d.Lacks, key) {
			late = append(late, b.quote(c.Criterion.Says))
		}
	}
	return missing, late
}

// sold says whether the deal is in a stage after the win.
func (b *builder) sold(d health.Deal) bool {
	s := b.stages[d.Stage.Or("")]
	return s != nil && s.Phase == process.After
}

// afterTheWin leaves of a sold deal what the buyer still waits for: calls, close dates and the evidence that
// the selling lacked are history.
func (b *builder) afterTheWin(d health.Deal) health.Deal {
	if !b.sold(d) {
		return d
	}
	selling := func(key string) bool { return b.checks[key].Stage == nil || b.checks[key].Stage.Phase != process.After }
	d.Committed, d.Chance, d.Pushes = false, health.Number{}, health.Count{}
	d.Missed = slices.DeleteFunc(slices.Clone(d.Missed), selling)
	d.Lacks = slices.DeleteFunc(slices.Clone(d.Lacks), selling)
	d.Concerns = slices.DeleteFunc(slices.Clone(d.Concerns), func(c string) bool {
		return c == health.ConcernPushed || c == health.ConcernOverdue || c == health.ConcernEvidence && len(d.Lacks) == 0
	})
	return d
}

// call is what was said of the deal.
func (b *builder) call(d health.Deal) string {
	sold := b.sold(d)
	if !sold && !d.Committed && !d.Chance.OK {
		return ""
	}
	return b.say("call", "sold", sold, "committed", d.Committed, "stated", d.Chance.OK, "chance", d.Chance.V)
}

func (b *builder) waiting(d health.Deal) string {
	if !d.Stage.OK {
		if b.in.Recipient.Kind == Rep { // whether the process should know it is not theirs to answer
			return ""
		}
		return b.say("stage unknown")
	}
	waited, limit := "", -1
	if d.DaysInStage.OK {
		waited = b.dayCount(d.DaysInStage.V)
		if d.ThresholdDays.OK {
			limit = int(math.Round(d.ThresholdDays.V))
		}
	}
	return b.say("waiting", "least", d.AtLeast && d.DaysInStage.V >= 1, "stage", b.stageName(d.Stage.V), "waited", waited, "limited", limit >= 0, "limit", limit,
		"just_over", d.Stalled.Or(false) && int(d.DaysInStage.V) <= limit)
}

func (b *builder) buyer(d health.Deal) string {
	if !d.Silent.OK || !d.Silent.V && (b.r.NoParty || !d.DaysSinceBuyer.OK) {
		return ""
	}
	since := ""
	if d.DaysSinceBuyer.OK {
		since = b.dayCount(d.DaysSinceBuyer.V)
	}
	return b.say("buyer", "silent", d.Silent.V, "no_party", b.r.NoParty, "since", since, "last_day", d.DaysSinceBuyer.V < 1)
}

// skipped names the stages that the deal jumped over, but for the one that it is in by now.
func (b *builder) skipped(d health.Deal) (names []string) {
	for _, key := range d.Missed {
		if stage, ok := strings.CutPrefix(key, "stage:"); ok && stage != d.Stage.Or("") {
			names = append(names, b.stageName(stage))
		}
	}
	return names
}

// lacking are the criteria to talk about: those of the stage that the deal is in, then the others from the last.
func (b *builder) lacking(d health.Deal) (out []process.Checkpoint) {
	for _, key := range d.Lacks {
		if c, ok := b.checks[key]; ok && c.Criterion != nil {
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	here := func(c process.Checkpoint) int {
		if c.Stage.Key == d.Stage.Or("") {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(x, y process.Checkpoint) int { return cmp.Compare(here(x), here(y)) })
	return out
}

// ahead says what the stage that comes next expects of the buyer.
func (b *builder) ahead(d health.Deal) string {
	if s := b.next(d); s != nil && s.Expects != "" {
		return b.say("ahead", "stage", line(s.Name, 40), "expects", sentence(s.Expects))
	}
	return ""
}

// next is the stage that the process asks for after the deal's own, nil where it is the last before the win.
func (b *builder) next(d health.Deal) *process.Stage {
	v := &b.in.Process.Versions[b.in.Process.VersionAt(b.r.AsOf)]
	at := v.Position(d.Stage.Or(""))
	if at < 0 {
		return nil
	}
	for i := at + 1; i < len(v.Stages) && v.Stages[i].Phase != process.After; i++ {
		if v.Stages[i].Mandatory {
			return &v.Stages[i]
		}
	}
	return nil
}

// row joins the lenses on one deal.
func (b *builder) row(d health.Deal) DealRow {
	return DealRow{Deal: b.deal(d), Amount: b.amount(d), Call: b.call(d), Lenses: b.lenses(d)}
}
