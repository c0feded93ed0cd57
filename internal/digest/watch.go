package digest

import (
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/process"
)

// watchRows is how many deals are watched by name.
const watchRows = 10

// watch lists the other deals with a concern under what is wrong with them, so that ten deals in one trouble say
// it once. A deal stands under its first concern; what else there is follows in a few words.
func (b *builder) watch(agenda []health.Deal, first map[string]bool) (groups []WatchGroup, more string) {
	rest := slices.DeleteFunc(slices.Clone(agenda), func(d health.Deal) bool { return first[d.ID] })
	shown := rest[:min(watchRows, len(rest))]
	for _, concern := range []string{health.ConcernStalled, health.ConcernSilent, health.ConcernEvidence, health.ConcernPushed, health.ConcernOverdue} {
		group := WatchGroup{Title: b.trouble(concern)}
		for _, d := range shown {
			switch {
			case d.Concerns[0] != concern:
			case concern == health.ConcernEvidence:
				groups = b.underEvidence(groups, d)
			default:
				group.Deals = append(group.Deals, Mention{Deal: b.deal(d), Text: b.troubles(d, d.Concerns)})
			}
		}
		if len(group.Deals) > 0 {
			groups = append(groups, group)
		}
	}
	if n := len(rest) - watchRows; n > 0 {
		more = "And " + count(n, "more deal", "more deals") + "."
	}
	return groups, more
}

// trouble is the heading of a concern; evidence has a heading for each piece.
func (b *builder) trouble(concern string) string {
	switch concern {
	case health.ConcernStalled:
		return "Past the usual limit of the stage"
	case health.ConcernSilent:
		if b.r.NoParty {
			return "No activity for long"
		}
		return "The buyer is silent"
	case health.ConcernPushed:
		return "The close date keeps moving"
	}
	return "The close date has passed"
}

// underEvidence adds a deal to the group of the piece of evidence that it lacks first.
func (b *builder) underEvidence(groups []WatchGroup, d health.Deal) []WatchGroup {
	const title = "The buyer has not yet done this:"
	var lacks process.Checkpoint
	quote := ""
	if all := b.lacking(d); len(all) > 0 {
		lacks = all[0]
		quote = inner(lacks.Criterion.Says)
	}
	m := Mention{Deal: b.deal(d), Text: b.troubles(d, d.Concerns)}
	if i := slices.IndexFunc(groups, func(g WatchGroup) bool { return g.Title == title && g.Quote == quote }); i >= 0 {
		groups[i].Deals = append(groups[i].Deals, m)
		return groups
	}
	return append(groups, WatchGroup{Title: title, Quote: quote, Deals: []Mention{m}})
}

// troubles says in a few words what a deal is worth and what each of its concerns is.
func (b *builder) troubles(d health.Deal, concerns []string) string {
	parts := []string{b.amount(d)}
	for i, c := range concerns {
		switch c {
		case health.ConcernStalled:
			parts = append(parts, b.waiting(d))
		case health.ConcernSilent:
			parts = append(parts, b.buyer(d))
		case health.ConcernEvidence:
			parts = append(parts, b.missingBeside(d, i == 0))
		case health.ConcernPushed:
			parts = append(parts, "close date pushed "+times(d.Pushes.V))
		case health.ConcernOverdue:
			if d.ExpectedClose.OK {
				parts = append(parts, "close date "+b.date(d.ExpectedClose.V)+" has passed")
			}
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// missingBeside counts the pieces of evidence that a deal lacks beside the one in its heading, if it stands there.
func (b *builder) missingBeside(d health.Deal, heading bool) string {
	n := len(b.lacking(d))
	switch {
	case n == 0 || heading && n == 1:
		return ""
	case heading:
		return "and " + count(n-1, "more piece", "more pieces") + " of evidence"
	}
	return count(n, "piece", "pieces") + " of evidence missing"
}
