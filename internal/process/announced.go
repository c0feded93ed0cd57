package process

import (
	"slices"
	"time"
)

// Announced is a criterion that the process will ask for from an instant on.
type Announced struct {
	Checkpoint Checkpoint
	From       time.Time
}

// Announced lists the criteria that are not asked for at t but will be: those of the version in force whose since
// is still ahead, and those that a later version adds, each from when it first holds; in the order of the process.
func (p *Process) Announced(t time.Time) (out []Announced) {
	now := p.VersionAt(t)
	asked := map[string]bool{}
	for i := range p.Versions[now:] {
		v := &p.Versions[now+i]
		for j := range v.Stages {
			s := &v.Stages[j]
			for k := range s.Requires {
				c := &s.Requires[k]
				from := v.From
				if c.Since.OK && c.Since.V.After(from) {
					from = c.Since.V
				}
				if from.After(t) && !asked[c.Key] {
					out = append(out, Announced{Checkpoint: Checkpoint{Key: BuyerCheckpoint(c.Key), Stage: s, Criterion: c}, From: from})
				}
				asked[c.Key] = true
			}
		}
	}
	return out
}

// AsIfAsked is the process as if every criterion that is announced at t had been asked for all along: what it
// would have shown. A criterion whose stage the version in force does not have is left out.
func (p *Process) AsIfAsked(t time.Time) *Process {
	now := p.VersionAt(t)
	out := *p
	out.Versions = slices.Clone(p.Versions)
	v := &out.Versions[now]
	v.Stages = slices.Clone(v.Stages)
	for _, a := range p.Announced(t) {
		j := v.Position(a.Checkpoint.Stage.Key)
		if j < 0 {
			continue
		}
		s, c := &v.Stages[j], *a.Checkpoint.Criterion
		c.Since.OK = false
		s.Requires = slices.DeleteFunc(slices.Clone(s.Requires), func(old Criterion) bool { return old.Key == c.Key })
		s.Requires = append(s.Requires, c)
	}
	return &out
}
