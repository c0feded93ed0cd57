package sample

import (
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// shape is what the stories need to know of a process: the stages in force at as-of, and how deals usually
// behave in them. Stages are named by their place in it.
type shape struct {
	process  *process.Process
	stages   []stage
	chain    []int // mandatory stages up to the win
	selling  int   // the first selling stage
	lastSell int   // the last stage before the win
	shortcut int   // the mandatory selling stage that most winners leave out; -1: the process is too short
	won      string
	lost     string
	pipeline string
}

// stage is one step and what is usual in it.
type stage struct {
	*process.Stage
	median  float64 // days until a deal moves on
	advance float64 // share of the deals that move on rather than being lost
	chance  float64 // what a sober rep states
}

func shapeOf(p *process.Process, asOf time.Time) shape {
	v := &p.Versions[p.VersionAt(asOf)]
	s := shape{process: p, selling: -1, lastSell: v.SellingEnd(), shortcut: -1}
	var sells, before, mandatory int
	for i := range v.Stages {
		if v.Stages[i].Phase == process.Selling {
			sells++
		}
	}
	seen := 0
	for i := range v.Stages {
		st := stage{Stage: &v.Stages[i], median: 30, advance: 1, chance: 1}
		switch st.Phase {
		case process.Before:
			st.median, st.advance, st.chance = 8+4*float64(before), 0.82, 0.05
			before++
		case process.Selling:
			st = usualSelling(st, seen, sells)
			if s.selling < 0 {
				s.selling = i
			}
			if st.Mandatory {
				if mandatory++; mandatory == 2 && seen < sells-1 {
					s.shortcut = i
				}
			}
			seen++
		}
		if st.Mandatory && st.Phase != process.After {
			s.chain = append(s.chain, i)
		}
		if st.StallAfter.OK {
			st.median = 0.55 * st.StallAfter.V.Hours() / 24
		}
		s.stages = append(s.stages, st)
	}
	s.selling = max(s.selling, 0)
	s.won, s.lost = closedName(p, pipeline.Won), closedName(p, pipeline.Lost)
	if len(p.Pipelines) > 0 {
		s.pipeline = p.Pipelines[0]
	}
	return s
}

// usualSelling fills in what is usual in the k-th of n selling stages: the middle of a sale takes longest, and
// most deals that reach its end are won.
func usualSelling(st stage, k, n int) stage {
	medians := [...]float64{13, 21, 14, 10}
	advances := [...]float64{0.72, 0.8, 0.78, 0.85}
	st.median, st.advance = medians[k*len(medians)/n], advances[k*len(advances)/n]
	st.chance = st.WinProbability.Or(0.15 + 0.7*float64(k+1)/float64(n))
	return st
}

// closedName finds a usual name that the process knows as that outcome; "" means that closing leaves no
// stage change, as in many a CRM.
func closedName(p *process.Process, outcome pipeline.Outcome) string {
	for _, name := range []string{"Closed Won", "Closed Lost", "Won", "Lost", "closedwon", "closedlost"} {
		if o, ok := p.ClosedAs(name); ok && o == outcome {
			return name
		}
	}
	return ""
}

// at gives the stage that stood at place i when t was now: a process that changed was followed as it was then.
func (s *shape) at(i int, t time.Time) *process.Stage {
	v := &s.process.Versions[s.process.VersionAt(t)]
	if st := v.Stage(s.stages[i].Key); st != nil {
		return st
	}
	if i < len(v.Stages) && v.Stages[i].Phase == s.stages[i].Phase {
		return &v.Stages[i]
	}
	return s.stages[i].Stage
}

// sourceName gives the name by which a CRM calls the stage.
func sourceName(st *process.Stage) string {
	if len(st.CRMStages) > 0 {
		return st.CRMStages[0]
	}
	return st.Name
}

// remaining is how many days a deal that enters place i usually needs to be won.
func (s *shape) remaining(i int) float64 {
	sum := 0.0
	for k := i; k <= s.lastSell; k++ {
		if k != s.shortcut {
			sum += s.stages[k].median
		}
	}
	return 1.15 * sum
}
