package digest

import (
	"fmt"

	"drumbeat/internal/health"
)

// once keeps a question from being asked of deal after deal: whoever reads the same words seven times stops
// reading. It remembers which deal of a list was the first to carry them.
type once map[string]int

// pick gives the first of the candidates that no earlier deal carries; when all are taken it points to the
// deal that carries the most fitting one.
func (o once) pick(candidates []string, rank int) string {
	for _, c := range candidates {
		if _, taken := o[c]; !taken {
			o[c] = rank
			return c
		}
	}
	return fmt.Sprintf("The same as for %d.", o[candidates[0]])
}

// questions to a manager about a deal, the most fitting first, never none: what the buyer has not done yet in
// the coach's words, then each concern's own; of a deal with neither, its stage's.
func (b *builder) questions(d health.Deal) (out []string) {
	for _, c := range b.lacking(d) {
		if c.Criterion.Coach != "" {
			out = append(out, sentence(c.Criterion.Coach))
		} else {
			out = append(out, "What has the buyer done that shows this: "+inner(c.Criterion.Says)+"?")
		}
	}
	if b.sold(d) {
		return append(out, b.deliveryQuestions(d)...)
	}
	for _, concern := range d.Concerns {
		switch concern {
		case health.ConcernSilent:
			out = append(out, silence(d))
		case health.ConcernPushed:
			out = append(out, "What has changed on the buyer's side each time the date moved?")
		case health.ConcernOverdue:
			out = append(out, "Which date has the buyer agreed to, and what has to happen on their side before it?")
		}
	}
	if len(out) > 0 {
		return out
	}
	if s := b.next(d); s != nil {
		out = append(out, "What has to happen on the buyer's side before "+line(s.Name, 40)+"?")
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, "How do we know that this is true: "+inner(s.Expects)+"?")
	}
	if len(out) == 0 {
		out = append(out, "What would the buyer have to do next for this deal to move on?")
	}
	return out
}

// deliveryQuestions ask what somebody who has bought still needs.
func (b *builder) deliveryQuestions(d health.Deal) (out []string) {
	if d.Silent.Or(false) {
		out = append(out, "When did we last hear from the people who will use it, and what do they wait for?")
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, "What does the buyer still need from us for this: "+inner(s.Expects)+"?")
	}
	return append(out, "What does the buyer still wait for from us?")
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

// steps tell the rep what to get from the buyer next, the most fitting first, never none.
func (b *builder) steps(d health.Deal) (out []string) {
	for _, c := range b.lacking(d) {
		s := "Ask the buyer for what is still missing: " + inner(c.Criterion.Says) + "."
		if c.Criterion.Why != "" {
			s += " Why: " + sentence(c.Criterion.Why)
		}
		out = append(out, s)
	}
	if b.sold(d) {
		return append(out, b.deliverySteps(d)...)
	}
	for _, concern := range d.Concerns {
		switch {
		case concern == health.ConcernSilent && b.r.NoParty:
			out = append(out, "Get back in touch: ask the buyer what has changed, and agree on one thing that they do next.")
		case concern == health.ConcernSilent:
			out = append(out, "Give the buyer a reason to answer: ask what has changed on their side, and agree on one thing that they do next.")
		case concern == health.ConcernPushed || concern == health.ConcernOverdue:
			out = append(out, "Ask the buyer for a date of their own, and what has to happen on their side before it.")
		}
	}
	if len(out) > 0 {
		return out
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		return append(out, "Check with the buyer whether this is true yet: "+inner(s.Expects)+".")
	}
	return append(out, "Ask the buyer what has to happen on their side for this to move on.")
}

func (b *builder) deliverySteps(d health.Deal) (out []string) {
	if d.Silent.Or(false) {
		out = append(out, "Call the people who will use it: what do they wait for?")
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, "Ask the buyer what they still need from us for this: "+inner(s.Expects)+".")
	}
	return append(out, "Ask the buyer what they still wait for from us.")
}
