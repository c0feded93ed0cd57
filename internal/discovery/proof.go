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
	ending             int                     // of the won ones, those that had it no sooner than a day before they closed
	around             map[between]map[int]int // where deals were at the first time → whole days since they entered prev → deals
}

// between says where on its way a deal was: the names that it had entered last and would enter next, -1 for none, and whether
// the next entry was the nearer one.
type between struct {
	prev, next int
	ahead      bool
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
	Ending      int // of those won, those that had it no sooner than a day before they closed

	Stage  string // the key of the stage whose entry is nearest to the first time, in most of them
	Within int    // days after that entry by which three quarters of those had it
}

// Winning says whether it is the winning itself, as a signature is: hardly any deal has it that was not won, and it comes as
// they close. To require it of a stage would ask for the end.
func (p *Proof) Winning() bool {
	return float64(p.Won) >= winners*float64(p.Deals) && float64(p.Ending) >= mostly*float64(p.Won)
}

// winners is the share of the deals with a proof who have to be won, so that it is the winning itself.
const winners = 0.95

// prove notes what the buyer had done for the first time, and in which stage the deal was then.
func (s *Survey) prove(line int, h *pipeline.History, changes []pipeline.StageChange, outcome pipeline.Outcome, closed pipeline.Opt[time.Time]) {
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
	end := closed.Or(changes[len(changes)-1].At).Add(-near)
	for key, at := range first {
		t := s.proofs[key]
		if t == nil {
			if len(s.proofs) == mostProofs {
				continue
			}
			t = &proofTally{around: map[between]map[int]int{}}
			s.proofs[key] = t
		}
		t.deals++
		if outcome != pipeline.Open {
			t.closed++
		}
		if outcome == pipeline.Won {
			t.won++
			if !at.Before(end) {
				t.ending++
			}
		}
		s.whereabouts(t, changes, at)
	}
}

// whereabouts notes between which entries of a deal an instant lies.
func (s *Survey) whereabouts(t *proofTally, changes []pipeline.StageChange, at time.Time) {
	name := func(i int) int {
		if n, known := s.nameAt[process.Normal(changes[i].Stage)]; known {
			return n
		}
		return -1
	}
	next := 0
	for next < len(changes) && changes[next].At.Before(at) {
		next++
	}
	b, days := between{prev: -1, next: -1}, 0
	if next > 0 {
		b.prev = name(next - 1)
		days = min(mostDays, int(at.Sub(changes[next-1].At)/(24*time.Hour)))
	}
	if next < len(changes) {
		b.next = name(next)
		b.ahead = next == 0 || changes[next].At.Sub(at) < at.Sub(changes[next-1].At)
	}
	if t.around[b] == nil {
		t.around[b] = map[int]int{}
	}
	t.around[b][days]++
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
			sum[key] = &proofTally{around: map[between]map[int]int{}}
		}
		sum[key].add(t)
	}
	keys := slices.SortedFunc(maps.Keys(sum), func(a, b proofKey) int {
		return cmp.Or(cmp.Compare(sum[b].deals, sum[a].deals), strings.Compare(a.name(), b.name()))
	})
	taken, criteria := map[string]bool{}, map[string]bool{}
	for _, key := range keys {
		criteria[strings.ToLower(key.what)] = criteria[strings.ToLower(key.what)] || !key.activity
	}
	var out []Proof
	for _, key := range keys {
		if t := sum[key]; t.deals >= handful && (!key.activity || !criteria[key.what]) { // the same thing said twice
			if p, ok := w.proof(key, t, stages); ok {
				p.Key = keyOf(key.name(), "proof", taken)
				out = append(out, p)
			}
		}
	}
	return out
}

// proof says to which stage a tally belongs, false where to none.
func (w *drafting) proof(key proofKey, t *proofTally, stages []Stage) (Proof, bool) {
	by, best := t.belongs(w.groupOf()), -1
	for i, g := range w.order {
		if n := by.deals(g); n > 0 && (best < 0 || n > by.deals(w.order[best])) {
			best = i
		}
	}
	if best < 0 {
		return Proof{}, false
	}
	return Proof{What: key.what, Activity: key.activity, Deals: t.deals, Closed: t.closed, Won: t.won, Ending: t.ending, Stage: stages[best].Key,
		Within: by.within(w.order[best])}, true
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
	t.ending += o.ending
	for b, days := range o.around {
		if t.around[b] == nil {
			t.around[b] = map[int]int{}
		}
		for d, n := range days {
			t.around[b][d] += n
		}
	}
}

// shown is in how many deals a proof belonged to a group, and on which day after its entry: 0 also before it.
type shown map[int]map[int]int

// belongs gives each group what is nearest to the entries into it. The closing is no stage: what comes just before it belongs
// to the stage before.
func (t *proofTally) belongs(groupOf []int) shown {
	out := shown{}
	group := func(name int) int {
		if name < 0 {
			return -1
		}
		return groupOf[name]
	}
	for b, days := range t.around {
		prev, next := group(b.prev), group(b.next)
		to := prev
		if next >= 0 && (b.ahead || prev < 0) {
			to = next
		}
		if to < 0 {
			continue
		}
		if out[to] == nil {
			out[to] = map[int]int{}
		}
		for d, n := range days {
			if to == next && to != prev {
				d = 0
			}
			out[to][d] += n
		}
	}
	return out
}

func (s shown) deals(group int) (n int) {
	for _, d := range s[group] {
		n += d
	}
	return n
}

// within is the number of days, begun ones counted, by which three quarters of a group's deals had it.
func (s shown) within(group int) int {
	all, sum := s.deals(group), 0
	for _, day := range slices.Sorted(maps.Keys(s[group])) {
		if sum += s[group][day]; 4*sum >= 3*all {
			return day + 1
		}
	}
	return mostDays
}
