package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// Preview says how the export was understood: with details, column by column and with the first rows as they would be
// written, else a line for each file.
func (e *Export) Preview(w io.Writer, details bool) error {
	p := printer{w: w}
	for _, f := range e.files {
		p.line("%s: %s of %s", f.name, plural(f.n, "row"), f.rows)
		p.line("  %s", f.manner())
		if !details {
			continue
		}
		e.previewColumns(&p, f)
		if unused := f.unused(); len(unused) > 0 {
			p.line("  %-18s %s", "not used:", strings.Join(unused, ", "))
		}
		p.line("")
	}
	if !details {
		return p.err
	}
	e.previewStages(&p)
	for _, t := range e.Tables {
		e.previewRows(&p, t)
	}
	return p.err
}

// printer keeps the first error of many lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

// manner says in one sentence how a file is written.
func (f *file) manner() string {
	parts := []string{"fields separated by " + map[string]string{"comma": "commas", "semicolon": "semicolons", "tab": "tabs"}[f.delimiter]}
	if len(f.dateColumns()) > 0 {
		parts = append(parts, "dates "+f.dates.say(map[string]string{dayFirst: "day first (dmy)", monthFirst: "month first (mdy)", yearFirst: "year first (ymd)"}))
		zone := "times without a zone are UTC, since nothing says otherwise (--time-zone)"
		if f.settings.zoneName != "" {
			zone = "times without a zone are of " + f.settings.zoneName
		}
		parts = append(parts, zone)
	}
	if f.has("amount") || f.has("probability") {
		how := "numbers without thousands or decimals"
		if f.decimals.set || f.decimals.by.there() {
			how = "decimals after a " + f.decimals.say(map[string]string{dot: "dot", comma: "comma"})
		}
		parts = append(parts, how)
	}
	if f.has("probability") && f.percent {
		parts = append(parts, "probabilities in percent")
	}
	return strings.Join(parts, "; ")
}

// say gives a habit in words, and on what evidence.
func (h *habit) say(words map[string]string) string {
	switch {
	case h.set:
		return words[h.name] + ", as set"
	case h.by.there():
		return fmt.Sprintf("%s, since line %d has %q", words[h.name], h.by.place.Line, h.by.value)
	}
	return "that mean the same in any order"
}

// unused lists the headers that tell nothing here.
func (f *file) unused() []string {
	var out []string
	for i, header := range f.header {
		used := f.enteredAt(i) >= 0 || slices.ContainsFunc(f.criteria, func(c enteredColumn) bool { return c.column == i })
		for _, column := range f.columns {
			used = used || column == i
		}
		if !used {
			out = append(out, header)
		}
	}
	return out
}

// told says which keys tell a canonical column of deals, with what has to be said about it.
var toldOfDeals = [dealWidth][]toldBy{
	dealID:          {{"id", ""}, {"name", "where there is no id"}},
	dealName:        {{"name", ""}, {"account", "where there is no name"}, {"id", "else"}},
	dealRep:         {{"rep_id", ""}},
	dealPipeline:    {{"pipeline", ""}},
	dealAmount:      {{"amount", ""}},
	dealCurrency:    {{"currency", ""}},
	dealCreated:     {{"created_at", ""}},
	dealClosed:      {{"won_at", "of won deals"}, {"lost_at", "of lost deals"}, {"closed_at", "of closed deals"}, {"close_date", "of closed deals"}},
	dealOutcome:     {{"outcome", ""}, {"won", ""}, {"lost", ""}, {"closed", ""}, {"stage", "see below"}},
	dealStage:       {{"stage", ""}},
	dealExpected:    {{"expected_close", ""}, {"close_date", "of open deals"}},
	dealProbability: {{"probability", ""}},
	dealCategory:    {{"forecast_category", ""}},
	dealLoss:        {{"loss_reason", ""}},
}

type toldBy struct{ key, when string }

// previewColumns says for each canonical column which header tells it.
func (e *Export) previewColumns(p *printer, f *file) {
	if f.rows != pipeline.Deals {
		for _, key := range keys[f.rows] {
			if f.has(key) {
				p.line("  %-18s <- %s", key, f.titleOf(key))
			}
		}
		if f.rows == pipeline.Reps && !f.has("id") {
			p.line("  %-18s <- the name", "id")
		}
		return
	}
	for column, by := range toldOfDeals {
		var from []string
		for _, b := range by {
			if !f.has(b.key) || column == dealID && b.key == "name" && f.has("id") {
				continue
			}
			when := ""
			if b.when != "" {
				when = " (" + b.when + ")"
			}
			from = append(from, f.titleOf(b.key)+when)
		}
		if column == dealPipeline && len(from) == 0 && f.mapping.stageForm != nil {
			from = []string{f.titleOf("stage") + " (the part in brackets)"}
		}
		if len(from) == 0 {
			p.line("  %-18s -", dealColumns[column])
			continue
		}
		p.line("  %-18s <- %s", dealColumns[column], strings.Join(from, ", "))
	}
	for _, en := range f.entered {
		p.line("  %-18s <- %s: the day of entering %q", "stage_changes", f.header[en.column], en.stage)
	}
	for _, c := range f.criteria {
		p.line("  %-18s <- %s: the day on which the buyer met %q", "criteria", f.header[c.column], c.stage)
	}
}

// previewStages counts the deals of each stage, and says what the stage was taken for.
func (e *Export) previewStages(p *printer) {
	counts := slices.Clone(e.census.stages)
	slices.SortStableFunc(counts, func(a, b stageCount) int { return b.n - a.n })
	const most = 40
	p.line("%-28s %-8s %8s  told by", "stage", "outcome", "deals")
	for _, c := range counts[:min(most, len(counts))] {
		stage := c.stage
		if stage == "" {
			stage = "(none)"
		}
		p.line("%-28s %-8s %8d  %s", stage, c.outcome, c.n, c.by)
	}
	if len(counts) > most {
		p.line("and %d more", len(counts)-most)
	}
	p.line("")
}

var errEnough = errors.New("enough rows")

// previewRows shows the first rows as they would be written.
func (e *Export) previewRows(p *printer, t Table) {
	const most = 3
	n := 0
	p.line("the first rows of %s, as they would be written:", t.Rows)
	err := t.Each(func(r Row) error {
		var parts []string
		for i, value := range r.Values {
			if value != "" {
				parts = append(parts, t.Columns[i]+"="+value)
			}
		}
		p.line("  %s", strings.Join(parts, "  "))
		if n++; n == most {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) && p.err == nil {
		p.err = err
	}
	p.line("")
}
