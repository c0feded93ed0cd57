// Package process is the sales process that a company defined: versions of stages in order, and the buyer
// criteria that make a stage real. In goes process.yaml (read.go); out comes a Process that answers which
// version was in force, which stage a source's name means and which checkpoints there are.
// It refuses a process that contradicts itself, with every fault at once.
// Read health next: it judges deals by it.
package process

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// Phase of a stage: what lies before the selling, the selling itself, and what follows it.
type Phase int

// The phases in their order.
const (
	Before Phase = iota
	Selling
	After
)

var phaseNames = [...]string{"before", "selling", "after"}

// String gives the name used in process.yaml.
func (p Phase) String() string { return phaseNames[p] }

// ParsePhase reads before, selling or after.
func ParsePhase(s string) (Phase, bool) {
	i := slices.Index(phaseNames[:], s)
	return Phase(i), i >= 0
}

// Means is how a criterion is met.
type Means int

// The means: a criteria row, activities, or a field that is not null.
const (
	ByCriterion Means = iota
	ByActivity
	ByField
)

// MetBy says what in the data proves that a criterion holds.
type MetBy struct {
	Means     Means
	Criterion string // ByCriterion: the key of the criteria rows
	Kind      string // ByActivity: empty is any; compared without case
	Party     string // ByActivity: default buyer
	Count     int    // ByActivity: at least so many, default 1
	Field     string // ByField: FieldAmount or FieldExpectedClose
}

// The fields that ByField may name.
const (
	FieldAmount        = "amount"
	FieldExpectedClose = "expected_close"
)

// Criterion is what the buyer must have done for a stage to be real.
type Criterion struct {
	Key   string
	Says  string
	Since pipeline.Opt[time.Time] // before it nothing is due
	Grace pipeline.Opt[time.Duration]
	Why   string
	Coach string // a question for the manager to ask
	MetBy MetBy
}

// Stage is one step of one version.
type Stage struct {
	Key            string
	Name           string
	Phase          Phase
	CRMStages      []string // the source's names for it
	Mandatory      bool
	Final          bool // dwelling here is never measured
	StallAfter     pipeline.Opt[time.Duration]
	WinProbability pipeline.Opt[float64] // 0 to 1
	Expects        string
	Requires       []Criterion
}

// StageCheckpoint and BuyerCheckpoint give a checkpoint's full name.
func StageCheckpoint(stageKey string) string { return "stage:" + stageKey }

// BuyerCheckpoint gives the full name of a criterion's checkpoint.
func BuyerCheckpoint(criterionKey string) string { return "buyer:" + criterionKey }

// Version is the process as it was in force from From on.
type Version struct {
	Effective pipeline.Date
	From      time.Time // the first instant of Effective
	Stages    []Stage

	byKey  map[string]int
	byName map[string]int
}

// Position gives the place of a stage's key in this version, -1 if it has none.
func (v *Version) Position(key string) int {
	if i, ok := v.byKey[key]; ok {
		return i
	}
	return -1
}

// Stage gives the stage of that key, nil if this version has none.
func (v *Version) Stage(key string) *Stage {
	if i := v.Position(key); i >= 0 {
		return &v.Stages[i]
	}
	return nil
}

// SellingEnd is the position of the last before or selling stage, -1 if there is none.
func (v *Version) SellingEnd() int {
	last := -1
	for i := range v.Stages {
		if v.Stages[i].Phase != After {
			last = i
		}
	}
	return last
}

// Process is the whole of process.yaml.
type Process struct {
	Name      string
	Pipelines []string  // only deals of these; empty: all
	Versions  []Version // by Effective, of equal dates the file's order

	closed    map[string]pipeline.Outcome
	pipelines map[string]bool
}

// Normal is how names of stages and pipelines compare: trimmed and lower-cased.
func Normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// New indexes a process. The versions may come in any order; won and lost are the source's names of the
// closed stages. It checks nothing: Read does.
func New(name string, pipelines, won, lost []string, versions []Version) *Process {
	p := &Process{Name: name, Pipelines: pipelines, Versions: slices.Clone(versions),
		closed: map[string]pipeline.Outcome{}, pipelines: map[string]bool{}}
	for _, n := range pipelines {
		p.pipelines[Normal(n)] = true
	}
	for _, n := range lost {
		p.closed[Normal(n)] = pipeline.Lost
	}
	for _, n := range won {
		p.closed[Normal(n)] = pipeline.Won
	}
	slices.SortStableFunc(p.Versions, func(a, b Version) int { return a.From.Compare(b.From) })
	for i := range p.Versions {
		v := &p.Versions[i]
		v.byKey, v.byName = map[string]int{}, map[string]int{}
		for j := range v.Stages {
			s := &v.Stages[j]
			v.byKey[s.Key] = j
			names := s.CRMStages
			if len(names) == 0 {
				names = []string{s.Name}
			}
			for _, n := range names {
				v.byName[Normal(n)] = j
			}
		}
	}
	return p
}

