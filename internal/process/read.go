package process

import (
	"fmt"
	"regexp"
	"sync"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/yamlfile"
)

// Read reads process.yaml. Dates in it are their first instant at loc. The process is nil where there are
// faults, and then all of them are given, in the order of the file.
func Read(file string, data []byte, loc *time.Location) (*Process, fault.List) {
	f, root := yamlfile.Parse(file, data, nil)
	r := reader{loc: loc, closed: map[string]string{}}

	root.Know(places(), meanings)
	p := r.process(root)
	if faults := f.Faults(); len(faults) > 0 {
		return nil, faults
	}
	return p, nil
}

// process reads the file from its top.
func (r *reader) process(root *yamlfile.Map) *Process {
	name := root.Need("process", "name the process, as digests shall call it")
	pipelines := root.Texts("pipelines")
	root.Filled("pipelines", "leave the key out to measure the deals of all pipelines")
	closed := root.Map("closed_stages")
	won, lost := r.closedStages(closed, "won"), r.closedStages(closed, "lost")
	if !root.Has("versions") {
		root.Missing("versions", "a process has at least one version with effective and stages")
	}
	root.Filled("versions", "a process has at least one version")
	var versions []Version
	for _, m := range root.Maps("versions") {
		versions = append(versions, r.version(m))
	}
	return New(name, pipelines, won, lost, versions)
}

// places are where keys belong.
var places = sync.OnceValue(func() yamlfile.Places {
	return yamlfile.Outline("versions: [{stages: [{requires: [{met_by: {activity: {}}}]}]}]\n", func(root *yamlfile.Map) {
		(&reader{loc: time.UTC, closed: map[string]string{}}).process(root)
	})
})

// meanings are the keys that others have for ours.
var meanings = map[string]string{"name": "process", "from": "effective", "date": "effective", "id": "key", "label": "name", "title": "name", "description": "expects",
	"required": "mandatory", "probability": "win_probability", "criteria": "requires", "checkpoints": "requires", "text": "says", "question": "coach"}

// The words that people write for one of ours.
var (
	meantPhase = map[string]string{"sales": "selling", "sale": "selling", "presales": "before", "pre-sales": "before", "postsales": "after", "post-sales": "after"}
	meantParty = map[string]string{"customer": pipeline.BuyerParty, "client": pipeline.BuyerParty, "prospect": pipeline.BuyerParty, "us": "seller", "rep": "seller"}
	meantField = map[string]string{"close_date": FieldExpectedClose, "close": FieldExpectedClose, "value": FieldAmount}
)

// parseDate is pipeline.ParseDate with what was likely meant.
func parseDate(s string) (pipeline.Date, error) {
	d, err := pipeline.ParseDate(s)
	if err != nil {
		err = fmt.Errorf("%w; %s", err, yamlfile.LikelyDate(s))
	}
	return d, err
}

// reader knows what the parts of a file need of each other.
type reader struct {
	loc    *time.Location
	closed map[string]string // normal name → won or lost
}

func (r *reader) closedStages(m *yamlfile.Map, outcome string) []string {
	names := m.Texts(outcome)
	for i, n := range names {
		if was, twice := r.closed[Normal(n)]; twice {
			m.FaultAt(outcome, i, fmt.Sprintf("%q stands under %s already", n, was), "one name means one outcome")
			continue
		}
		r.closed[Normal(n)] = outcome
	}
	return names
}

// scope is what must be unique within one version.
type scope struct {
	keys, names, criteria map[string]string // what it is → the stage or stages that have it
}

