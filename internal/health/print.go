package health

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"drumbeat/internal/pipeline"
)

// WriteTable prints the report as a page to read in a terminal: the team, every rep, every stage, and what
// the source lacks; of one rep's report (OfRep) the rep and the open deals. Dates are those of loc. What a few deals cannot show is called that, not given a rate.
func WriteTable(w io.Writer, r *Report, loc *time.Location) error {
	var b strings.Builder
	day := func(t time.Time) string { return t.In(loc).Format("Mon 2 Jan 2006") }
	fmt.Fprintf(&b, "%s, %s until %s\n\n", r.Process, day(r.Window.Start), day(r.Window.End))
	writeObserved(&b, r.Observed)
	if r.Team.Adherence == nil {
		writeReps(&b, r.Reps, r.Untimed())
		writeDeals(&b, r.Deals)
	} else {
		writeTeam(&b, r)
		writeReps(&b, r.Reps, r.Untimed())
		if r.Untimed() {
			writePlaces(&b, r)
		} else {
			writeStages(&b, r.Stages)
		}
		writeGaps(&b, r.Gaps, r.Sources.Activities.Or(0) > 0)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeObserved says on what figures rest that the source has no history for.
func writeObserved(b *strings.Builder, o *Observed) {
	if o == nil || !o.Stages && !o.Forecasts {
		return
	}
	what := "Stage and forecast history"
	if !o.Forecasts {
		what = "Stage history"
	} else if !o.Stages {
		what = "Forecast history"
	}
	fmt.Fprintf(b, "%s: as observed by Drumbeat's own runs since %s; exact to %s.\n\n", what,
		o.Since.Start(time.UTC).Format("2 January 2006"), countText(o.Days, "day"))
}

func writeTeam(b *strings.Builder, r *Report) {
	if s := ended(r); s != "" {
		b.WriteString("Data        " + s + "\n")
	}
	a := r.Team.Adherence
	fmt.Fprintf(b, "Process     %s of %s met: %s\n", thousands(a.Met), countText(a.Due, "checkpoint"), rateText(a))
	fmt.Fprintf(b, "            stages %s, buyer evidence %s; %s still pending, %s excused\n",
		percentText(a.Stages.Rate), percentText(a.Evidence.Rate), thousands(a.Pending), thousands(a.Excused))
	if s := r.Team.Stall; s != nil && r.Untimed() {
		fmt.Fprintf(b, "Open deals  %s; whether they stand still cannot be told: the source has no history of stages\n", thousands(s.OpenDeals))
	} else if s != nil {
		least := ""
		if slices.ContainsFunc(r.Deals, func(d Deal) bool { return d.AtLeast && !d.Stalled.OK }) {
			least = "at least "
		}
		fmt.Fprintf(b, "Open deals  %s%s of %s stalled", least, thousands(s.StalledDeals), thousands(s.OpenDeals))
		if s.StalledAmount.OK {
			fmt.Fprintf(b, ", %s %s in them", r.Currency, thousands(int(math.Round(s.StalledAmount.V))))
		}
		if s.SilentDeals.OK {
			fmt.Fprintf(b, "; %s with a silent buyer", thousands(s.SilentDeals.V))
		}
		b.WriteString("\n")
	}
	if f := r.Team.Forecast; f != nil && f.CalledDeals.OK {
		fmt.Fprintf(b, "Forecast    %s in the last periods: %s", countText(f.CalledDeals.V, "called deal"), biasText(f))
		if f.Judged && f.Accuracy.OK {
			fmt.Fprintf(b, ", accuracy %s", percentText(f.Accuracy))
		}
		b.WriteString("\n")
	} else {
		b.WriteString("Forecast    " + noCalls(r.Observed) + "\n")
	}
}

// ended says so where the data stop before the window of the report: then nothing in it is a finding.
func ended(r *Report) string {
	if !r.Newest.OK || !r.Newest.V.Before(r.Window.Start) {
		return ""
	}
	return fmt.Sprintf("nothing is newer than %s, %s before this report: see another day with --as-of", r.Newest.V.UTC().Format("2 January 2006"),
		countText(int(r.AsOf.Sub(r.Newest.V)/(24*time.Hour)), "day"))
}

func noCalls(o *Observed) string {
	if o != nil && o.Forecasts {
		return "no period is over of whose calls anything was observed"
	}
	return "the source has no forecasts"
}

func writeReps(b *strings.Builder, reps []RepFigures, untimed bool) {
	rows := [][]string{{"Rep", "Met", "Rate (95 % interval)", "Stages", "Evidence", "Stalled", "Calls", "Forecast"}}
	for _, r := range reps {
		row := []string{oneLine(r.Name), "", "", "", "", "", "", ""}
		if row[0] == "" {
			row[0] = oneLine(r.ID)
		}
		if a := r.Adherence; a != nil {
			// Their parts are counts, not rates: a few of either show nothing.
			row[1], row[2] = tallyText(a.Met, a.Due), rateText(a)
			row[3], row[4] = tallyText(a.Stages.Met, a.Stages.Due), tallyText(a.Evidence.Met, a.Evidence.Due)
		}
		if s := r.Stall; s != nil {
			row[5] = tallyText(s.StalledDeals, s.OpenDeals)
			if untimed && s.OpenDeals > 0 {
				row[5] = "– of " + strconv.Itoa(s.OpenDeals)
			}
		}
		if f := r.Forecast; f != nil && f.CalledDeals.OK {
			row[6], row[7] = strconv.Itoa(f.CalledDeals.V), biasText(f)
		}
		rows = append(rows, row)
	}
	writeColumns(b, rows, "lrlrrrrl")
}

func writeDeals(b *strings.Builder, deals []Deal) {
	rows := [][]string{{"Deal", "Name", "Stage", "Days here", "Usual", "Missed, and what to look at"}}
	for _, d := range deals {
		rows = append(rows, []string{oneLine(d.ID), oneLine(d.Name), d.Stage.Or("–"), daysText(d.DaysInStage), daysText(d.ThresholdDays),
			strings.Join(slices.Concat(d.Missed, d.Concerns), ", ")})
	}
	writeColumns(b, rows, "lllrrl")
}

func writeStages(b *strings.Builder, stages []Stage) {
	rows := [][]string{{"Stage", "Open", "Visits", "Median days", "Stalled after"}}
	for _, s := range stages {
		after := "–"
		if s.ThresholdDays.OK {
			after = daysText(s.ThresholdDays) + " days (" + string(s.ThresholdSource.Or("unknown")) + ")"
		}
		rows = append(rows, []string{s.Name, strconv.Itoa(s.Open), thousands(s.Visits), daysText(s.MedianDays), after})
	}
	writeColumns(b, rows, "lrrrl")
}

// writePlaces is what can be said of stages without a history: where the open deals are.
func writePlaces(b *strings.Builder, r *Report) {
	at := map[string]int{}
	for _, d := range r.Deals {
		at[d.Stage.Or("")]++
	}
	rows := [][]string{{"Stage", "Open deals here"}}
	for _, s := range r.Stages {
		rows = append(rows, []string{s.Name, thousands(at[s.Key])})
	}
	if n := at[""]; n > 0 {
		rows = append(rows, []string{"in a stage that the process does not know", thousands(n)})
	}
	writeColumns(b, rows, "lr")
}

func writeGaps(b *strings.Builder, g *Gaps, active bool) {
	if g == nil {
		return
	}
	var lines []string
	for _, u := range g.Unmapped {
		lines = append(lines, fmt.Sprintf("the process does not know the stage %q (%s)", u.Stage, countText(u.N, "row")))
	}
	for currency, n := range byKeys(g.WithoutRate) {
		lines = append(lines, fmt.Sprintf("no rate for %s: %s left out of every sum", oneLine(currency), countText(n, "deal")))
	}
	if g.NoParty.Or(false) && active {
		lines = append(lines, "no activity says who acted, buyer or seller: any activity counts as the buyer's")
	}
	if g.OtherPipelines > 0 {
		lines = append(lines, fmt.Sprintf("%s of other pipelines not measured", countText(g.OtherPipelines, "deal")))
	}
	if len(lines) > 0 {
		b.WriteString("\nWhat the source leaves open\n")
	}
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}
}

// writeColumns aligns a table; align has a letter per column, l or r.
func writeColumns(b *strings.Builder, rows [][]string, align string) {
	if len(rows) < 2 {
		return
	}
	width := make([]int, len(align))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	b.WriteString("\n")
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if align[i] == 'r' {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func rateText(a *Adherence) string {
	switch {
	case a.Due == 0:
		return "nothing was due"
	case !a.Judged:
		return "too few to judge"
	}
	return fmt.Sprintf("%s (%s to %s)", percentText(a.Rate), percentText(a.Low), percentText(a.High))
}

// tallyText leaves out what there is none of.
func tallyText(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", n, of)
}

func biasText(f *ForecastReliability) string {
	switch {
	case !f.Judged:
		return "too few to judge"
	case !f.Bias.OK:
		return "nothing was won to compare with"
	case math.Abs(f.Bias.V) < 0.005:
		return "on the mark"
	case f.Bias.V > 0:
		return percentText(f.Bias) + " too high"
	}
	return percentText(pipeline.Some(-f.Bias.V)) + " too low"
}

func percentText(n Number) string {
	if !n.OK {
		return "–"
	}
	return strconv.Itoa(int(math.Round(100*n.V))) + " %"
}

func daysText(n Number) string {
	if !n.OK {
		return "–"
	}
	s := strconv.FormatFloat(n.V, 'f', 1, 64)
	if s == "-0.0" { // what rounds to nothing is not below it
		return "0.0"
	}
	return s
}

func countText(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return thousands(n) + " " + noun
}

// oneLine makes a cell of what may hold anything: one line, of at most 60 characters.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// thousands writes 1204000 as 1,204,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
