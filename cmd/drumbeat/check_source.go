package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/discovery"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// held is what a source holds of one kind of rows, of any time; all null where it has none.
type held struct {
	Table   *string    `json:"table"`
	N       *int       `json:"n"`
	Newest  *time.Time `json:"newest"`
	Missing []string   `json:"missing"` // columns
}

// found is what a source holds.
type found struct {
	cfg      *config.Config
	now      time.Time
	rows     map[pipeline.Rows]held
	newest   map[pipeline.Rows]time.Time
	values   values
	deals    int
	inScope  int               // deals in the pipelines of the process
	lines    seenNames         // deals by pipeline
	unmapped strangers         // stages of these deals that no version of the process knows
	evidence evidence          // of what buyers did, in these deals
	survey   *discovery.Survey // of what deals do, to say what such names seem to be
	noZone   []string          // time zones of reps that do not exist
	reps     []pipeline.Rep
	waived   map[string]int // by checkpoint
	notes    []string
	gaps     []source.Gap
	synced   pipeline.Opt[time.Time] // when its loader last wrote
}

// trySource reads the source once and says what it holds, and what it lacks for this config.
func trySource(ctx context.Context, w io.Writer, cfg *config.Config, format string, now time.Time) (err error) {
	s, err := openSource(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ofAnyTime := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	reading, end, err := s.Read(ctx, ofAnyTime)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	f := found{cfg: cfg, now: now, newest: map[pipeline.Rows]time.Time{}, values: values{}, lines: seenNames{}, unmapped: strangers{},
		evidence: newEvidence(), waived: map[string]int{}, reps: reading.Reps,
		survey: discovery.NewSurvey(now)}
	for history, err := range reading.Deals {
		if err != nil {
			return err
		}
		f.look(history)
	}
	f.people(reading.Reps)
	f.sum(reading)
	if format == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		err = out.Encode(map[string]any{"rows": f.rows})
	} else {
		if f.synced, err = s.Synced(ctx); err != nil {
			f.notes = append(f.notes, "when the loader last wrote is not known: "+err.Error())
		}
		_, err = io.WriteString(w, f.text())
	}
	if _, stranger := pipeline.Overlay(reading.Reps, cfg.People); stranger != nil {
		return wrong("%w", stranger)
	}
	return err
}

// look notes one deal.
func (f *found) look(h *pipeline.History) {
	f.survey.Add(h)
	f.deals++
	f.lines.saw(h.Deal.Pipeline)
	if f.cfg.Process.InPipelines(h.Deal.Pipeline) {
		f.inScope++
		f.unmapped.look(f.cfg.Process, h)
		f.evidence.look(h)
	}
	f.at(pipeline.Deals, h.Deal.CreatedAt)
	for _, c := range h.Changes {
		f.values.saw(pipeline.StageChanges, "rep_id", c.RepID != "")
	}
	for _, a := range h.Activities {
		f.values.saw(pipeline.Activities, "party", a.Party != "")
		f.evidence.party = f.evidence.party || a.Party != ""
	}
	f.evidence.held = f.evidence.held || len(h.Criteria) > 0
	for _, c := range h.Waivers { // the config's are no rows of the source
		f.at(pipeline.Waivers, c.At)
		f.waived[c.Checkpoint]++
	}
	f.values.deal(&h.Deal)
}

func (f *found) at(rows pipeline.Rows, t time.Time) {
	if t.After(f.newest[rows]) {
		f.newest[rows] = t
	}
}

func (f *found) people(reps []pipeline.Rep) {
	for _, r := range reps {
		if !source.ZoneExists(r.TimeZone) {
			f.noZone = append(f.noZone, r.TimeZone)
		}
		f.values.saw(pipeline.Reps, "email", r.Email != "")
		f.values.saw(pipeline.Reps, "manager_id", r.ManagerID != "")
		f.values.saw(pipeline.Reps, "team", r.Team != "")
		f.values.saw(pipeline.Reps, "time_zone", r.TimeZone != "")
	}
}

// sum is called after the last deal.
func (f *found) sum(reading *pipeline.Reading) {
	f.rows = map[pipeline.Rows]held{}
	for _, rows := range pipeline.AllRows {
		h := held{Missing: []string{}}
		if reading.Tables[rows] {
			table, n := reading.From[rows], reading.Counts[rows]
			if rows == pipeline.Deals {
				n = f.deals
			}
			h = held{Table: &table, N: &n, Missing: append(h.Missing, reading.Missing[rows]...)}
		}
		if newest, dated := reading.Newest[rows]; dated {
			f.at(rows, newest)
		}
		if newest, dated := f.newest[rows]; dated {
			newest = newest.UTC()
			h.Newest = &newest
		}
		f.rows[rows] = h
	}
	f.notes = reading.Notes
	f.gaps = source.LeftOut(reading.Tables, f.lacking())
}

// lacking adds to the columns that are missing those that are there and never hold anything.
func (f *found) lacking() map[pipeline.Rows][]string {
	out := map[pipeline.Rows][]string{}
	for rows, h := range f.rows {
		out[rows] = append(slices.Clone(h.Missing), f.values.empty(rows)...)
	}
	return out
}

// values says of a column whether any row had a value where one was to be expected.
type values map[pipeline.Rows]map[string]bool

