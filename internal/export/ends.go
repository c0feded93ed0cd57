package export

import (
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// handful is how many deals may well all be open, or all be won.
const handful = 5

// warnEnds asks whether it can be that nothing was won, or nothing lost. It comes before everything else: rates and
// chances are made of both, and look sound without one of them.
func (e *Export) warnEnds() {
	deals := map[pipeline.Outcome]int{}
	all := 0
	for _, s := range e.census.stages {
		deals[s.outcome] += s.n
		all += s.n
	}
	won, lost := deals[pipeline.Won], deals[pipeline.Lost]
	if all <= handful || won > 0 && lost > 0 {
		return
	}
	what := fmt.Sprintf("none of %s counts as won or lost", plural(all, "deal"))
	switch {
	case won > 0:
		what = fmt.Sprintf("of %s %d count as won and none as lost", plural(all, "deal"), won)
	case lost > 0:
		what = fmt.Sprintf("of %s %d count as lost and none as won", plural(all, "deal"), lost)
	}
	f := e.filesOf(pipeline.Deals)[0]
	e.warning(Place{File: f.name}, what, "if that is not so, say under outcomes in the map which stages are an end; "+e.likelyEnds())
	last := len(e.Warnings) - 1
	e.Warnings = slices.Insert(e.Warnings[:last:last], 0, e.Warnings[last])
}

// likelyEnds names the stages of open deals that sound like an end, else all of them.
func (e *Export) likelyEnds() string {
	var sounds, others []string
	for _, s := range e.census.stages {
		name := fmt.Sprintf("%q", shorten(s.stage))
		switch {
		case s.outcome != pipeline.Open || s.stage == "" || slices.Contains(sounds, name) || slices.Contains(others, name):
		case soundsFinal(s.stage):
			sounds = append(sounds, name)
		default:
			others = append(others, name)
		}
	}
	const most = 12
	switch {
	case len(sounds) > 0:
		return "these sound like one: " + strings.Join(sounds[:min(most, len(sounds))], ", ")
	case len(others) > most:
		return fmt.Sprintf("the stages of open deals are %s and %d more", strings.Join(others[:most], ", "), len(others)-most)
	case len(others) > 0:
		return "the stages of open deals are " + strings.Join(others, ", ")
	}
	return "no open deal has a stage: does the export leave some deals out?"
}
