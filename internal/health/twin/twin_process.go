package twin

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/process"
)

func normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// inForce is the version with the latest effective date by then; before all of them the first.
func (w *world) inForce(t time.Time) int {
	best := 0
	for i := range w.versions {
		if !w.versions[i].From.After(t) && (w.versions[best].From.After(t) || !w.versions[i].From.Before(w.versions[best].From)) {
			best = i
		}
	}
	return best
}

func (w *world) version(t time.Time) *process.Version { return &w.versions[w.inForce(t)] }

// position of a stage's key in a version, -1 if it has none.
func position(v *process.Version, key string) int {
	return slices.IndexFunc(v.Stages, func(s process.Stage) bool { return s.Key == key })
}

func stageOf(v *process.Version, key string) *process.Stage {
	if i := position(v, key); i >= 0 {
		return &v.Stages[i]
	}
	return nil
}

// lookup finds what a source's name means at t: nil is unmapped.
func (w *world) lookup(name string, t time.Time) *process.Stage {
	now := w.inForce(t)
	order := []int{now}
	for i := now - 1; i >= 0; i-- {
		order = append(order, i)
	}
	for i := now + 1; i < len(w.versions); i++ {
		order = append(order, i)
	}
	for _, i := range order {
		for j := range w.versions[i].Stages {
			s := &w.versions[i].Stages[j]
			if !knows(s, name) {
				continue
			}
			if mine := stageOf(&w.versions[now], s.Key); mine != nil {
				return mine
			}
			return s
		}
	}
	return nil
}

func knows(s *process.Stage, name string) bool {
	names := s.CRMStages
	if len(names) == 0 {
		names = []string{s.Name}
	}
	return slices.ContainsFunc(names, func(n string) bool { return normal(n) == normal(name) })
}

func (w *world) inPipelines(name string) bool {
	list := w.in.Process.Pipelines
	return len(list) == 0 || slices.ContainsFunc(list, func(p string) bool { return normal(p) == normal(name) })
}

// processOrder lists one stage per key: the version in force at as_of, then what only others have.
func (w *world) processOrder() []*process.Stage {
	var out []*process.Stage
	add := func(v *process.Version) {
		for i := range v.Stages {
			if !slices.ContainsFunc(out, func(s *process.Stage) bool { return s.Key == v.Stages[i].Key }) {
				out = append(out, &v.Stages[i])
			}
		}
	}
	add(w.version(w.asOf))
	for i := range w.versions {
		add(&w.versions[i])
	}
	return out
}

// checkpoint of the process: under which stage it is listed.
type checkpoint struct {
	key   string
	stage *process.Stage
}

// checkpoints in process order: stage by stage its own, if any version has it mandatory, then its criteria.
func (w *world) checkpoints() []checkpoint {
	var out []checkpoint
	now := w.version(w.asOf)
	for _, s := range w.order {
		if w.everMandatory(s.Key) {
			out = append(out, checkpoint{process.StageCheckpoint(s.Key), s})
		}
		add := func(v *process.Version) {
			own := stageOf(v, s.Key)
			if own == nil {
				return
			}
			for _, c := range own.Requires {
				key := process.BuyerCheckpoint(c.Key)
				listed := slices.ContainsFunc(out, func(o checkpoint) bool { return o.key == key })
				if !listed && (v == now || !asks(now, c.Key)) {
					out = append(out, checkpoint{key, s})
				}
			}
		}
		add(now)
		for i := range w.versions {
			add(&w.versions[i])
		}
	}
	return out
}

func (w *world) everMandatory(key string) bool {
	for i := range w.versions {
		if s := stageOf(&w.versions[i], key); s != nil && s.Mandatory {
			return true
		}
	}
	return false
}

// asks says whether a version has that criterion at any stage.
func asks(v *process.Version, criterion string) bool {
	for _, s := range v.Stages {
		for _, c := range s.Requires {
			if c.Key == criterion {
				return true
			}
		}
	}
	return false
}

// hasCriteria says whether any version asks for any buyer criterion.
func (w *world) hasCriteria() bool {
	for _, c := range w.checks {
		if strings.HasPrefix(c.key, "buyer:") {
			return true
		}
	}
	return false
}

// placeOf is a checkpoint's place in process order.
func (w *world) placeOf(key string) int {
	return slices.IndexFunc(w.checks, func(c checkpoint) bool { return c.key == key })
}

// pastSelling is the position just beyond the last stage of before or selling.
func pastSelling(v *process.Version) int {
	for j := len(v.Stages) - 1; j >= 0; j-- {
		if v.Stages[j].Phase != process.After {
			return j + 1
		}
	}
	return 0
}
