package config

import (
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/yamlfile"
)

// later lists the keys that are read and validated but that nothing uses so far. A key leaves this list in
// the change that gives it its effect.
var later = []struct {
	section, key string
	instead      string // what happens meanwhile
}{
	{"source", "preset", "give queries, or import into the canonical tables; reading a source by preset is refused"},
}

// note says what happens instead for each key that is set and has no effect yet.
func (r *reader) note(root *yamlfile.Map) {
	for _, l := range later {
		m, field := root, l.key
		if l.section != "" {
			m, field = root.Map(l.section), l.section+"."+l.key
		}
		if m.Has(l.key) {
			r.cfg.Notes = append(r.cfg.Notes, field+": "+l.instead)
		}
	}
	if s := r.cfg.Source; s.Schema != "" && s.Preset == "" && len(s.Queries) == 0 {
		r.cfg.Notes = append(r.cfg.Notes, "source.schema: queries would look there; the canonical tables are in the schema drumbeat")
	}
	for _, s := range r.cfg.Schedules {
		if s.Digest == Admin && len(s.Recipients.Addresses) == 0 && !slices.ContainsFunc(r.cfg.People, func(p pipeline.Person) bool { return slices.Contains(p.Receives, Admin) }) {
			r.cfg.Notes = append(r.cfg.Notes, "schedules."+s.Name+": nobody gets it; name addresses under its recipients, or give somebody under people receives: [admin]")
		}
		if s.Ping != "" {
			r.cfg.Notes = append(r.cfg.Notes, "schedules."+s.Name+".ping: nobody is pinged")
		}
	}
}
