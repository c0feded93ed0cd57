package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/ledger"
)

// statusPage is what the template shows.
type statusPage struct {
	Headline    string
	Environment string
	Well        bool
	AsOf        moment
	From        string // of when what the ledger said is; empty: of now
	Never       bool   // it has not said anything yet
	Needed      []matter
	Soft        []matter
	Next        []nextRow
	Runs        []runsOf
	Nothing     bool // has ever run
	Shared      []fact
	Own         []fact
}

type nextRow struct {
	Name, Digest string
	When         moment
	Own          bool // at each reader's own hour
	In           string
	Overdue      bool
	Last         string
	at           time.Time
}

// runsOf is the last runs of one schedule.
type runsOf struct {
	Name, Digest string
	Open         bool
	Newest       []span
	Rows         []runRow
}

type runRow struct {
	Period string
	When   moment
	How    span
	Result []span
	Took   string
}

// span is words that may be bad news.
type span struct {
	Words string
	Bad   bool
}

type fact struct{ Name, Words string }

// page makes it.
func (s *Status) page() statusPage {
	c := s.look()
	p := statusPage{Environment: s.Running.Environment, Never: c.sighting.at.IsZero(), Next: c.next(), Runs: c.runs(), Shared: c.shared(), Own: c.own()}
	p.AsOf = moment{c.now.In(s.Zone).Format("Monday, 2 January 2006, 15:04:05 MST"), c.now.In(s.Zone).Format(time.RFC3339)}
	p.Needed, p.Soft = c.troubles()
	switch n := len(p.Needed); {
	case n > 0:
		p.Headline = count(n, "thing needs you", "things need you")
	case len(p.Soft) > 0:
		p.Headline = "Nothing needs you yet"
	default:
		p.Headline, p.Well = "All is well", true
	}
	if c.err != nil && !p.Never {
		p.From = c.ago(c.sighting.at)
	}
	p.Nothing = !p.Never && len(c.said.Runs) == 0
	return p
}

// next is a row for each schedule, the soonest first and what is overdue before that.
func (c *scene) next() (rows []nextRow) {
	for _, s := range c.Schedules {
		row := nextRow{Name: s.Name, Digest: s.Digest, Own: s.OwnHour && s.Digest != "admin", Last: c.reached(s)}
		tick, late := c.due(s)
		if tick.IsZero() {
			tick = s.Next(c.clock)
		}
		switch row.at = tick; {
		case tick.IsZero():
			row.In = "never"
		case late > overdueAfter || late > 0 && c.pulse.Hindered[s.Name] != (Hindrance{}):
			row.When, row.In, row.Overdue = c.at(tick, s.Zone), "overdue for "+stretch(late), true
		case late > 0:
			row.When, row.In = c.at(tick, s.Zone), "now"
		default:
			row.When, row.In = c.at(tick, s.Zone), c.until(tick, s.Zone)
		}
		if row.Own && !tick.IsZero() {
			row.When.Words = tick.In(s.Zone).Format("Mon 2 Jan, 15:04")
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b nextRow) int {
		switch {
		case a.at.IsZero() != b.at.IsZero():
			return cmp.Compare(b.at.Unix(), a.at.Unix())
		default:
			return a.at.Compare(b.at)
		}
	})
	return rows
}

// reached says how many the last run of a schedule went to.
func (c *scene) reached(s Scheduled) string {
	for _, r := range c.said.Runs {
		if r.Schedule == s.Name && r.LeftOut == "" {
			return thousands(r.By[ledger.Sent])
		}
	}
	return "–"
}

// runs are the last ones of each schedule. They are all open where a glance takes them in.
func (c *scene) runs() (out []runsOf) {
	for _, s := range c.Schedules {
		of := runsOf{Name: s.Name, Digest: s.Digest, Open: len(c.Schedules) <= 4}
		for _, r := range c.said.Runs {
			if r.Schedule == s.Name {
				of.Rows = append(of.Rows, c.row(s, &r))
			}
		}
		if len(of.Rows) == 0 {
			continue
		}
		first := of.Rows[0]
		of.Newest = append([]span{{Words: first.When.Words}, first.How}, first.Result...)
		of.Open = of.Open || slices.ContainsFunc(of.Newest, func(s span) bool { return s.Bad })
		out = append(out, of)
	}
	return out
}

