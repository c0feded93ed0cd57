package config

import (
	"net"
	"slices"

	"drumbeat/internal/pipeline"
)

// note says what is set and has no effect.
func (r *reader) note() {
	if s := r.cfg.Source; s.Schema != "" && s.Preset == "" && len(s.Queries) == 0 {
		r.cfg.Notes = append(r.cfg.Notes, "source.schema: queries would look there; the canonical tables are in the schema drumbeat")
	}
	if w := r.cfg.Web; exposed(w.Listen) && w.Username == "" {
		r.cfg.Notes = append(r.cfg.Notes, "web.listen: beyond this machine /status is shown to nobody without web.auth; /metrics is, to whoever reaches it")
	}
	for _, s := range r.cfg.Schedules {
		if s.Digest == Admin && len(s.Recipients.Addresses) == 0 && !slices.ContainsFunc(r.cfg.People, func(p pipeline.Person) bool { return slices.Contains(p.Receives, Admin) }) {
			r.cfg.Notes = append(r.cfg.Notes, "schedules."+s.Name+": nobody gets it; name addresses under its recipients, or give somebody under people receives: [admin]")
		}
	}
}

// exposed says whether others than this machine may reach what an address is listened on for.
func exposed(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err == nil && host != "localhost" && (ip == nil || !ip.IsLoopback())
}
