package twin

import (
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// judgedIn lists a subject's checkpoints that were judged in [from, to).
func (w *world) judgedIn(s subject, from, to time.Time) []due {
	var out []due
	for _, d := range w.deals {
		for _, x := range d.due {
			if s.has(x.by) && (x.counts() || x.state == "excused") && within(x.judged, from, to) {
				out = append(out, x)
			}
		}
	}
	return out
}

func count(list []due, keep func(due) bool) int { return len(filter(list, keep)) }

func metOf(x due) bool { return x.state == "met" }

func tally(list []due) health.Tally {
	n, met := count(list, due.counts), count(list, metOf)
	return health.Tally{Due: n, Met: met, Rate: over(float64(met), float64(n))}
}

func (w *world) adherence(s subject) *health.Adherence {
	list := w.judgedIn(s, w.edges[7], w.edges[8])
	all := tally(list)
	a := &health.Adherence{Due: all.Due, Met: all.Met, Missed: all.Due - all.Met, Rate: all.Rate,
		Pending: w.pending(s, ""), Excused: count(list, func(x due) bool { return x.state == "excused" }),
		Judged: all.Due >= w.set.MinDue, CleanMoves: w.cleanMoves(s), MovedBack: w.movedBack(s),
		Stages:   tally(filter(list, func(x due) bool { return !x.buyer() })),
		Evidence: tally(filter(list, due.buyer)), Change: w.change(s, all)}
	a.Low, a.High = wilson(all.Met, all.Due)
	a.ShrunkRate, a.PBelowTeam = w.shrunk(s, all)
	return a
}

// pending counts those that wait for their judgement, of one checkpoint or of any.
func (w *world) pending(s subject, key string) int {
	n := 0
	for _, d := range w.deals {
		n += count(d.due, func(x due) bool {
			return s.has(x.by) && x.state == "pending" && (key == "" || key == x.key)
		})
	}
	return n
}

// change compares with the four windows before.
func (w *world) change(s subject, now health.Tally) health.AdherenceChange {
	then := tally(w.judgedIn(s, w.edges[3], w.edges[7]))
	c := health.AdherenceChange{Due: pipeline.Some(then.Due), Met: pipeline.Some(then.Met), Rate: then.Rate}
	c.Diff, c.Low, c.High = newcombe(now.Met, now.Due, then.Met, then.Due)
	return c
}

// cleanMoves: last judged in the window, something met and nothing missed.
func (w *world) cleanMoves(s subject) int {
	n := 0
	for _, d := range w.deals {
		for m := won; m < len(d.moves); m++ {
			if isClean(filter(d.due, func(x due) bool { return x.move == m && x.state != "void" && s.has(x.by) }), w.edges[7], w.edges[8]) {
				n++
			}
		}
	}
	return n
}

func isClean(list []due, from, to time.Time) bool {
	var last time.Time
	for _, x := range list {
		if x.state == "missed" || x.state == "pending" {
			return false
		}
		if x.judged.After(last) {
			last = x.judged
		}
	}
	return count(list, metOf) > 0 && within(last, from, to)
}

func (w *world) movedBack(s subject) int {
	n := 0
	for _, d := range w.deals {
		for _, m := range d.back {
			if s.has(d.moves[m].by) && within(d.moves[m].at, w.edges[7], w.edges[8]) {
				n++
			}
		}
	}
	return n
}

// shrunk is the empirical-Bayes rate, and how likely a rep's true rate is below the team's.
func (w *world) shrunk(s subject, own health.Tally) (rate, below health.Number) {
	if !s.rep || own.Due == 0 {
		return own.Rate, health.Number{}
	}
	var tallies []health.Tally
	for _, p := range w.reps {
		if t := tally(w.judgedIn(subject{ids: []string{p.ID}}, w.edges[7], w.edges[8])); t.Due > 0 {
			tallies = append(tallies, t)
		}
	}
	p, m := weightOfTeam(tallies)
	x, n := float64(own.Met), float64(own.Due)
	return pipeline.Some((x + m*p) / (n + m)), pipeline.Some(betaBelow(x+m*p, n-x+m*(1-p), p))
}

// weightOfTeam gives P and M (Kleinman 1973).
func weightOfTeam(reps []health.Tally) (p, m float64) {
	x, n, squares := 0, 0, 0
	for _, t := range reps {
		x, n, squares = x+t.Met, n+t.Due, squares+t.Due*t.Due
	}
	p = float64(x) / float64(n)
	s := 0.0
	for _, t := range reps {
		s += float64(t.Due) * (t.Rate.V - p) * (t.Rate.V - p)
	}
	k := len(reps)
	if x == 0 || x == n || n*n-squares-(k-1)*n == 0 {
		return p, 200
	}
	W := float64(n)
	rho := (s - p*(1-p)*float64(k-1)) / (p * (1 - p) * (W - float64(squares)/W - float64(k-1)))
	switch {
	case rho <= 1.0/201:
		return p, 200
	case rho > 1:
		return p, 0
	}
	return p, 1/rho - 1
}

// trend gives the eight windows.
func (w *world) trend(s subject) []health.TrendPoint {
	out := []health.TrendPoint{}
	for i := range 8 {
		from, to := w.edges[i], w.edges[i+1]
		t := tally(w.judgedIn(s, from, to))
		p := health.TrendPoint{Start: from.UTC(), End: to.UTC(), Due: t.Due, Met: t.Met, Rate: t.Rate}
		for _, d := range w.deals {
			for _, m := range d.moves {
				if m.stage != nil && s.has(m.by) && within(m.at, from, to) {
					p.Moves++
				}
			}
			if s.has(w.owner(d)) && w.openAt(d, to) {
				p.OpenDeals++
				if w.stalledAt(d, to).V {
					p.StalledDeals++
				}
			}
		}
		out = append(out, p)
	}
	return out
}

// focus is the configured checkpoint, else the one with the most misses, else the team's.
func (w *world) focus(s subject) pipeline.Opt[string] {
	if w.set.Focus != "" {
		return pipeline.Some(w.set.Focus)
	}
	best, most := "", 0
	list := w.judgedIn(s, w.edges[4], w.edges[8])
	for _, c := range w.checks {
		n := count(list, func(x due) bool { return x.key == c.key && x.state == "missed" })
		if n > most && w.verdicts[c.key].Verdict.V != "review" {
			best, most = c.key, n
		}
	}
	if best == "" && !s.everybody {
		return w.focus(team())
	}
	return text(best)
}

// checkpointRows are the team's, in process order.
func (w *world) checkpointRows() []health.Checkpoint {
	out := []health.Checkpoint{}
	list := w.judgedIn(team(), w.edges[7], w.edges[8])
	for _, c := range w.checks {
		own := filter(list, func(x due) bool { return x.key == c.key })
		t := tally(own)
		out = append(out, health.Checkpoint{Key: c.key, Due: t.Due, Met: t.Met, Missed: t.Due - t.Met,
			Pending: w.pending(team(), c.key), Excused: len(own) - t.Due, Earns: w.verdicts[c.key]})
	}
	return out
}

// consistency is 1 - ρ over the reps with five due or more in the last four windows.
func (w *world) consistency() health.Number {
	var reps []health.Tally
	for _, p := range w.reps {
		if t := tally(w.judgedIn(subject{ids: []string{p.ID}}, w.edges[4], w.edges[8])); t.Due >= 5 {
			reps = append(reps, t)
		}
	}
	if len(reps) < 5 {
		return health.Number{}
	}
	k, x, n, squares := float64(len(reps)), 0.0, 0.0, 0.0
	for _, t := range reps {
		x, n, squares = x+float64(t.Met), n+float64(t.Due), squares+float64(t.Due*t.Due)
	}
	between, inside := 0.0, 0.0
	for _, t := range reps {
		between += float64(t.Due) * (t.Rate.V - x/n) * (t.Rate.V - x/n) / (k - 1)
		inside += float64(t.Met) * (1 - t.Rate.V) / (n - k)
	}
	n0 := (n - squares/n) / (k - 1)
	below := between + (n0-1)*inside
	if below == 0 {
		return pipeline.Some(1.0)
	}
	return pipeline.Some(1 - min(1, max(0, (between-inside)/below)))
}

// pressure compares the last 14 days of forecast periods with the rest, over the lookback.
func (w *world) pressure() *health.Pressure {
	list := w.judgedIn(team(), w.asOf.Add(-w.set.Lookback), w.asOf)
	late := func(x due) bool {
		for _, p := range w.periods {
			if within(x.judged, p.start, p.end) {
				return !x.judged.Before(p.end.Add(-14 * day))
			}
		}
		return false
	}
	return &health.Pressure{Late: tally(filter(list, late)),
		Rest: tally(filter(list, func(x due) bool { return !late(x) }))}
}

// fitness is the optimal alignment of a deal's path with the process; null without a path.
func (w *world) fitness(d *deal) (fit health.Number, deviations health.Count) {
	moves := filter(d.moves, func(m move) bool { return !d.over(m.at) })
	if len(moves) == 0 {
		return
	}
	v := w.version(versionMoment(moves))
	var want, did []string
	for _, s := range v.Stages {
		if s.Mandatory && s.Phase != process.After {
			want = append(want, s.Key)
		}
	}
	for _, m := range moves {
		if name, ok := stepOf(v, m); ok && (len(did) == 0 || did[len(did)-1] != name) {
			did = append(did, name)
		}
	}
	if d.outcome != pipeline.Won {
		want = want[:furthest(want, did)]
	}
	n := len(did) + len(want)
	if n == 0 {
		return
	}
	same := commonLength(did, want)
	return pipeline.Some(2 * float64(same) / float64(n)), pipeline.Some(n - 2*same)
}

// versionMoment is the last move outside after, else the last.
func versionMoment(moves []move) time.Time {
	for i := len(moves) - 1; i >= 0; i-- {
		if moves[i].stage == nil || moves[i].stage.Phase != process.After {
			return moves[i].at
		}
	}
	return moves[len(moves)-1].at
}

// stepOf names a move in a path; after stages and the version's optional ones are no steps.
func stepOf(v *process.Version, m move) (string, bool) {
	if m.stage == nil {
		return "unmapped " + normal(m.name), true
	}
	s := stageOf(v, m.stage.Key)
	return "stage " + m.stage.Key, m.stage.Phase != process.After && (s == nil || s.Mandatory)
}

// furthest is the place, from 1, of the last of want that was entered; 0 for none.
func furthest(want, did []string) int {
	k := 0
	for i, key := range want {
		for _, name := range did {
			if name == "stage "+key {
				k = i + 1
			}
		}
	}
	return k
}

// commonLength is the longest common subsequence's, by trying every subset of what was wanted.
func commonLength(did, want []string) int {
	best := 0
	for subset := range 1 << len(want) {
		n, at := 0, 0
		for i, key := range want {
			if subset&(1<<i) == 0 {
				continue
			}
			for at < len(did) && strings.TrimPrefix(did[at], "stage ") != key {
				at++
			}
			if at == len(did) {
				n = -1
				break
			}
			n, at = n+1, at+1
		}
		best = max(best, n)
	}
	return best
}

// meanFitness is over the subject's deals with a mapped move in the window.
func (w *world) meanFitness(s subject) health.Number {
	sum, n := 0.0, 0
	for _, d := range w.deals {
		moved := false
		for _, m := range d.moves {
			moved = moved || m.stage != nil && within(m.at, w.edges[7], w.edges[8])
		}
		if f, _ := w.fitness(d); f.OK && moved && s.has(w.owner(d)) {
			sum, n = sum+f.V, n+1
		}
	}
	return over(sum, float64(n))
}