func (v values) saw(rows pipeline.Rows, column string, filled bool) {
	if v[rows] == nil {
		v[rows] = map[string]bool{}
	}
	v[rows][column] = v[rows][column] || filled
}

func (v values) deal(d *pipeline.Deal) {
	saw := func(column string, filled bool) { v.saw(pipeline.Deals, column, filled) }
	saw("rep_id", d.RepID != "")
	saw("pipeline", d.Pipeline != "")
	saw("amount", d.Amount.OK)
	saw("currency", d.Currency != "")
	saw("stage", d.Stage != "")
	saw("expected_close", d.ExpectedClose.OK)
	saw("probability", d.Probability.OK)
	saw("forecast_category", d.ForecastCategory != "")
	if d.Outcome != pipeline.Open {
		saw("closed_at", d.ClosedAt.OK)
	}
	if d.Outcome == pipeline.Lost {
		saw("loss_reason", d.LossReason != "")
	}
}

// empty lists the columns of which rows were seen and never a value.
func (v values) empty(rows pipeline.Rows) (columns []string) {
	for _, column := range slices.Sorted(maps.Keys(v[rows])) {
		if !v[rows][column] {
			columns = append(columns, column)
		}
	}
	return columns
}

func (f *found) text() string {
	var b strings.Builder
	f.lines.lacking(&b, f.cfg.Process)
	b.WriteString("\nthe source holds\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, rows := range pipeline.AllRows {
		h := f.rows[rows]
		if h.Table == nil {
			fmt.Fprintf(table, "  %s\tnone\t\t\t\n", rows)
			continue
		}
		newest := ""
		if h.Newest != nil {
			newest = "newest " + h.Newest.Format("2006-01-02 15:04Z")
		}
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\n", rows, *h.N, *h.Table, newest, f.without(rows))
	}
	_ = table.Flush() // a Builder takes everything
	filled := trailing.ReplaceAllString(b.String(), "")
	b.Reset()
	b.WriteString(filled)
	f.fresh(&b)
	if f.inScope < f.deals && f.inScope > 0 {
		fmt.Fprintf(&b, "  %d of the deals are in the pipelines of the process\n", f.inScope)
	}
	if n := len(f.noZone); n > 0 {
		fmt.Fprintf(&b, "  time zones that do not exist: %d, the first %q; these reps get the schedule's\n", n, f.noZone[0])
	}
	if unasked := f.evidence.unasked(f.cfg.Process); len(unasked) > 0 {
		fmt.Fprintf(&b, "  criteria that no version of the process asks for: %s\n", listed(unasked))
	}
	f.evidence.tell(&b, f.cfg.Process, f.now)
	if reps, err := pipeline.Overlay(f.reps, f.cfg.People); err == nil { // else that is the fault to tell
		tellNamed(&b, f.cfg, reps, f.waived)
	}
	f.unmapped.tell(&b, func() *discovery.Proposer { return f.survey.Proposer(f.cfg.Process) })
	f.leftOut(&b)
	return b.String()
}

// trailing are the blanks with which a table fills its last cells.
var trailing = regexp.MustCompile(`(?m) +$`)

// without says which columns are missing, and which are there in vain.
func (f *found) without(rows pipeline.Rows) string {
	var parts []string
	missing := f.rows[rows].Missing
	if len(missing) > 0 {
		parts = append(parts, "without "+strings.Join(missing, ", "))
	}
	empty := slices.DeleteFunc(f.values.empty(rows), func(c string) bool { return slices.Contains(missing, c) })
	if len(empty) > 0 {
		parts = append(parts, "always empty: "+strings.Join(empty, ", "))
	}
	return strings.Join(parts, "; ")
}

// fresh says how old the newest row is, and when the loader was there last.
func (f *found) fresh(b *strings.Builder) {
	var newest time.Time
	for _, t := range f.newest {
		if t.After(newest) && !t.After(f.now) {
			newest = t
		}
	}
	if !newest.IsZero() {
		fmt.Fprintf(b, "  the newest row is of %s, %s ago", newest.UTC().Format("2006-01-02 15:04Z"), ago(f.now.Sub(newest)))
		if f.synced.OK {
			fmt.Fprintf(b, "; the loader last wrote %s ago", ago(f.now.Sub(f.synced.V)))
		}
		b.WriteString("\n")
	}
}

// ago is a span of time as coarse as people say it.
func ago(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// leftOut says which figures the source cannot support, and what else is to be known.
func (f *found) leftOut(b *strings.Builder) {
	if len(f.gaps) > 0 {
		b.WriteString("\nwhat cannot be told for want of it\n")
		b.WriteString(gapText(f.gaps))
	}
	if len(f.notes) > 0 {
		b.WriteString("\nto be known\n")
		for _, n := range f.notes {
			fmt.Fprintf(b, "  %s\n", n)
		}
	}
}

// gapText lists what a source lacks, each with the figures that cannot be told and what would bring them back.
func gapText(gaps []source.Gap) string {
	var b strings.Builder
	for _, g := range gaps {
		fmt.Fprintf(&b, "  no %s: %s\n", g.Lacks, g.Figures)
		if g.Back != "" {
			fmt.Fprintf(&b, "      back by: %s\n", g.Back)
		}
	}
	return b.String()
}
