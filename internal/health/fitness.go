package health

import (
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// conformance gives how well a deal's path aligns with the process: 2·LCS(path, process)/(lengths), the
// fitness of the optimal alignment (Adriansyah 2014), and the deviations that are left. An open or lost deal
// is held only against the process up to the furthest stage that it reached: nobody is blamed for stages
// still ahead. Both are missing for a deal without a path.
func (c *computation) conformance(d *view) (Number, Count) {
	if !d.hasPath {
		return Number{}, Count{}
	}
	v := &c.proc.Versions[c.versionForFitness(d)]
	var want []string
	for i := range v.Stages {
		if s := &v.Stages[i]; s.Mandatory && s.Phase != process.After {
			want = append(want, s.Key)
		}
	}
	path := trace(d, v)
	if d.outcome != pipeline.Won {
		want = want[:reached(path, want)]
	}
	total := len(path) + len(want)
	if total == 0 {
		return Number{}, Count{}
	}
	common := lcs(path, want)
	return pipeline.Some(2 * float64(common) / float64(total)), pipeline.Some(total - 2*common)
}

// versionForFitness is the one in force at the last move before closing outside after, else at the last.
func (c *computation) versionForFitness(d *view) int {
	for i := d.before - 1; i >= 0; i-- {
		if s := d.moves[i].stage; s == nil || s.Phase != process.After {
			return d.moves[i].v
		}
	}
	return d.moves[d.before-1].v
}

// trace is the path before closing without after stages and without the version's optional ones, then
// without repeats. Unmapped names stay, marked so that they equal no key.
func trace(d *view, v *process.Version) []string {
	var out []string
	for i := range d.moves[:d.before] {
		m := &d.moves[i]
		name := m.name.unmapped
		if m.stage != nil {
			if m.stage.Phase == process.After {
				continue
			}
			if s := v.Stage(m.stage.Key); s != nil && !s.Mandatory {
				continue
			}
			name = m.stage.Key
		}
		if n := len(out); n == 0 || out[n-1] != name {
			out = append(out, name)
		}
	}
	return out
}

// reached is the place, from 1, of the furthest stage of want in the path; 0 for none.
func reached(path, want []string) int {
	for k := len(want); k > 0; k-- {
		for _, p := range path {
			if p == want[k-1] {
				return k
			}
		}
	}
	return 0
}

// lcs is the length of the longest common subsequence.
func lcs(a, b []string) int {
	row := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if a[i] == b[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// addFitness counts the deal for its owner if it moved in the window.
func (c *computation) addFitness(d *view, owner *person) {
	moved := false
	for i := range d.moves {
		moved = moved || d.moves[i].stage != nil && c.inWindow(d.moves[i].at)
	}
	if !moved {
		return
	}
	if f, _ := c.conformance(d); f.OK {
		for _, s := range owner.all {
			s.fitness.add(f.V)
		}
	}
}
