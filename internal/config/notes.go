package config

import (
	"net"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// note says what is no fault and seldom meant: what has no effect, and what others may read.
func (r *reader) note() {
	if s := r.cfg.Source; s.Schema != "" && s.Preset == "" && len(s.Queries) == 0 {
		r.cfg.Notes = append(r.cfg.Notes, "source.schema: queries would look there; the canonical tables are in the schema drumbeat")
	}
	switch w := r.cfg.Web; {
	case w.Listen == "" || w.Username != "":
	case exposed(w.Listen):
		r.cfg.Notes = append(r.cfg.Notes, "web.listen: beyond this machine /status is shown to nobody without web.auth; /metrics is, to whoever reaches it")
	case w.Proxied():
		r.cfg.Notes = append(r.cfg.Notes, "web.base_url: readers come by a proxy, so /status is shown to nobody without web.auth; /metrics is, to whoever reaches it")
	}
	if len(r.verbatim) > 0 {
		r.cfg.Notes = append(r.cfg.Notes, strings.Join(r.verbatim, ", ")+": written into the config, so whoever reads it, or a copy of it, has the secret; write ${NAME} for an environment variable, or name a file under the same key with _file")
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
	return err == nil && !onThisMachine(host)
}
