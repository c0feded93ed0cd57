package discovery

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// proofKey is something that buyers did and that the data show.
type proofKey struct {
	line     int
	activity bool // else a criterion
	what     string
}

type proofTally struct {
	deals, closed, won int
	while              map[int]map[int]int // name of the stage the deal was in at the first time → whole days since it entered → deals
}

// mostDays is where days since an entry end to be told apart.
const mostDays = 400

// Proof is a criterion, or a kind of the buyer's activities, that could be asked of a stage.
type Proof struct {
	Key      string // for process.yaml
	What     string // the criterion, or the kind
	Activity bool

	Deals       int // that have it
	Closed, Won int // of them

	Stage  string // the key of the stage in which most of them were when they first had it
	Within int    // days after entering it, by which three quarters of those had it
}

// prove notes what the buyer had done for the first time, and in which stage the deal was then.
func (s *Survey) prove(line int, h *pipeline.History, changes []pipeline.StageChange, outcome pipeline.Outcome) {
	first := map[proofKey]time.Time{}
	note := func(key proofKey, at time.Time) {
		if was, known := first[key]; at.Before(s.asOf) && (!known || at.Before(was)) {
			first[key] = at
		}
	}
	for i := range h.Criteria {
		note(proofKey{line, false, h.Criteria[i].Criterion}, h.Criteria[i].At)
	}
	for i := range h.Activities {
		if a := &h.Activities[i]; a.Party == pipeline.BuyerParty && a.Kind != "" {
			note(proofKey{line, true, strings.ToLower(a.Kind)}, a.At)
		}
	}
	for key, at := range first {
		t := s.proofs[key]
		if t == nil {
			if len(s.proofs) == mostProofs {
				continue
			}
			t = &proofTally{while: map[int]map[int]int{}}
			s.proofs[key] = t
		}
		t.deals++
		if outcome != pipeline.Open {
			t.closed++
		}
		if outcome == pipeline.Won {
			t.won++
		}
		s.whereabouts(t, changes, at)
	}
}

// whereabouts notes the stage that a deal was in before an instant, and since when.
func (s *Survey) whereabouts(t *proofTally, changes []pipeline.StageChange, at time.Time) {
	for _, c := range slices.Backward(changes) {
		name, known := s.nameAt[process.Normal(c.Stage)]
		if !known || !c.At.Before(at) {
			continue
		}
		if t.while[name] == nil {
			t.while[name] = map[int]int{}
		}
		t.while[name][min(mostDays, int(at.Sub(c.At)/(24*time.Hour)))]++
		return
	}
}

// proofs lists what a handful of deals have at least, with the stage that it belongs to.
func (w *drafting) proofs(stages []Stage) []Proof {
	sum := map[proofKey]*proofTally{}
	for key, t := range w.survey.proofs {
		if !w.of(key.line) {
			continue
		}
		key.line = 0
		if sum[key] == nil {
			sum[key] = &proofTally{while: map[int]map[int]int{}}
		}
		sum[key].add(t)
	}
	keys := slices.SortedFunc(maps.Keys(sum), func(a, b proofKey) int {
		return cmp.Or(cmp.Compare(sum[b].deals, sum[a].deals), strings.Compare(a.name(), b.name()))
	})
	taken := map[string]bool{}
	groupOf := w.groupOf()
	var out []Proof
	for _, key := range keys {
		t := sum[key]
		p := Proof{What: key.what, Activity: key.activity, Deals: t.deals, Closed: t.closed, Won: t.won}
		stage := w.most(t, groupOf)
		if t.deals < handful || stage < 0 {
			continue
		}
		p.Stage = stages[stage].Key
		p.Within = w.within(t, groupOf, w.order[stage])
		p.Key = keyOf(key.name(), "proof", taken)
		out = append(out, p)
	}
	return out
}

// name is what a proof is called in process.yaml, as far as it is free.
func (k proofKey) name() string {
	if k.activity {
		return "buyer " + k.what
	}
	return k.what
}

func (t *proofTally) add(o *proofTally) {
	t.deals += o.deals
	t.closed += o.closed
	t.won += o.won
	for name, days := range o.while {
		if t.while[name] == nil {
			t.while[name] = map[int]int{}
		}
		for d, n := range days {
			t.while[name][d] += n
		}
	}
}

// most gives the place in the order of the stage in which most deals were, -1 where none was in any.
func (w *drafting) most(t *proofTally, groupOf []int) int {
	by := map[int]int{}
	for name, days := range t.while {
		for _, n := range days {
			by[groupOf[name]] += n
		}
	}
	best := -1
	for i, g := range w.order {
		if by[g] > 0 && (best < 0 || by[g] > by[w.order[best]]) {
			best = i
		}
	}
	return best
}

// within is the number of whole days, begun ones counted, by which three quarters of the deals of that stage had it.
func (w *drafting) within(t *proofTally, groupOf []int, group int) int {
	days, all := map[int]int{}, 0
	for name, of := range t.while {
		if groupOf[name] != group {
			continue
		}
		for d, n := range of {
			days[d] += n
			all += n
		}
	}
	sum := 0
	for _, d := range slices.Sorted(maps.Keys(days)) {
		if sum += days[d]; 4*sum >= 3*all {
			return d + 1
		}
	}
	return mostDays
}
