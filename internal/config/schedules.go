package config

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
	"drumbeat/internal/yamlfile"
)

func (r *reader) people(root *yamlfile.Map) {
	seen := map[string]bool{}
	for _, m := range root.Maps("people") {
		p := pipeline.Person{
			Rep:      m.Need("rep", "the id of the rep whom this is about"),
			Name:     m.Text("name", ""),
			Email:    yamlfile.Value(m, "email", "", orEmpty(parsePlainAddress)),
			Manager:  m.Text("manager", ""),
			Team:     m.Text("team", ""),
			TimeZone: yamlfile.Value(m, "time_zone", "", orEmpty(parseZoneName)),
			Locale:   yamlfile.Value(m, "locale", "", orEmpty(parseLocale)),
			Active:   optionalBool(m, "active"),
			System:   optionalBool(m, "system"),
			Away:     away(m),
			Receives: m.Texts("receives"),
		}
		if m.Has("receives") && p.Receives == nil {
			p.Receives = []string{} // [] says: nothing
		}
		for i, kind := range p.Receives {
			known(m, "receives", i, kind, Manager, Rep, Admin)
		}
		if p.Rep != "" && seen[p.Rep] {
			m.Fault("rep", fmt.Sprintf("%q stands twice", p.Rep), "put everything about one person into one place")
		}
		seen[p.Rep] = true
		if p.Manager != "" && p.Manager == p.Rep {
			m.Fault("manager", "nobody is their own manager", "")
		}
		r.cfg.People = append(r.cfg.People, p)
	}
}

// optionalBool tells false from left out.
func optionalBool(m *yamlfile.Map, key string) pipeline.Opt[bool] {
	return pipeline.Opt[bool]{V: m.Bool(key, false), OK: m.Has(key)}
}

func away(person *yamlfile.Map) []pipeline.DateRange {
	var out []pipeline.DateRange
	for _, m := range person.Maps("away") {
		for _, k := range []string{"from", "to"} {
			if !m.Has(k) {
				m.Missing(k, "the first and the last day of the absence, like 2026-07-01")
			}
		}
		d := pipeline.DateRange{From: yamlfile.Value(m, "from", 0, parseDate), To: yamlfile.Value(m, "to", 0, parseDate)}
		if m.Has("from") && m.Has("to") && d.From != 0 && d.To != 0 && d.To < d.From {
			m.Fault("to", fmt.Sprintf("%s is before %s", d.To, d.From), "both days are included")
		}
		out = append(out, d)
	}
	return out
}

func (r *reader) schedules(root *yamlfile.Map) {
	seen := map[string]bool{}
	for _, m := range root.Maps("schedules") {
		s := r.schedule(m)
		if s.Name != "" && seen[s.Name] {
			m.Fault("name", fmt.Sprintf("a second schedule called %q", s.Name), "what was sent is remembered by this name: give each its own")
		}
		seen[s.Name] = true
		r.cfg.Schedules = append(r.cfg.Schedules, s)
	}
	root.Filled("schedules", "say which digest goes out when")
	if !root.Has("schedules") {
		r.cfg.unready = append(r.cfg.unready, root.Lack("schedules", "say which digest goes out when")...)
	}
}

func (r *reader) schedule(m *yamlfile.Map) Schedule {
	for _, required := range []struct{ key, hint string }{
		{"name", "what was sent is remembered by this name"},
		{"digest", "manager, rep or admin"},
		{"cron", `five fields, such as "0 7 * * 1" for Mondays at 07:00`},
	} {
		if !m.Has(required.key) {
			m.Missing(required.key, required.hint)
		}
	}
	s := Schedule{
		Name:      yamlfile.Value(m, "name", "", parseName),
		Digest:    m.ChoiceOf("digest", Manager, meantDigest, Manager, Rep, Admin),
		Window:    pipeline.Span(m.ChoiceOf("window", "week", meantSpan, "week", "month", "quarter")),
		Scope:     m.ChoiceOf("scope", "direct", meantScope, "direct", "tree"),
		CatchUp:   m.ChoiceOf("catch_up", "last", meantCatchUp, "last", "all", "none"),
		MaxAge:    m.Duration("max_age", 3*day, time.Minute, century),
		SkipEmpty: m.Bool("skip_empty", true),
		Ping:      yamlfile.Value(m, "ping", "", parseURL),
		Zone:      r.cfg.Zone,
	}
	s.Spec = yamlfile.Value(m, "cron", schedule.Spec{}, schedule.Parse)
	s.Cron = s.Spec.String()
	if m.Text("time_zone", "") == "recipient" {
		s.RecipientZone = true
	} else {
		s.Zone = yamlfile.Value(m, "time_zone", r.cfg.Zone, func(name string) (*time.Location, error) {
			if yamlfile.Distance(strings.ToLower(name), "recipient") < 3 {
				return nil, fmt.Errorf("there is no time zone %q; did you mean recipient?", name)
			}
			return parseZone(name)
		})
	}
	s.Recipients = recipients(m.Map("recipients"), s.Digest)
	return s
}

