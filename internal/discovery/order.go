package discovery

import (
	"cmp"
	"slices"
)

// precedence counts, for every two of n things, how many deals first came to one before the other.
type precedence struct {
	before [][]int // [a][b]: deals whose first visit of a came before that of b
	place  []int   // the sum of the places of first visits, in thousandths of the way
	seen   []int
}

func newPrecedence(n int) *precedence {
	p := &precedence{before: make([][]int, n), place: make([]int, n), seen: make([]int, n)}
	for i := range p.before {
		p.before[i] = make([]int, n)
	}
	return p
}

// first is the first visit of a thing. Those of one run came in no known order.
type first struct{ thing, run int }

// visits are the first visits of a deal, in their order.
type visits []first

func (v visits) has(thing int) bool {
	return slices.ContainsFunc(v, func(f first) bool { return f.thing == thing })
}

// with adds a visit, if it is the first of its thing.
func (v visits) with(thing, run int) visits {
	if v.has(thing) {
		return v
	}
	return append(v, first{thing, run})
}

// add takes in the order of the first visits of n deals.
func (p *precedence) add(firsts visits, n int) {
	for i, a := range firsts {
		p.seen[a.thing] += n
		if len(firsts) > 1 {
			p.place[a.thing] += n * (1000 * i / (len(firsts) - 1))
		}
		for _, b := range firsts[i+1:] {
			if a.run != b.run {
				p.before[a.thing][b.thing] += n
			}
		}
	}
}

// margin is by how many deals a comes before b, negative where it comes after.
func (p *precedence) margin(a, b int) int { return p.before[a][b] - p.before[b][a] }

// meanPlace is where on the way first visits of a lie on average: 0 the start, 1000 the end.
func (p *precedence) meanPlace(a int) int {
	if p.seen[a] == 0 {
		return 0
	}
	return p.place[a] / p.seen[a]
}

// order puts things so that as many deals as possible agree with each pair: the median order of Kemeny (1959, Mathematics
// without numbers). It starts from Copeland's order (by how many others a thing precedes in most deals; ties by mean
// place, then as given) and moves single things while that wins agreement (local Kemenization by insertion; Dwork et al.
// 2001, Rank aggregation methods for the web). The exact optimum is NP-hard and no better on anything that people call a
// process. Deals that skip, go back or repeat are outvoted pair by pair.
func (p *precedence) order(things []int) []int {
	copeland := map[int]int{}
	for _, a := range things {
		for _, b := range things {
			copeland[a] += cmp.Compare(p.margin(a, b), 0)
		}
	}
	out := slices.Clone(things)
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(copeland[b], copeland[a]), cmp.Compare(p.meanPlace(a), p.meanPlace(b)))
	})
	for p.improve(out) {
	}
	return out
}

// improve makes the first move of a thing that wins agreement, and says whether there was one. Every move raises a sum that
// is bounded, so this ends.
func (p *precedence) improve(order []int) bool {
	for i, a := range order {
		best, to, gain := 0, i, 0
		for j := i - 1; j >= 0; j-- { // past those before it
			if gain += p.margin(a, order[j]); gain > best {
				best, to = gain, j
			}
		}
		gain = 0
		for j := i + 1; j < len(order); j++ { // past those after it
			if gain += p.margin(order[j], a); gain > best {
				best, to = gain, j
			}
		}
		if best > 0 {
			moved := slices.Insert(slices.Delete(slices.Clone(order), i, i+1), to, a)
			copy(order, moved)
			return true
		}
	}
	return false
}

// slot is where in a known order a new thing has most agreement: it comes before order[slot]. The first such place counts.
func (p *precedence) slot(thing int, order []int) int {
	agreement := 0
	for _, o := range order {
		agreement += p.margin(thing, o)
	}
	best, at := agreement, 0
	for i, o := range order {
		if agreement += 2 * p.margin(o, thing); agreement > best {
			best, at = agreement, i+1
		}
	}
	return at
}
