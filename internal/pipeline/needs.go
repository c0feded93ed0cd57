package pipeline

import (
	"slices"
	"strings"
	"time"
)

// Needs says what figures as of an instant look at, so that a source may leave out what none of them can tell
// apart: of a company's history most is old activities.
type Needs struct {
	AsOf time.Time

	// Since is from when on every activity counts; the zero time: always. Of earlier ones only those that may
	// prove something count one by one, and otherwise when the last was (History.Earlier).
	Since  time.Time
	Proofs []Proof
}

// Proof is what a criterion of the process asks of activities.
type Proof struct {
	Kind  string // without case; empty: any
	Party string
}

// Everything is what figures need of which nothing is known but their instant.
func Everything(asOf time.Time) Needs { return Needs{AsOf: asOf} }

// Takes says whether an activity matches.
func (p Proof) Takes(a *Activity) bool {
	return a.Party == p.Party && (p.Kind == "" || strings.EqualFold(a.Kind, p.Kind))
}

// keeps says whether an activity has to be among those of its deal.
func (n *Needs) keeps(a *Activity) bool {
	return !a.At.Before(n.Since) || slices.ContainsFunc(n.Proofs, func(p Proof) bool { return p.Takes(a) })
}

// Thin gives those of a deal's activities that have to be there, in their order and in the same memory, and notes in
// earlier which of those before Since were the last.
func (n *Needs) Thin(all []Activity, earlier *LastActivity) []Activity {
	if n.Since.IsZero() {
		return all
	}
	kept := all[:0]
	for i := range all {
		a := &all[i]
		if a.At.Before(n.Since) {
			earlier.Add(a)
		}
		if n.keeps(a) {
			kept = append(kept, *a)
		}
	}
	return kept
}

// LastActivity says when the last activities of a deal were: of anybody, and of the buyer.
type LastActivity struct{ Any, Buyer Opt[time.Time] }

// Add takes in one more.
func (l *LastActivity) Add(a *Activity) {
	latest(&l.Any, a.At)
	if a.Party == BuyerParty {
		latest(&l.Buyer, a.At)
	}
}

func latest(t *Opt[time.Time], at time.Time) {
	if !t.OK || at.After(t.V) {
		*t = Some(at)
	}
}
