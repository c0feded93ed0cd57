package digest

import (
	"strings"
	"time"
)

// Refusal is a changed config that could not be taken, so that the one before stays in force.
type Refusal struct {
	Since   time.Time // when it could not be taken first
	InForce time.Time // when the config was taken that stays
	Faults  []string  // each as check prints it
	Start   bool      // there are none: what has changed takes a start, and that is what Faults say
}

// How many faults of a config are told; the others are counted.
const shownFaults = 10

// refused is the task of a config that could not be taken.
func (o *operator) refused() []Task {
	r := o.Refused
	if r == nil {
		return nil
	}
	t := Task{Title: o.say("admin refused config", "n", len(r.Faults), "start", r.Start),
		Says: o.say("admin refused config says", "since", o.clock(r.Since), "taken", o.clock(r.InForce), "start", r.Start),
		Do:   o.say("admin refused config do", "start", r.Start)}
	if !r.Start {
		t.Cmd = o.command("check")
	}
	for _, f := range r.Faults[:min(len(r.Faults), shownFaults)] {
		place, what, _ := strings.Cut(f, ": ")
		t.Who = append(t.Who, Whom{Name: line(place, 120), Words: line(what, 300)})
	}
	if n := len(r.Faults) - shownFaults; n > 0 {
		t.More = o.say("admin todo more people", "n", n)
	}
	return []Task{t}
}
