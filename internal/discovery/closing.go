package discovery

import (
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

const (
	// mostly is the share of a name's deals that have to be closed as they enter it, so that it is a closed stage: a few
	// are always reopened or still open.
	mostly = 0.8
	// enough deals show a habit.
	enough = 3
	// handful is the fewest closed deals of which a win chance is said.
	handful = 5
)

// entries is what became of the deals that ever entered a name.
type entries struct {
	deals int                      // that ever entered it
	as    map[pipeline.Outcome]int // of them closed so as they did
}

// share is that of the deals that closed so.
func (e *entries) share(o pipeline.Outcome) float64 {
	return float64(e.as[o]) / float64(max(1, e.deals))
}

// entriesOf counts for every name, by each deal's last entry into it.
func entriesOf(log []variant, names int) []entries {
	out := make([]entries, names)
	for i := range out {
		out[i].as = map[pipeline.Outcome]int{}
	}
	for _, v := range log {
		met := map[int]bool{}
		for _, m := range slices.Backward(v.moves) {
			if met[m.name] {
				continue
			}
			met[m.name] = true
			e := &out[m.name]
			e.deals += v.n
			if m.when == closing || m.when == atClose {
				e.as[v.outcome] += v.n
			}
		}
	}
	return out
}

// closedNames finds the names that mean the end: entering them coincides with the closing of deals of one outcome. Of
// several that deals enter together as they are won, the first is the closing and the others follow it; names of
// different deals (declined, cancelled) are all closings.
func (s *Survey) closedNames(log []variant) map[int]pipeline.Outcome {
	of := entriesOf(log, len(s.names))
	closed := map[int]pipeline.Outcome{}
	var winning []int
	for i := range s.names {
		lost, won := s.closes(i, &of[i], pipeline.Lost), s.closes(i, &of[i], pipeline.Won)
		switch {
		case lost && !won:
			closed[i] = pipeline.Lost
		case won && !lost:
			winning = append(winning, i)
		}
	}
	winning = s.inTurn(log, winning)
	itself := func(name int) bool { return s.says(saysWon, name) }
	if i := slices.IndexFunc(winning, itself); i > 0 { // whatever its place, since it says so
		winning = slices.Insert(slices.Delete(slices.Clone(winning), i, i+1), 0, winning[i])
	}
	for _, name := range winning {
		if !s.together(log, name, closed) {
			closed[name] = pipeline.Won
		}
	}
	s.closeSpellings(of, closed)
	return closed
}

// closeSpellings closes the names that differ from a closed one in numbers and marks only, however few deals use them.
func (s *Survey) closeSpellings(of []entries, closed map[int]pipeline.Outcome) {
	as := map[string]pipeline.Outcome{}
	for name, outcome := range closed {
		b := bare(s.names[name].normal)
		if was, twice := as[b]; twice && was != outcome {
			outcome = "" // Closed (1) and Closed (2): the numbers tell them apart
		}
		as[b] = outcome
	}
	for name := range s.names {
		outcome := as[bare(s.names[name].normal)]
		if _, known := closed[name]; !known && outcome != "" && of[name].deals > 0 {
			closed[name] = outcome
		}
	}
}

// closeResting closes the names in which closed deals of one outcome rest whose closing is not in the history, unless deals
// moved on from one of the same letters.
func (w *drafting) closeResting() {
	w.rested = map[pipeline.Outcome][]resters{}
	s, stayed := w.survey, map[string]int{} // by bare name: deals that entered it and did not close as they did
	for name, e := range entriesOf(w.log, len(s.names)) {
		stayed[bare(s.names[name].normal)] += e.deals - e.as[pipeline.Won] - e.as[pipeline.Lost]
	}
	for _, r := range s.resters(w.of) {
		outcome := r.closedAs()
		name, entered := s.nameAt[r.normal]
		as, closed := w.closed[name]
		if closed = closed && entered; outcome == pipeline.Open || closed && as != outcome || !closed && stayed[bare(r.normal)] > 0 {
			continue
		}
		w.rested[outcome] = append(w.rested[outcome], r)
		if entered {
			w.closed[name] = outcome
		}
	}
}

// closes says whether a name's deals close so as they enter it. Where its own words say so, deals have to show otherwise.
func (s *Survey) closes(name int, e *entries, o pipeline.Outcome) bool {
	if e.deals == 0 {
		return false
	}
	says := saysWon
	if o == pipeline.Lost {
		says = saysLost
	}
	if s.says(says, name) {
		other := pipeline.Won
		if o == pipeline.Won {
			other = pipeline.Lost
		}
		return e.as[o] >= e.as[other]
	}
	return e.deals >= enough && e.share(o) >= mostly
}

// says is whether a name says itself what it means.
func (s *Survey) says(words *regexp.Regexp, name int) bool {
	return words.MatchString(bare(s.names[name].normal))
}

// inTurn orders names by which of them deals enter first.
func (s *Survey) inTurn(log []variant, names []int) []int {
	slices.SortFunc(names, func(a, b int) int { return strings.Compare(s.names[a].normal, s.names[b].normal) })
	at := map[int]int{}
	things := make([]int, len(names))
	for i, n := range names {
		at[n], things[i] = i, i
	}
	turn := newPrecedence(len(names))
	for _, v := range log {
		var firsts visits
		for _, m := range v.moves {
			if i, ok := at[m.name]; ok {
				firsts = firsts.with(i, m.run)
			}
		}
		turn.add(firsts, v.n)
	}
	out := make([]int, 0, len(names))
	for _, i := range turn.order(things) {
		out = append(out, names[i])
	}
	return out
}

// together says whether most deals that entered a name entered a winning one of the closed names as well.
func (s *Survey) together(log []variant, name int, closed map[int]pipeline.Outcome) bool {
	both, all := 0, 0
	for _, v := range log {
		here := slices.ContainsFunc(v.moves, func(m move) bool { return m.name == name })
		other := slices.ContainsFunc(v.moves, func(m move) bool { return closed[m.name] == pipeline.Won })
		if here {
			all += v.n
		}
		if here && other {
			both += v.n
		}
	}
	return 2*both > all
}
