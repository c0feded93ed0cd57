package discovery

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

const (
	// rarely is the share of moves below which a name is rather a slip than a stage ...
	rarely = 0.01
	// ... unless this share of the deals won went through it: the end of a steep funnel is narrow.
	ofWinners = 0.1
	// most is the share of those that came past a stage who must have been in it, so that it is mandatory.
	most = 2.0 / 3
	// rests is the share of an after stage's deals that never leave it, from which on it is a place to rest.
	rests = 0.25
)

// read makes paths, phases, counts and order of the groups as they are.
func (w *drafting) read() {
	w.paths = pathsOf(w.log, w.groupOf())
	w.phases = phasesOf(w.paths, len(w.groups))
	w.counts = make([]Stage, len(w.groups))
	turn := newPrecedence(len(w.groups))
	resting, moves, won := make([]int, len(w.groups)), 0, 0
	for i := range w.paths {
		p := &w.paths[i]
		steps := p.counted(w.phases)
		sell, after := firsts(steps, w.phases, process.Selling), firsts(steps, w.phases, process.After)
		turn.add(sell, p.n)
		turn.add(after, p.n)
		w.tally(p, steps, slices.Concat(sell, after))
		moves += p.n * len(steps)
		if p.outcome == pipeline.Won && len(sell) > 0 {
			won += p.n
		}
		if n := len(steps); n > 0 {
			resting[steps[n-1].group] += p.n
		}
	}
	w.rare = make([]bool, len(w.groups))
	things := map[process.Phase][]int{}
	for g := range w.groups {
		c := &w.counts[g]
		w.rare[g] = c.Visits == 0 || float64(c.Visits) < rarely*float64(moves) && float64(c.Won) < ofWinners*float64(won)
		c.Final = w.phases[g] == process.After && float64(resting[g]) >= rests*float64(c.Deals)
		if !w.rare[g] {
			things[w.phases[g]] = append(things[w.phases[g]], g)
		}
	}
	w.order = append(turn.order(things[process.Selling]), turn.order(things[process.After])...)
	w.past(won >= handful)
}

// tally counts a path for the groups that it has.
func (w *drafting) tally(p *path, steps []step, firsts visits) {
	for _, s := range steps {
		w.counts[s.group].Visits += p.n
	}
	for _, f := range firsts {
		c := &w.counts[f.thing]
		c.Deals += p.n
		if p.outcome != pipeline.Open {
			c.Closed += p.n
		}
		if p.outcome == pipeline.Won {
			c.Won += p.n
		}
	}
}

// past counts how many came past each stage, and how many of them had been in it: of selling stages the deals won, where
// there are enough of them, else those that reached a later stage; of after stages those that entered a later one.
func (w *drafting) past(byWon bool) {
	place := map[int]int{}
	for i, g := range w.order {
		place[g] = i
	}
	for i := range w.paths {
		p := &w.paths[i]
		steps := slices.DeleteFunc(slices.Clone(p.counted(w.phases)), func(s step) bool { return w.rare[s.group] })
		sell, after := firsts(steps, w.phases, process.Selling), firsts(steps, w.phases, process.After)
		for at, g := range w.order {
			path := sell
			if w.phases[g] == process.After {
				path = after
			}
			visited := slices.IndexFunc(path, func(f first) bool { return f.thing == g })
			beyond := slices.IndexFunc(path, func(f first) bool { return place[f.thing] > at })
			came, passed := beyond >= 0, visited >= 0
			switch {
			case w.phases[g] == process.After:
				passed = passed && visited < beyond
			case byWon:
				came = p.outcome == pipeline.Won && len(sell) > 0
			case p.outcome == pipeline.Won:
				came = len(sell) > 0
			}
			if came {
				w.counts[g].Past += p.n
				if passed {
					w.counts[g].Passed += p.n
				}
			}
		}
	}
	w.demand()
}

// demand says which stages are mandatory; a process has at least one.
func (w *drafting) demand() {
	best, share := -1, -1.0
	for _, g := range w.order {
		c := &w.counts[g]
		passed := 1.0
		if c.Past > 0 {
			passed = float64(c.Passed) / float64(c.Past)
		}
		c.Mandatory = passed >= most && !c.Final
		if passed > share && !c.Final {
			best, share = g, passed
		}
	}
	if best < 0 && len(w.order) > 0 {
		best = w.order[0]
	}
	if best >= 0 {
		w.counts[best].Mandatory = true
	}
}

// soon is how long after the last use of a name its new one is first used.
const soon = 90 * 24 * time.Hour

// mergeRenamed makes one stage of two neighbours of which the second came into use as the first went out of it, and which
// hardly any deal went through both of. It says whether it found such.
func (w *drafting) mergeRenamed() bool {
	for i := 1; i < len(w.order); i++ {
		for _, pair := range [][2]int{{w.order[i-1], w.order[i]}, {w.order[i], w.order[i-1]}} {
			old, now := pair[0], pair[1]
			until, from := w.use(old).last, w.use(now).first
			if w.phases[old] != w.phases[now] || from.Before(until) || from.Sub(until) > soon || !w.apart(old, now) {
				continue
			}
			w.groups[now].renamed = &Renaming{w.nameOf(old), w.nameOf(now), until, from}
			w.groups[now].names = append(w.groups[now].names, w.groups[old].names...)
			w.groups = slices.Delete(w.groups, old, old+1)
			return true
		}
	}
	return false
}

// apart says whether two groups have deals enough, and hardly any has been in both.
func (w *drafting) apart(a, b int) bool {
	fewer := min(w.counts[a].Deals, w.counts[b].Deals)
	both := 0
	for i := range w.paths {
		in := func(g int) bool {
			return slices.ContainsFunc(w.paths[i].steps, func(s step) bool { return s.group == g })
		}
		if in(a) && in(b) {
			both += w.paths[i].n
		}
	}
	return fewer >= handful && 10*both <= fewer
}

// use is when deals entered a group first and last.
func (w *drafting) use(g int) (all span) {
	for _, name := range w.groups[g].names {
		for line, u := range w.survey.names[name].uses {
			if !w.of(line) {
				continue
			}
			if all.first.IsZero() || u.first.Before(all.first) {
				all.first = u.first
			}
			if u.last.After(all.last) {
				all.last = u.last
			}
		}
	}
	return all
}
