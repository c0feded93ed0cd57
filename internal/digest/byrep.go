package digest

import (
	"slices"

	"drumbeat/internal/health"
)

// ByRep is where in a report each rep's deals are, and what all reps share, so that thousands of digests of one report
// do not each look through the whole of it. It is read only, by any number of goroutines.
type ByRep struct {
	reps, deals, lost, closed map[string][]int // places in the report's lists, rising
	anyAmount                 bool
	typicalAmount             float64
	peers                     map[string][]float64 // by manager: the adherence of those who can be judged, rising
}

// NewByRep looks through a report once.
func NewByRep(r *health.Report) *ByRep {
	x := &ByRep{reps: map[string][]int{}, deals: map[string][]int{}, lost: map[string][]int{}, closed: map[string][]int{},
		peers: map[string][]float64{}, typicalAmount: medianAmount(r.Deals)}
	for i, rep := range r.Reps {
		x.reps[rep.ID] = append(x.reps[rep.ID], i)
		if a := rep.Adherence; rep.ManagerID.OK && a != nil && a.Judged && a.Rate.OK {
			x.peers[rep.ManagerID.V] = append(x.peers[rep.ManagerID.V], a.Rate.V)
		}
	}
	for _, rates := range x.peers {
		slices.Sort(rates)
	}
	for i, d := range r.Deals {
		x.anyAmount = x.anyAmount || d.Amount.OK
		if d.RepID.OK {
			x.deals[d.RepID.V] = append(x.deals[d.RepID.V], i)
		}
	}
	for i, d := range r.Lost {
		if d.RepID.OK {
			x.lost[d.RepID.V] = append(x.lost[d.RepID.V], i)
		}
	}
	for i, d := range r.Closed {
		if d.RepID != "" {
			x.closed[d.RepID] = append(x.closed[d.RepID], i)
		}
	}
	return x
}

// of picks what is the members' out of one of the report's lists, in its order.
func of[T any](all []T, places map[string][]int, members map[string]bool) (out []T) {
	var mine []int
	for m := range members {
		mine = append(mine, places[m]...)
	}
	slices.Sort(mine)
	for _, i := range mine {
		out = append(out, all[i])
	}
	return out
}
