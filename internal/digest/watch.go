package digest

import (
	"slices"
	"strings"

	"drumbeat/internal/health"
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
		more = b.say("and more deals", "n", n)
	}
	return groups, more
}

// trouble is the heading of a concern; evidence has a heading for each piece.
func (b *builder) trouble(concern string) string {
	return b.say("trouble", "concern", concern, "no_party", b.r.NoParty)
}

// underEvidence adds a deal to the group of the piece of evidence that it lacks first.
func (b *builder) underEvidence(groups []WatchGroup, d health.Deal) []WatchGroup {
	title, quote := b.trouble(health.ConcernEvidence), ""
	if all := b.lacking(d); len(all) > 0 {
		quote = b.quote(all[0].Criterion.Says)
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
			parts = append(parts, b.say("pushed", "n", d.Pushes.V))
		case health.ConcernOverdue:
			if d.ExpectedClose.OK {
				parts = append(parts, b.say("overdue", "date", b.date(d.ExpectedClose.V)))
			}
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// missingBeside counts the pieces of evidence that a deal lacks beside the one in its heading, if it stands there.
func (b *builder) missingBeside(d health.Deal, heading bool) string {
	n := len(b.lacking(d))
	if heading {
		n--
	}
	if n <= 0 {
		return ""
	}
	return b.say("missing beside", "n", n, "more", heading)
}
