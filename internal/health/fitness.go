package health

import (
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// fit is a version of the process as a path is aligned with it.
type fit struct {
	place    []int  // by stage in process order: its place, from 1, among the mandatory before and selling stages; 0: none
	optional []bool // by stage
	length   int    // how many of them there are
}

// indexFits prepares every version.
func (c *computation) indexFits() {
	for i := range c.proc.Versions {
		v := &c.proc.Versions[i]
		f := fit{place: make([]int, len(c.stages)), optional: make([]bool, len(c.stages))}
		for j := range v.Stages {
			s := &v.Stages[j]
			f.optional[c.stageIndex[s.Key]] = !s.Mandatory
			if s.Mandatory && s.Phase != process.After {
				f.length++
				f.place[c.stageIndex[s.Key]] = f.length
			}
		}
		c.fits = append(c.fits, f)
	}
}

// conformance gives how well a deal's path aligns with the process: 2·LCS(path, process)/(lengths), the
// fitness of the optimal alignment (Adriansyah 2014), and the deviations that are left. An open or lost deal
// is held only against the process up to the furthest stage that it reached: nobody is blamed for stages
// still ahead. Both are missing for a deal without a path.
//
// The path is that before closing, without after stages and without the version's optional ones, then without
// repeats; unmapped names stay. The process has each stage once, so the longest common subsequence is the
// longest increasing one of the places that the path takes in it (Schensted 1961).
func (c *computation) conformance(d *view) (Number, Count) {
	if !d.hasPath || c.observesStages() { // a stage that was not seen may have been gone through between two looks
		return Number{}, Count{}
	}
	f := &c.fits[c.versionForFitness(d)]
	steps, furthest := 0, 0
	rising := c.scratch.rising[:0] // the least place at which a rising run of each length ends
	var last *move
	for i := range d.moves[:d.before] {
		m := &d.moves[i]
		place := 0
		if m.stage != nil {
			if m.stage.Phase == process.After || f.optional[m.index] {
				continue
			}
			place = f.place[m.index]
		}
		if last != nil && same(last, m) {
			continue
		}
		last = m
		steps++
		if place == 0 {
			continue
		}
		furthest = max(furthest, place)
		if at, _ := slices.BinarySearch(rising, place); at < len(rising) {
			rising[at] = place
		} else {
			rising = append(rising, place)
		}
	}
	c.scratch.rising = rising
	total := steps + furthest
	if d.outcome == pipeline.Won {
		total = steps + f.length
	}
	if total == 0 {
		return Number{}, Count{}
	}
	return pipeline.Some(2 * float64(len(rising)) / float64(total)), pipeline.Some(total - 2*len(rising))
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