func recipients(m *yamlfile.Map, digest string) Recipients {
	const everybody = "leave the key out to mean everybody"
	to := Recipients{Teams: m.Texts("teams"), Reps: m.Texts("reps"), Addresses: m.Texts("addresses")}
	m.Filled("teams", everybody)
	m.Filled("reps", everybody)
	m.Filled("addresses", "name an address or leave the key out")
	if m.Has("addresses") && digest != Admin {
		m.Fault("addresses", "only admin digests go to bare addresses", "use reps, or list the person under people")
	}
	for i, a := range to.Addresses {
		plain, err := parsePlainAddress(a)
		if err != nil && a != "" {
			m.FaultAt("addresses", i, err.Error(), "")
			continue
		}
		if slices.Contains(to.Addresses[:i], plain) {
			m.FaultAt("addresses", i, fmt.Sprintf("%q stands twice", plain), "")
		}
		to.Addresses[i] = plain
	}
	return to
}

// known holds one item of a list against the words that are possible there.
func known(m *yamlfile.Map, key string, i int, word string, words ...string) {
	if word != "" && !slices.Contains(words, word) {
		m.FaultAt(key, i, fmt.Sprintf("%q is not known", word), yamlfile.Suggest(word, words))
	}
}

func (r *reader) mail(root *yamlfile.Map) {
	m, c := root.Map("mail"), &r.cfg.Mail
	if m.Has("from") {
		c.From = yamlfile.Value(m, "from", mail.Address{}, parseAddress)
	} else {
		r.cfg.unready = append(r.cfg.unready, m.Lack("from", `the sender, such as "Drumbeat <drumbeat@example.com>"`)...)
	}
	if m.Has("reply_to") {
		to := yamlfile.Value(m, "reply_to", mail.Address{}, parseAddress)
		c.ReplyTo = &to
	}
	c.Connections = m.Int("connections", 2, 1, 64)
	c.Rate = yamlfile.Value(m, "rate", Rate{N: 10, Per: time.Second}, parseRate)
	c.AttemptsFor = m.Duration("attempts_for", day, time.Minute, 30*day)
	c.OnUnknown = m.Choice("on_unknown", "resend", "resend", "hold")
	c.IdempotencyHeader = yamlfile.Value(m, "idempotency_header", "", parseHeaderName)
	r.smtp(m.Map("smtp"))
}

func (r *reader) smtp(m *yamlfile.Map) {
	r.sending = true
	defer func() { r.sending = false }()
	c := &r.cfg.Mail.SMTP
	if m.Has("host") {
		c.Host = yamlfile.Value(m, "host", "", parseHost)
	} else {
		r.cfg.unready = append(r.cfg.unready, m.Lack("host", "the relay that takes the mails, such as smtp.example.com")...)
	}
	c.TLS = m.ChoiceOf("tls", "mandatory", meantTLS, "mandatory", "implicit", "opportunistic", "none")
	c.Port = m.Int("port", map[string]int{"mandatory": 587, "implicit": 465}[c.TLS], 1, 65535)
	if c.Port == 0 {
		c.Port = 25
	}
	c.Auth = m.Choice("auth", "auto", "auto", "none", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256")
	c.Username = m.Text("username", "")
	c.Password = r.secret(m, "password")
	bothOrNone(m, "the relay")
	c.CAFile = r.existing(m, "ca_file", false)
	c.Timeout = m.Duration("timeout", 30*time.Second, time.Second, time.Hour)
}
