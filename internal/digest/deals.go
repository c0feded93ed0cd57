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
		return "amount unknown"
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

const stillMissing = "Still missing:"

// lenses join all that is known of a deal: the reasons to talk in the order of the concerns, then the rest.
func (b *builder) lenses(d health.Deal) []Lens {
	var alarms, rest []Lens
	add := func(text, quote string, alarm bool) {
		switch {
		case text == "":
		case alarm:
			alarms = append(alarms, Lens{Text: upper(text), Quote: quote, Alarm: true})
		default:
			rest = append(rest, Lens{Text: upper(text), Quote: quote})
		}
	}
	add(b.waiting(d), "", d.Stalled.Or(false))
	if d.ChanceToAdvance.OK {
		add("of deals that waited this long, "+percent(d.ChanceToAdvance.V)+" move on within 30"+nb+"days", "", false)
	}
	add(b.buyer(d), "", d.Silent.Or(false))
	missing, late := b.evidence(d)
	if len(missing) > 0 {
		add(stillMissing, some(missing), true)
	}
	if d.Pushes.Or(0) > 0 {
		add("close date pushed "+times(d.Pushes.V), "", d.Pushes.V >= 2)
	}
	if slices.Contains(d.Concerns, health.ConcernOverdue) && d.ExpectedClose.OK {
		add("close date "+b.date(d.ExpectedClose.V)+" has passed", "", true)
	}
	if len(late) > 0 {
		add(count(len(late), "piece", "pieces")+" of evidence came later than due", "", false)
	}
	if skipped := b.skipped(d); len(skipped) > 0 {
		add("skipped "+some(skipped), "", false)
	}
	return append(alarms, rest...)
}

// alarms are the lenses that say why a deal is watched, and where it stands.
func (b *builder) alarms(d health.Deal) []Lens {
	where := upper(b.waiting(d))
	return slices.DeleteFunc(b.lenses(d), func(l Lens) bool { return !l.Alarm && l.Text != where })
}

// evidence quotes the buyer criteria that were missed: those that do not hold today either, and those that came
// after all.
func (b *builder) evidence(d health.Deal) (missing, late []string) {
	for _, c := range b.lacking(d) {
		missing = append(missing, inner(c.Criterion.Says))
	}
	for _, key := range d.Missed {
		if c, ok := b.checks[key]; ok && c.Criterion != nil && !slices.Contains(d.Lacks, key) {
			late = append(late, inner(c.Criterion.Says))
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
	switch {
	case b.sold(d):
		return "sold"
	case d.Committed && d.Chance.OK:
		return "committed at " + percent(d.Chance.V)
	case d.Committed:
		return "committed"
	case d.Chance.OK:
		return "not committed, " + percent(d.Chance.V)
	}
	return ""
}

func (b *builder) waiting(d health.Deal) string {
	if !d.Stage.OK {
		if b.in.Recipient.Kind == Rep { // whether the process should know it is not theirs to answer
			return ""
		}
		return "in a stage that the process does not know"
	}
	in := b.stageName(d.Stage.V)
	if !d.DaysInStage.OK {
		return "in " + in
	}
	s := dayCount(d.DaysInStage.V) + " in " + in
	if !d.ThresholdDays.OK {
		return s
	}
	limit := int(math.Round(d.ThresholdDays.V))
	if d.Stalled.Or(false) && int(d.DaysInStage.V) <= limit {
		return s + ", just over the usual limit"
	}
	return s + ", usual limit " + count(limit, "day", "days")
}

func (b *builder) buyer(d health.Deal) string {
	switch {
	case !d.Silent.OK:
		return ""
	case b.r.NoParty && d.Silent.V && d.DaysSinceBuyer.OK:
		return "no activity for " + dayCount(d.DaysSinceBuyer.V)
	case b.r.NoParty && d.Silent.V:
		return "no activity on record"
	case b.r.NoParty:
		return ""
	case d.Silent.V && d.DaysSinceBuyer.OK:
		return "buyer silent for " + dayCount(d.DaysSinceBuyer.V)
	case d.Silent.V:
		return "nothing from the buyer on record"
	case d.DaysSinceBuyer.OK && d.DaysSinceBuyer.V < 1:
		return "buyer active on the last day"
	case d.DaysSinceBuyer.OK:
		return "buyer active " + dayCount(d.DaysSinceBuyer.V) + " ago"
	}
	return ""
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
		return "Next is " + line(s.Name, 40) + ": " + sentence(s.Expects)
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