func (r *reader) version(m *yamlfile.Map) Version {
	v := Version{}
	if !m.Has("effective") {
		m.Missing("effective", "say from which date on this version is in force, like 2026-01-01")
	}
	v.Effective = yamlfile.Value(m, "effective", 0, parseDate)
	v.From = v.Effective.Start(r.loc)
	if !m.Has("stages") {
		m.Missing("stages", "list the stages in their order")
	}
	m.Filled("stages", "list the stages in their order")
	seen := scope{keys: map[string]string{}, names: map[string]string{}, criteria: map[string]string{}}
	mandatory, phase := false, Before
	for _, s := range m.Maps("stages") {
		stage := r.stage(s, seen, phase)
		if stage.Phase < phase {
			s.Fault("phase", fmt.Sprintf("%s comes after a stage of phase %s", stage.Phase, phase),
				"stages stand in the order before, selling, after")
		}
		phase = max(phase, stage.Phase)
		mandatory = mandatory || stage.Mandatory
		v.Stages = append(v.Stages, stage)
	}
	if len(v.Stages) > 0 && !mandatory {
		m.Fault("stages", "no stage is mandatory", "leave out mandatory: false where no deal may skip the stage")
	}
	return v
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// key reads what names a stage or a criterion in checkpoints, queries and JSON.
func key(m *yamlfile.Map, seen map[string]string, where string) string {
	k := m.Need("key", "a short word by which files and reports name it")
	if k == "" {
		return ""
	}
	if !keyForm.MatchString(k) {
		m.Fault("key", fmt.Sprintf("%q is no key", k), "use letters, digits and _ . -, a letter or digit first")
	}
	if where == "" {
		where = k
	}
	if was, twice := seen[k]; twice {
		m.Fault("key", fmt.Sprintf("%q is used twice in this version", k), "the first is "+was)
	} else {
		seen[k] = "stage " + where
	}
	return k
}

// stage reads one; previous is the phase of those before it, taken where its own cannot be read.
func (r *reader) stage(m *yamlfile.Map, seen scope, previous Phase) Stage {
	s := Stage{
		Key:       key(m, seen.keys, ""),
		Name:      m.Need("name", "what people call the stage"),
		Expects:   m.Need("expects", "say in one sentence what the buyer has done"),
		Mandatory: m.Bool("mandatory", true),
		Final:     m.Bool("final", false),
	}
	if !m.Has("phase") {
		m.Missing("phase", "before, selling or after")
	}
	s.Phase, _ = ParsePhase(m.ChoiceOf("phase", previous.String(), meantPhase, phaseNames[:]...))
	s.CRMStages = r.crmStages(m, &s, seen)
	if m.Has("stall_after") {
		s.StallAfter = pipeline.Some(m.Duration("stall_after", 0, time.Second, century))
		if s.Final {
			m.Fault("stall_after", "a final stage never stalls", "remove stall_after or final")
		}
	}
	if m.Has("win_probability") {
		s.WinProbability = pipeline.Some(m.Number("win_probability", 0, 0, 1))
	}
	for _, c := range m.Maps("requires") {
		s.Requires = append(s.Requires, r.criterion(c, seen, s.Key))
	}
	return s
}

const century = 36500 * 24 * time.Hour

// crmStages reads the source's names of a stage, by default its own name, and holds them against all others
// of the version: a name that means two things means nothing.
func (r *reader) crmStages(m *yamlfile.Map, s *Stage, seen scope) []string {
	names, at := m.Texts("crm_stages"), "crm_stages"
	m.Filled("crm_stages", "leave the key out where the CRM uses the stage's name")
	if !m.Has("crm_stages") && s.Name != "" {
		names, at = []string{s.Name}, "name"
	}
	for i, name := range names {
		n := Normal(name)
		if n == "" {
			continue // reported by Texts
		}
		if outcome, ok := r.closed[n]; ok {
			m.FaultAt(at, i, fmt.Sprintf("%q is a closed stage (%s)", name, outcome), "a closed stage is no step of the process")
		}
		if was, twice := seen.names[n]; twice {
			m.FaultAt(at, i, fmt.Sprintf("the CRM name %q is used twice in this version", name), "the first is of "+was+"; without case and outer spaces they are the same")
		} else {
			seen.names[n] = "stage " + s.Key
		}
	}
	return names
}

func (r *reader) criterion(m *yamlfile.Map, seen scope, stage string) Criterion {
	c := Criterion{
		Key:   key(m, seen.criteria, stage),
		Says:  m.Need("says", "say what the buyer must have done"),
		Why:   m.Text("why", ""),
		Coach: m.Text("coach", ""),
	}
	if m.Has("since") {
		c.Since = pipeline.Some(yamlfile.Value(m, "since", 0, parseDate).Start(r.loc))
	}
	if m.Has("grace") {
		c.Grace = pipeline.Some(m.Duration("grace", 0, 0, century))
	}
	c.MetBy = metBy(m, c.Key)
	return c
}

// metBy reads exactly one of the three means.
func metBy(m *yamlfile.Map, key string) MetBy {
	by := m.Map("met_by")
	means := 0
	for _, k := range []string{"criterion", "activity", "field"} {
		if by.Has(k) {
			means++
		}
	}
	if m.Has("met_by") && means != 1 && by.Sound() {
		m.Fault("met_by", "must have exactly one of criterion, activity, field", "")
	}
	switch {
	case by.Has("activity"):
		a := by.Map("activity")
		return MetBy{
			Means: ByActivity,
			Kind:  a.Text("kind", ""),
			Party: a.ChoiceOf("party", pipeline.BuyerParty, meantParty, pipeline.BuyerParty, "seller"),
			Count: a.Int("count", 1, 1, 1000),
		}
	case by.Has("field"):
		return MetBy{Means: ByField, Field: by.ChoiceOf("field", FieldAmount, meantField, FieldAmount, FieldExpectedClose)}
	case by.Has("criterion"):
		return MetBy{Means: ByCriterion, Criterion: by.Need("criterion", "the key of the criteria rows")}
	}
	return MetBy{Means: ByCriterion, Criterion: key}
}