// InPipelines says whether deals of that pipeline are measured.
func (p *Process) InPipelines(name string) bool {
	return len(p.pipelines) == 0 || p.pipelines[Normal(name)]
}

// ClosedAs says whether a source's stage name means won or lost.
func (p *Process) ClosedAs(name string) (pipeline.Outcome, bool) {
	o, ok := p.closed[Normal(name)]
	return o, ok
}

// VersionAt gives the index of the version in force at t: the latest that is effective by then, the first
// before all of them.
func (p *Process) VersionAt(t time.Time) int {
	v := 0
	for i := range p.Versions {
		if !p.Versions[i].From.After(t) {
			v = i
		}
	}
	return v
}

// Lookup finds the stage that a source's name means at t: in the version in force, then in earlier ones
// from the newest, then in later ones from the oldest. The stage returned has the attributes of the version
// in force if that has the key, else of the version that knew the name. It is nil for an unmapped name.
func (p *Process) Lookup(name string, t time.Time) *Stage { return p.LookupIn(name, p.VersionAt(t)) }

// LookupIn is Lookup while the version of that index is in force.
func (p *Process) LookupIn(name string, now int) *Stage {
	n := Normal(name)
	find := func(i int) *Stage {
		v := &p.Versions[i]
		j, ok := v.byName[n]
		if !ok {
			return nil
		}
		if s := p.Versions[now].Stage(v.Stages[j].Key); s != nil {
			return s
		}
		return &v.Stages[j]
	}
	for i := now; i >= 0; i-- {
		if s := find(i); s != nil {
			return s
		}
	}
	for i := now + 1; i < len(p.Versions); i++ {
		if s := find(i); s != nil {
			return s
		}
	}
	return nil
}

// StageOrder lists one stage per key in process order at t: the version in force, then the keys that only
// other versions have, by their effective dates.
func (p *Process) StageOrder(t time.Time) []*Stage {
	now := p.VersionAt(t)
	var out []*Stage
	seen := map[string]bool{}
	add := func(v *Version) {
		for j := range v.Stages {
			if k := v.Stages[j].Key; !seen[k] {
				seen[k] = true
				out = append(out, &v.Stages[j])
			}
		}
	}
	add(&p.Versions[now])
	for i := range p.Versions {
		add(&p.Versions[i])
	}
	return out
}

// Checkpoint is one that some version has, with the words for it.
type Checkpoint struct {
	Key       string // stage:<key> or buyer:<key>
	Stage     *Stage
	Criterion *Criterion // nil for a stage's checkpoint
}

// Checkpoints lists every checkpoint of any version in process order at t: stage by stage, the stage's own
// (if any version has it mandatory), then its criteria. The words are those of the version in force if it
// has the checkpoint, else of the first that has.
func (p *Process) Checkpoints(t time.Time) []Checkpoint {
	now := p.VersionAt(t)
	order := append([]int{now}, make([]int, 0, len(p.Versions))...)
	for i := range p.Versions {
		if i != now {
			order = append(order, i)
		}
	}
	asked := map[string]bool{} // by the version in force: older versions may have it at another stage
	for _, s := range p.Versions[now].Stages {
		for _, c := range s.Requires {
			asked[c.Key] = true
		}
	}
	var out []Checkpoint
	seen := map[string]bool{}
	for _, s := range p.StageOrder(t) {
		for _, i := range order {
			if st := p.Versions[i].Stage(s.Key); st != nil && st.Mandatory && !seen[StageCheckpoint(s.Key)] {
				seen[StageCheckpoint(s.Key)] = true
				out = append(out, Checkpoint{Key: StageCheckpoint(s.Key), Stage: s})
			}
		}
		for _, i := range order {
			st := p.Versions[i].Stage(s.Key)
			if st == nil {
				continue
			}
			for c := range st.Requires {
				k := BuyerCheckpoint(st.Requires[c].Key)
				if !seen[k] && (i == now || !asked[st.Requires[c].Key]) {
					seen[k] = true
					out = append(out, Checkpoint{Key: k, Stage: s, Criterion: &st.Requires[c]})
				}
			}
		}
	}
	return out
}
