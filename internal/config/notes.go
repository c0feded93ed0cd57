package config

import (
	"slices"

	"drumbeat/internal/pipeline"
)

// note says what is set and has no effect.
func (r *reader) note() {
	if s := r.cfg.Source; s.Schema != "" && s.Preset == "" && len(s.Queries) == 0 {
		r.cfg.Notes = append(r.cfg.Notes, "source.schema: queries would look there; the canonical tables are in the schema drumbeat")
	}
	for _, s := range r.cfg.Schedules {
		if s.Digest == Admin && len(s.Recipients.Addresses) == 0 && !slices.ContainsFunc(r.cfg.People, func(p pipeline.Person) bool { return slices.Contains(p.Receives, Admin) }) {
			r.cfg.Notes = append(r.cfg.Notes, "schedules."+s.Name+": nobody gets it; name addresses under its recipients, or give somebody under people receives: [admin]")
		}
	}
}
