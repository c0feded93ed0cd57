package digest

import "drumbeat/internal/health"

// once keeps a question from being asked of deal after deal: whoever reads the same words seven times stops
// reading. It remembers which deal of a list was the first to carry them.
type once map[string]int

// pick gives the first of the candidates that no earlier deal carries; when all are taken, the deal that carries the
// most fitting one.
func (o once) pick(candidates []string, rank int) (text string, as int) {
	for _, c := range candidates {
		if _, taken := o[c]; !taken {
			o[c] = rank
			return c, 0
		}
	}
	return "", o[candidates[0]]
}

// asked gives the first candidate that no earlier deal carries, or points to the deal that does.
func (b *builder) asked(o once, candidates []string, rank int) string {
	text, as := o.pick(candidates, rank)
	if text == "" {
		return b.say("the same as", "n", as)
	}
	return text
}

// questions to a manager about a deal, the most fitting first, never none: what the buyer has not done yet in
// the coach's words, then each concern's own; of a deal with neither, its stage's.
func (b *builder) questions(d health.Deal) (out []string) {
	for _, c := range b.lacking(d) {
		if c.Criterion.Coach != "" {
			out = append(out, sentence(c.Criterion.Coach))
		} else {
			out = append(out, b.say("ask evidence", "says", b.quote(c.Criterion.Says)))
		}
	}
	if b.sold(d) {
		return append(out, b.deliveryQuestions(d)...)
	}
	for _, concern := range d.Concerns {
		switch concern {
		case health.ConcernSilent:
			out = append(out, b.say("ask silent", "committed", d.Committed, "heard", d.DaysSinceBuyer.OK))
		case health.ConcernPushed:
			out = append(out, b.say("ask pushed"))
		case health.ConcernOverdue:
			out = append(out, b.say("ask overdue"))
		}
	}
	if len(out) > 0 {
		return out
	}
	if s := b.next(d); s != nil {
		out = append(out, b.say("ask next", "stage", line(s.Name, 40)))
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, b.say("ask stage", "expects", b.quote(s.Expects)))
	}
	if len(out) == 0 {
		out = append(out, b.say("ask anything"))
	}
	return out
}

// deliveryQuestions ask what somebody who has bought still needs.
func (b *builder) deliveryQuestions(d health.Deal) (out []string) {
	if d.Silent.Or(false) {
		out = append(out, b.say("ask sold silent"))
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, b.say("ask sold stage", "expects", b.quote(s.Expects)))
	}
	return append(out, b.say("ask sold"))
}

// steps tell the rep what to get from the buyer next, the most fitting first, never none.
func (b *builder) steps(d health.Deal) (out []string) {
	for _, c := range b.lacking(d) {
		out = append(out, b.say("step evidence", "says", b.quote(c.Criterion.Says), "why", sentence(c.Criterion.Why)))
	}
	if b.sold(d) {
		return append(out, b.deliverySteps(d)...)
	}
	for _, concern := range d.Concerns {
		switch {
		case concern == health.ConcernSilent:
			out = append(out, b.say("step silent", "no_party", b.r.NoParty))
		case concern == health.ConcernPushed || concern == health.ConcernOverdue:
			out = append(out, b.say("step date"))
		}
	}
	if len(out) > 0 {
		return out
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		return append(out, b.say("step stage", "expects", b.quote(s.Expects)))
	}
	return append(out, b.say("step anything"))
}

func (b *builder) deliverySteps(d health.Deal) (out []string) {
	if d.Silent.Or(false) {
		out = append(out, b.say("step sold silent"))
	}
	if s := b.stages[d.Stage.Or("")]; s != nil && s.Expects != "" {
		out = append(out, b.say("step sold stage", "expects", b.quote(s.Expects)))
	}
	return append(out, b.say("step sold"))
}
