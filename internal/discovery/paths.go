package discovery

import (
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// step is an entry into a group of names that are one stage.
type step struct {
	group int
	run   int
	ended bool // at or after the deal's closing
}

// path is a variant as metrics.md reads it: without entries into closed stages, and then without repeats.
type path struct {
	outcome pipeline.Outcome
	steps   []step
	n       int
}

// pathsOf reads the log by what names mean: groupOf gives each name's group, -1 for a closed stage.
func pathsOf(log []variant, groupOf []int) []path {
	out := make([]path, 0, len(log))
	for _, v := range log {
		p := path{outcome: v.outcome, n: v.n}
		for _, m := range v.moves {
			g := groupOf[m.name]
			if g < 0 || len(p.steps) > 0 && p.steps[len(p.steps)-1].group == g {
				continue
			}
			p.steps = append(p.steps, step{g, m.run, m.when == atClose || m.when == later})
		}
		out = append(out, p)
	}
	return out
}

// counted leaves out the moves that do not count: those of a lost deal at or after its closing, and those of a won one
// then that are not into after stages.
func (p *path) counted(phase []process.Phase) []step {
	if p.outcome == pipeline.Open {
		return p.steps
	}
	return slices.DeleteFunc(slices.Clone(p.steps), func(s step) bool {
		return s.ended && (p.outcome == pipeline.Lost || phase[s.group] != process.After)
	})
}

// firsts gives the groups in the order of the deal's first visits, of one phase.
func firsts(steps []step, phase []process.Phase, of process.Phase) visits {
	var out visits
	for _, s := range steps {
		if phase[s.group] == of {
			out = out.with(s.group, s.run)
		}
	}
	return out
}

// phasesOf calls a group an after stage when most of the deals that entered it had been won by then.
func phasesOf(paths []path, groups int) []process.Phase {
	won, all := make([]int, groups), make([]int, groups)
	for _, p := range paths {
		met := map[int]bool{}
		for _, s := range p.steps {
			if met[s.group] {
				continue
			}
			met[s.group] = true
			all[s.group] += p.n
			if s.ended && p.outcome == pipeline.Won {
				won[s.group] += p.n
			}
		}
	}
	out := make([]process.Phase, groups)
	for g := range out {
		out[g] = process.Selling
		if 2*won[g] > all[g] {
			out[g] = process.After
		}
	}
	return out
}
