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

// lenses join all that is known of a deal, in the order of the concerns.
func (b *builder) lenses(d health.Deal) []Lens {
	var out []Lens
	add := func(text string, alarm bool) {
		if text != "" {
			out = append(out, Lens{Text: upper(text), Alarm: alarm})
		}
	}
	add(called(d), false)
	add(b.waiting(d), d.Stalled.Or(false))
	if d.ChanceToAdvance.OK {
		add("of deals that waited this long, "+percent(d.ChanceToAdvance.V)+" move on within 30"+nb+"days", false)
	}
	add(b.buyer(d), d.Silent.Or(false))
	if d.Pushes.Or(0) > 0 {
		add("close date pushed "+times(d.Pushes.V), d.Pushes.V >= 2)
	}
	if slices.Contains(d.Concerns, health.ConcernOverdue) && d.ExpectedClose.OK {
		add("close date "+b.date(d.ExpectedClose.V)+" has passed", true)
	}
	skipped, evidence := b.missed(d)
	if len(evidence) > 0 {
		var says []string
		for _, c := range evidence {
			says = append(says, inner(c.Criterion.Says))
		}
		if slices.Contains(d.Concerns, health.ConcernEvidence) {
			add("not seen when it was due: "+list(says), true)
		} else { // no concern: by now all of it is there
			add("seen, but later than due: "+list(says), false)
		}
	}
	if len(skipped) > 0 {
		add("went without "+list(skipped), false)
	}
	return out
}

func called(d health.Deal) string {
	switch {
	case d.Committed && d.Chance.OK:
		return "committed, at " + percent(d.Chance.V)
	case d.Committed:
		return "committed"
	case d.Chance.OK:
		return "called at " + percent(d.Chance.V)
	}
	return ""
}

func (b *builder) waiting(d health.Deal) string {
	if !d.Stage.OK {
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
		return "no activity so far"
	case b.r.NoParty:
		return ""
	case d.Silent.V && d.DaysSinceBuyer.OK:
		return "buyer silent for " + dayCount(d.DaysSinceBuyer.V)
	case d.Silent.V:
		return "nothing from the buyer so far"
	case d.DaysSinceBuyer.OK && d.DaysSinceBuyer.V < 1:
		return "buyer active on the last day"
	case d.DaysSinceBuyer.OK:
		return "buyer active " + dayCount(d.DaysSinceBuyer.V) + " ago"
	}
	return ""
}

// missed splits a deal's missed checkpoints into names of skipped stages and buyer criteria.
func (b *builder) missed(d health.Deal) (skipped []string, evidence []process.Checkpoint) {
	for _, key := range d.Missed {
		c, ok := b.checks[key]
		switch {
		case ok && c.Criterion != nil:
			evidence = append(evidence, c)
		case strings.HasPrefix(key, "stage:"):
			skipped = append(skipped, b.stageName(strings.TrimPrefix(key, "stage:")))
		}
	}
	return skipped, evidence
}

// question is the one to ask about a deal: the coach's where evidence is missing, else the stage's or the
// concern's own.
func (b *builder) question(d health.Deal) string {
	if c := b.evidenceToGet(d); c != nil && c.Coach != "" {
		return sentence(c.Coach)
	}
	for _, concern := range d.Concerns {
		switch concern {
		case health.ConcernSilent:
			return silence(d)
		case health.ConcernEvidence:
			if c := b.evidenceToGet(d); c != nil {
				return "What has the buyer done that shows this: " + inner(c.Says) + "?"
			}
		case health.ConcernPushed:
			return "What has changed on the buyer's side each time the date moved?"
		case health.ConcernOverdue:
			return "Which date has the buyer agreed to, and what has to happen on their side before it?"
		}
	}
	if c := b.coachOfStage(d); c != "" {
		return sentence(c)
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		return "How do we know that this is true: " + inner(s.Expects) + "?"
	}
	return "What would the buyer have to do next for this deal to move on?"
}

// silence asks about a buyer who does nothing.
func silence(d health.Deal) string {
	switch {
	case d.Committed:
		return "What makes us commit to this while the buyer is silent?"
	case !d.DaysSinceBuyer.OK:
		return "What has the buyer done so far that makes this a deal?"
	}
	return "When did the buyer last do something of their own accord, and what would make them do so again?"
}

// evidenceToGet is the criterion to talk about: one of the stage that the deal is in, else the latest missed.
func (b *builder) evidenceToGet(d health.Deal) *process.Criterion {
	if !slices.Contains(d.Concerns, health.ConcernEvidence) {
		return nil
	}
	_, evidence := b.missed(d)
	for _, c := range evidence {
		if d.Stage.OK && c.Stage.Key == d.Stage.V {
			return c.Criterion
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return evidence[len(evidence)-1].Criterion
}

func (b *builder) coachOfStage(d health.Deal) string {
	if s := b.stages[d.Stage.Or("")]; s != nil {
		for _, c := range s.Requires {
			if c.Coach != "" {
				return c.Coach
			}
		}
	}
	return ""
}

// nextStep tells the rep what to get from the buyer.
func (b *builder) nextStep(d health.Deal) string {
	if c := b.evidenceToGet(d); c != nil {
		return "Ask the buyer for what is missing: " + inner(c.Says) + "."
	}
	for _, concern := range d.Concerns {
		switch concern {
		case health.ConcernSilent:
			if b.r.NoParty {
				return "Get back in touch: ask the buyer what has changed, and agree on one thing that they do next."
			}
			return "Give the buyer a reason to answer: ask what has changed on their side, and agree on one thing that they do next."
		case health.ConcernPushed, health.ConcernOverdue:
			return "Ask the buyer for a date of their own, and what has to happen on their side before it."
		}
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		return "Check with the buyer whether this is true yet: " + inner(s.Expects) + "."
	}
	return "Ask the buyer what has to happen on their side for this to move on."
}

// ahead says what the stage that comes next expects of the buyer.
func (b *builder) ahead(d health.Deal) string {
	v := &b.in.Process.Versions[b.in.Process.VersionAt(b.r.AsOf)]
	at := v.Position(d.Stage.Or(""))
	if at < 0 {
		return ""
	}
	for _, s := range v.Stages[at+1:] {
		if s.Phase == process.After {
			return ""
		}
		if s.Mandatory && s.Expects != "" {
			return "Next is " + line(s.Name, 40) + ": " + sentence(s.Expects)
		}
	}
	return ""
}

// row joins the lenses on one deal.
func (b *builder) row(d health.Deal) DealRow {
	return DealRow{Deal: b.deal(d), Amount: b.amount(d), Lenses: b.lenses(d)}
}