// row is one run.
func (c *scene) row(s Scheduled, r *ledger.RunRecord) runRow {
	row := runRow{Period: r.Period, When: c.at(cmp.Or(r.Tick, r.StartedAt), s.Zone), Took: "–"}
	switch late := r.StartedAt.Sub(r.Tick); {
	case r.LeftOut != "":
		row.How = span{"left out", true}
		row.Result = []span{{Words: withoutMark(c.Plain(r.LeftOut))}}
		return row
	case r.Tick.IsZero():
		row.How.Words = "by hand"
	case late > time.Minute:
		row.How.Words = stretch(late) + " late"
	case s.OwnHour && s.Digest != "admin":
		row.How.Words = "at each one’s own hour"
	default:
		row.How.Words = "on time"
	}
	row.Result = c.result(r)
	if !r.FinishedAt.IsZero() {
		row.Took = stretch(max(0, r.FinishedAt.Sub(r.StartedAt)))
	} else if r.By[ledger.Pending]+r.By[ledger.Sending] > 0 {
		row.Took = "not over yet"
	}
	return row
}

// result says what became of a run's digests.
func (c *scene) result(r *ledger.RunRecord) (out []span) {
	add := func(n int, words string, bad bool) {
		if n > 0 {
			out = append(out, span{thousands(n) + " " + words, bad})
		}
	}
	add(r.By[ledger.Sent], "sent", false)
	add(r.By[ledger.Pending], "waiting", false)
	add(r.By[ledger.Sending], "on the line", false)
	add(r.By[ledger.Failed], "failed", true)
	add(r.By[ledger.Unknown], "unknown", true)
	if n := r.By[ledger.Skipped]; n > 0 {
		why := ""
		if len(r.Why) > 0 {
			why = " (" + c.Plain(counted(r.Why)) + ")"
		}
		out = append(out, span{thousands(n) + " left out" + why, false})
	}
	if len(out) == 0 {
		out = []span{{"nobody was meant", true}}
	}
	return out
}

// shared is what holds for all workers of the ledger.
func (c *scene) shared() []fact {
	facts := []fact{{"Kept in", c.Running.Database}, {"Environment", c.Running.Environment}}
	switch {
	case c.err == nil:
		facts = append(facts, fact{"Answers", "yes"})
	case c.sighting.at.IsZero():
		facts = append(facts, fact{"Answers", "no, not since the worker started"})
	default:
		facts = append(facts, fact{"Answers", "no; last on " + c.ago(c.sighting.at)})
	}
	var digests []string
	for _, state := range ledger.States {
		if n := c.said.Standings[state].N; n > 0 {
			digests = append(digests, thousands(n)+" "+string(state))
		}
	}
	if len(digests) > 0 {
		facts = append(facts, fact{"Digests in it", strings.Join(digests, ", ")})
	}
	return facts
}

// own is what this process is and knows.
func (c *scene) own() []fact {
	r := c.Running
	facts := []fact{{"Worker", r.Worker}, {"Runs since", c.ago(r.Since)}, {"Program", r.Commit},
		{"Config", r.Config + ", version " + r.Version + ", in force since " + c.ago(r.InForce)}}
	switch faults, at := c.Reload(); {
	case at.IsZero():
		facts = append(facts, fact{"Last reload", "none since the start"})
	case len(faults) > 0:
		facts = append(facts, fact{"Last reload", c.ago(at) + ": refused, the config before is in force"})
	default:
		facts = append(facts, fact{"Last reload", c.ago(at) + ": taken"})
	}
	relay := "no failure since the last mail, or nothing had to be sent yet"
	if n := c.pulse.RelayFailures; n > 0 {
		relay = count(n, "failure", "failures in a row") + ", since " + c.ago(c.pulse.RelaySince)
	}
	return append(facts, fact{"Mail relay", relay}, fact{"Pipeline data", c.freshness()})
}

// freshness says how old the data were, in one piece where they were the same for all.
func (c *scene) freshness() string {
	var ages []string // each once
	read := map[string][]string{}
	for _, s := range c.Schedules {
		age, known := c.pulse.SourceAge[s.Name]
		if !known {
			continue
		}
		words := stretch(age)
		if age < time.Minute {
			words = "under a minute"
		}
		if len(read[words]) == 0 {
			ages = append(ages, words)
		}
		read[words] = append(read[words], s.Name)
	}
	if len(ages) == 0 {
		return "not read yet with this config: that is done when something is due"
	}
	for i, words := range ages {
		ages[i] = "newest row " + words + " old when it was last read for " + listed(read[words])
	}
	return strings.Join(ages, "; ")
}
