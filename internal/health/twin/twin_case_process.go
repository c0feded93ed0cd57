package twin

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// stages that a process is made of, in order.
var stages = []struct {
	key   string
	phase process.Phase
}{
	{"lead", process.Before}, {"nurture", process.Before}, {"talk", process.Selling}, {"offer", process.Selling},
	{"terms", process.Selling}, {"sign", process.Selling}, {"invoice", process.After}, {"live", process.After},
}

// process makes one to three versions, each a change of the one before.
func (m *maker) process(roll dice) {
	versions := []process.Version{m.version(m.firstStages(roll), -one(roll, 300, 500, 40, 9))}
	for range one(roll, 0, 0, 1, 2) {
		last := versions[len(versions)-1]
		list := cloneStages(last.Stages)
		for range 1 + roll(3) {
			list = m.change(roll, list)
		}
		after := pipeline.Date(one(roll, 30, 4, 60, 150, 0, 250))
		versions = append(versions, m.version(list, int(last.Effective+after-dateOf(m.asOf, m.loc))))
	}
	var pipelines []string
	if roll(4) == 3 && !m.crowd.on {
		pipelines = []string{"New Business", " renewal"}
	}
	m.proc = process.New("twin", pipelines, []string{"Closed Won", " signed "}, []string{"Closed Lost", "dead"}, versions)
	for _, v := range m.proc.Versions {
		for _, s := range v.Stages {
			for _, n := range append(slices.Clone(s.CRMStages), s.Name) {
				if m.known(n) && !slices.Contains(m.names, n) {
					m.names = append(m.names, n)
				}
			}
		}
	}
	if roll(6) == 5 {
		m.set.Focus = one(roll, m.proc.Checkpoints(m.asOf)...).Key
	}
}

// known says whether some version's stage bears that name.
func (m *maker) known(name string) bool {
	return slices.ContainsFunc(m.proc.Versions, func(v process.Version) bool {
		return slices.ContainsFunc(v.Stages, func(s process.Stage) bool { return knows(&s, name) })
	})
}

// version that begins so many days after as_of (before it: less than 0); it is one that process.Read accepts.
func (m *maker) version(list []process.Stage, after int) process.Version {
	slices.SortStableFunc(list, func(a, b process.Stage) int { return int(a.Phase - b.Phase) })
	if !slices.ContainsFunc(list, func(s process.Stage) bool { return s.Mandatory }) {
		list[0].Mandatory = true
	}
	used := map[string]bool{}
	unused := func(name string) bool {
		was := used[normal(name)]
		used[normal(name)] = true
		return !was
	}
	for i := range list {
		s := &list[i]
		if s.Final {
			s.StallAfter = pipeline.Opt[time.Duration]{}
		}
		s.Requires = filter(s.Requires, func(c process.Criterion) bool { return unused("criterion " + c.Key) })
		if s.CRMStages = filter(namesOf(*s), unused); len(s.CRMStages) == 0 {
			s.CRMStages = []string{"Only " + s.Key}
		}
	}
	date := dateOf(m.asOf, m.loc) + pipeline.Date(after)
	return process.Version{Effective: date, From: date.Start(m.loc), Stages: list}
}

func (m *maker) firstStages(roll dice) []process.Stage {
	var out []process.Stage
	for _, s := range stages {
		if roll(4) == 3 && !(m.crowd.on && s.phase == process.Selling) {
			continue
		}
		out = append(out, m.stage(roll, s.key, s.phase))
	}
	if len(out) == 0 {
		out = append(out, m.stage(roll, "talk", process.Selling))
	}
	return out
}

func (m *maker) stage(roll dice, key string, phase process.Phase) process.Stage {
	s := process.Stage{Key: key, Name: strings.ToUpper(key[:1]) + key[1:], Phase: phase, Mandatory: roll(4) != 3,
		Final: roll(10) == 9, WinProbability: one(roll, pipeline.Opt[float64]{}, pipeline.Some(0.3), pipeline.Some(0.0), pipeline.Some(0.75))}
	if phase == process.After {
		s.Mandatory = roll(3) == 2
	}
	if !s.Final && roll(5) == 4 {
		s.StallAfter = pipeline.Some(one(roll, 7*day, 0, time.Hour, 36*time.Hour))
	}
	if roll(3) == 2 {
		s.CRMStages = []string{s.Name, "2 - " + key}
	}
	for i := range one(roll, 1, 0, 2) {
		s.Requires = append(s.Requires, m.criterion(roll, key+"_"+string(rune('a'+i))))
	}
	return s
}

func (m *maker) criterion(roll dice, key string) process.Criterion {
	c := process.Criterion{Key: key, Says: "The buyer did it.", MetBy: one(roll,
		process.MetBy{Means: process.ByCriterion, Criterion: key},
		process.MetBy{Means: process.ByCriterion, Criterion: "proof"},
		process.MetBy{Means: process.ByActivity, Party: pipeline.BuyerParty, Count: 1},
		process.MetBy{Means: process.ByActivity, Kind: "Meeting", Party: pipeline.BuyerParty, Count: 2},
		process.MetBy{Means: process.ByActivity, Kind: "call", Party: "seller", Count: 1},
		process.MetBy{Means: process.ByField, Field: process.FieldAmount},
		process.MetBy{Means: process.ByField, Field: process.FieldExpectedClose})}
	if m.crowd.evidence > 0 {
		c.MetBy = process.MetBy{Means: process.ByCriterion, Criterion: "proof"}
		return c
	}
	if roll(4) == 3 {
		c.Grace = pipeline.Some(one(roll, 0, time.Hour, 2*day, 30*day))
	}
	if roll(5) == 4 {
		c.Since = pipeline.Some((dateOf(m.asOf, m.loc) - pipeline.Date(roll(40))).Start(m.loc))
	}
	return c
}

func cloneStages(list []process.Stage) []process.Stage {
	out := slices.Clone(list)
	for i := range out {
		out[i].CRMStages = slices.Clone(out[i].CRMStages)
		out[i].Requires = slices.Clone(out[i].Requires)
	}
	return out
}

// change is what a new version does to the process: a stage more or less, another name, another place.
func (m *maker) change(roll dice, list []process.Stage) []process.Stage {
	i := roll(len(list))
	s := &list[i]
	switch roll(9) {
	case 0:
		s.Mandatory = !s.Mandatory
	case 1:
		if len(list) > 1 {
			return slices.Delete(list, i, i+1)
		}
	case 2:
		for _, n := range stages {
			if !slices.ContainsFunc(list, func(s process.Stage) bool { return s.Key == n.key }) {
				return slices.Insert(list, i, m.stage(roll, n.key, n.phase))
			}
		}
	case 3:
		if name := "New " + s.Key; !slices.Contains(s.CRMStages, name) {
			s.CRMStages = []string{name}
		}
	case 4:
		j := roll(len(list))
		list[i], list[j] = list[j], list[i]
	case 5:
		s.Final = !s.Final
	case 6:
		s.Phase = one(roll, process.Selling, process.After, process.Before)
	case 7:
		j := roll(len(list))
		if from := list[i].Requires; len(from) > 0 && i != j {
			list[j].Requires = append(list[j].Requires, from[0])
			list[i].Requires = from[1:]
		}
	default:
		j := roll(len(list))
		if i != j { // two stages exchange their names
			a, b := namesOf(list[i]), namesOf(list[j])
			list[i].CRMStages, list[j].CRMStages = b, a
		}
	}
	return list
}

func namesOf(s process.Stage) []string {
	if len(s.CRMStages) > 0 {
		return s.CRMStages
	}
	return []string{s.Name}
}
