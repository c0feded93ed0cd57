package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/yamlfile"
)

// tellNamed says whom and what the config and the waivers name and nobody has: a digest to a team that there is not
// goes to nobody, and nothing else says why. The reps are those with the config's people over them.
func tellNamed(b *strings.Builder, cfg *config.Config, reps []pipeline.Rep, waived map[string]int) {
	var lines []string
	say := func(format string, values ...any) { lines = append(lines, fmt.Sprintf("  "+format+"\n", values...)) }
	teams := map[string]int{}
	ids := map[string]bool{}
	for _, r := range reps {
		if ids[r.ID] = true; r.Team != "" {
			teams[r.Team]++
		}
	}
	for _, s := range cfg.Schedules {
		for _, team := range s.Recipients.Teams {
			if teams[team] == 0 {
				say("schedule %s: nobody is in the team %q; %s", s.Name, team, instead(team, teams))
			}
		}
		for _, id := range s.Recipients.Reps {
			if !ids[id] {
				say("schedule %s: no rep has the id %q; %s", s.Name, id, byName(id, reps))
			}
		}
	}
	for _, p := range cfg.People {
		if p.Manager != "" && !ids[p.Manager] {
			say("people: %s: no rep has the id %q of the manager; %s", p.Rep, p.Manager, byName(p.Manager, reps))
		}
	}
	var known []string
	for _, c := range cfg.Process.Checkpoints(time.Time{}) {
		known = append(known, c.Key)
	}
	for _, name := range mostFirst(waived) {
		if !slices.Contains(known, name) {
			say("waivers: no version of the process has the checkpoint %q (%d); %s", name, waived[name], yamlfile.Suggest(name, known))
		}
	}
	if len(lines) > 0 {
		b.WriteString("\nnamed and not there, so that it has no effect\n" + strings.Join(lines, ""))
	}
}

// byName is the hint for an id that nobody has: people write names and addresses in their place.
func byName(id string, reps []pipeline.Rep) string {
	for _, r := range reps {
		if n := process.Normal(id); n != "" && (n == process.Normal(r.Name) || n == process.Normal(r.Email)) {
			return fmt.Sprintf("did you mean %q, the id of %s?", r.ID, r.Name)
		}
	}
	return "write an id of the source's reps"
}
