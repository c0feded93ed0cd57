package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"drumbeat/internal/discovery"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// tellDraft says what was seen, what was left out and what to do next.
func tellDraft(c *firstConfig, days map[string]discovery.Days, now time.Time) string {
	d := c.draft
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", hostOf(c.dsn), discovery.Counted(d.Deals, "deal"))
	if d.Of != "" {
		fmt.Fprintf(&b, " in the pipeline %q", d.Of)
	}
	if c.preset != "" {
		fmt.Fprintf(&b, ", by preset %s", c.preset)
	} else {
		b.WriteString(", by canonical tables")
	}
	if !d.First.IsZero() {
		fmt.Fprintf(&b, ", %s to %s", d.First.UTC().Format(time.DateOnly), d.Last.UTC().Format(time.DateOnly))
	}
	fmt.Fprintf(&b, "; %s won, %s lost, %s open\n\n", discovery.Number(d.Outcomes[pipeline.Won]), discovery.Number(d.Outcomes[pipeline.Lost]), discovery.Number(d.Outcomes[pipeline.Open]))
	tellStages(&b, d, days)
	b.WriteString("\n")
	closings := func(word string, all []discovery.Closed) {
		for _, n := range all {
			fmt.Fprintf(&b, "closed %-8s %q, %s\n", word, n.Name, discovery.Counted(n.Deals+n.Rested, "deal"))
		}
	}
	closings("won", d.Won)
	closings("lost", d.Lost)
	for _, m := range d.Movers {
		what := "proposed as system"
		if !m.System() {
			what = "mostly of their own deals: a person, it seems; a line in the config says how to make it a system"
		}
		fmt.Fprintf(&b, "mover           %q made %s of all moves: %s\n", m.Rep, discovery.Percent(m.Moves, m.All), what)
	}
	tellLeftOut(&b, d)
	c.tellLacking(&b)
	b.WriteString(c.next(now))
	return b.String()
}

func tellStages(b *strings.Builder, d *discovery.Draft, days map[string]discovery.Days) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tdeals\twon of closed\tstalled after\t  stage")
	for i := range d.Stages {
		s := &d.Stages[i]
		won, after := "-", "-"
		if chance := d.WinChance(s); chance.OK {
			won = discovery.Percent(s.Won, s.Closed)
		}
		if k, known := days[s.Key]; known && k.Learned && !s.Final {
			after = fmt.Sprintf("%.1f days", k.Threshold)
		}
		note := ""
		if s.Phase == process.After {
			note += ", after winning"
		}
		if !s.Mandatory {
			note += ", not mandatory"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t  %s%s\n", i+1, discovery.Number(s.Deals), won, after, s.Name, note)
	}
	_ = w.Flush() // a strings.Builder takes everything
	if d.NoHistory {
		fmt.Fprintf(b, "There is no history of stages: their order is a guess, %s.\n", d.Guess)
	}
}

func tellLeftOut(b *strings.Builder, d *discovery.Draft) {
	for i, p := range d.Pipelines {
		if d.Of == "" || p.Name == d.Of || i > 5 {
			continue
		}
		what := fmt.Sprintf("pipeline %q", p.Name)
		if p.Name == "" {
			what = "without a pipeline"
		}
		fmt.Fprintf(b, "left out        %s, %s\n", what, discovery.Counted(p.Deals, "deal"))
	}
	for i, a := range d.Aside {
		if i == 5 {
			fmt.Fprintf(b, "left out        %d more names of stages, listed in %s\n", len(d.Aside)-i, processFile)
			break
		}
		fmt.Fprintf(b, "left out        %q (%s), %s\n", a.Name, a.Why, discovery.Counted(a.Deals, "deal"))
	}
	if d.TooMany {
		b.WriteString("left out        more names of stages than a process can have: is it the right column?\n")
	}
}

// tellLacking says which rows the source does not have, for what reason as far as it knows one, and what cannot be told then;
// last what else it notes.
func (c *firstConfig) tellLacking(b *strings.Builder) {
	notes, others := map[string]string{}, []string{}
	for _, n := range c.notes {
		if rows, why, ok := strings.Cut(n, ": "); ok && strings.HasPrefix(rows, "no ") {
			notes[strings.TrimPrefix(rows, "no ")] = why
		} else {
			others = append(others, n)
		}
	}
	for _, g := range c.gaps {
		if g.Lacks == string(pipeline.Waivers) { // no CRM has them
			continue
		}
		said := g.Lacks
		if why := notes[g.Lacks]; why != "" {
			var reasons []string // the same table may be asked for twice
			for _, r := range strings.Split(why, "; ") {
				if !slices.Contains(reasons, r) {
					reasons = append(reasons, r)
				}
			}
			said += ": " + strings.Join(reasons, "; ")
		}
		fmt.Fprintf(b, "not there       %s\n                for want of it: %s\n", said, shortened(g.Figures))
	}
	about := func(n string) int { // the role that reads is nothing that the draft lacks
		if strings.HasPrefix(n, "the role ") {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(others, func(a, b string) int { return about(a) - about(b) })
	for _, n := range others {
		fmt.Fprintf(b, "to be known     %s\n", n)
	}
}

// shortened cuts a list of figures to its first few.
func shortened(figures string) string {
	const fits = 90
	cut := len(figures)
	for cut > fits || strings.Count(figures[:cut], "(") != strings.Count(figures[:cut], ")") {
		before := strings.LastIndexAny(figures[:cut], ",;(")
		if before < 0 {
			return figures
		}
		cut = before
	}
	if cut == len(figures) {
		return figures
	}
	return strings.TrimSpace(figures[:cut]) + " and more"
}

// next says what was written and which calls come next.
func (c *firstConfig) next(now time.Time) string {
	var b strings.Builder
	path := filepath.Join(c.dir, configFile)
	fmt.Fprintf(&b, "\nwrote %s and %s\n\nnext\n", path, filepath.Join(c.dir, processFile))
	_, secrets := c.source()
	for name := range secrets { // one at most
		fmt.Fprintf(&b, "  the password is not written down: %s\n", c.howToSet(name))
	}
	config := ""
	if path != configFile {
		config = " --config " + path
	}
	asOf := ""
	if end := c.asOf(now); now.Sub(end) > 14*24*time.Hour {
		asOf = " --as-of " + end.Format(time.DateOnly)
	}
	const comes = "  drumbeat %-60s %s\n"
	fmt.Fprintf(&b, comes, "report"+config+asOf, "# the figures, by the draft as it is")
	fmt.Fprintf(&b, "  edit %-64s %s\n", filepath.Join(c.dir, processFile), "# say what the buyer has done in each stage")
	fmt.Fprintf(&b, comes, "check"+config+" --connect", "# what is still to fill in before mails can go")
	return b.String()
}
