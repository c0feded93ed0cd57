package main

import (
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/web"
	"drumbeat/internal/worker"
)

// newStatus makes the page of whoever is on call, of a house that serves from now on.
func (s *site) newStatus(h *house) *web.Status {
	cfg := h.Config
	running := web.Running{Config: cfg.Path, Version: cfg.Version, Commit: commit(), Environment: cfg.Environment, Worker: h.Owner, Database: "PostgreSQL",
		Since: s.began, InForce: time.Now(), Unreached: []string{digest.SkipNoAddress, digest.SkipAddress}, NothingToDo: digest.SkipEmpty}
	if strings.HasPrefix(string(cfg.State.DSN), "sqlite:") {
		running.Database, running.Alone = "SQLite", true
	}
	page := &web.Status{Ledger: s.state, Memory: &s.memory, Running: running, Zone: cfg.Zone, Plain: func(words string) string { return impersonal(h.Plain(words), true) }, Username: cfg.Web.Username, Password: string(cfg.Web.Password),
		Proxied: cfg.Web.Proxied(), Now: time.Now, Log: h.Log,
		Reload: func() (faults []string, at time.Time) {
			at, why := s.reloads.last()
			for _, line := range faultLines(why) { // of the config, as check prints them
				faults = append(faults, h.Plain(line))
			}
			return faults, at
		},
		Pulse: func() web.Pulse { return pulse(h.Vitals()) }}
	for _, c := range cfg.Schedules {
		page.Schedules = append(page.Schedules, web.Scheduled{Zone: c.Zone, OwnHour: c.RecipientZone,
			Clockwork: web.Clockwork{Name: c.Name, Digest: c.Digest, Next: func(after time.Time) time.Time { return c.Spec.Next(after, c.Zone) }}})
	}
	return page
}

// pulse is what a worker knows, as others may read it: what databases and relays quote is as in the log.
func pulse(v worker.Vitals) web.Pulse {
	p := web.Pulse{RelayFailures: v.RelayFailures, RelayWords: impersonal(v.RelayWords, true), RelaySince: v.RelaySince, SourceAge: v.SourceAge, Hindered: map[string]web.Hindrance{}}
	for schedule, why := range v.Hindered {
		p.Hindered[schedule] = web.Hindrance{Words: impersonal(why.Words, true), Held: why.Held, Setup: why.Setup}
	}
	return p
}
