package export

import (
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// warn says what was done that a reader of the export might not expect.
func (e *Export) warn() {
	for _, i := range e.ignored {
		e.warning(Place{File: i.name}, "left alone: "+i.why, "")
	}
	for _, f := range e.files {
		if f.skipped.notes > 0 {
			e.warning(f.skipped.first, fmt.Sprintf("skipped as no row: %s, the first %q", plural(f.skipped.notes, "line"), shorten(f.skipped.text)), "")
		}
	}
	e.warnOutcomes()
	e.warnDeals()
	e.warnPeople()
	e.warnUnmet()
	e.warnEnds()
	if len(e.filesOf(pipeline.StageChanges)) > 0 && len(e.wideFiles()) > 0 {
		f := e.wideFiles()[0]
		e.warning(Place{File: f.name, Line: f.line}, "the columns of entry into stages are left alone", "there is a history of stages, which says more")
	}
}

// warnOutcomes names the stages of which a word told the outcome, and those that sound like an end and were taken for none.
func (e *Export) warnOutcomes() {
	c := &e.census
	const most = 20
	for _, l := range c.longer[:min(most, len(c.longer))] {
		e.warning(l.first, fmt.Sprintf("%s as %s, by a word in that name", counted(l.n, l.value), l.outcome),
			"if that is wrong, say in the map under outcomes what it is: open, won or lost")
	}
	if more := len(c.longer) - most; more > 0 {
		e.warning(Place{File: c.longer[most].first.File}, fmt.Sprintf("so do the deals of %s", plural(more, "more name")), "the dry run lists them")
	}
	for _, s := range c.stages {
		if f := e.filesOf(pipeline.Deals)[0]; s.outcome == pipeline.Open && soundsFinal(s.stage) && !s.state && e.mapping.firm[sameText(s.stage)] == "" {
			e.warning(Place{File: f.name, Column: f.titleOf("stage")}, counted(s.n, s.stage)+" as open",
				"if that is an end, list it in the map under outcomes: won or lost; else under open")
		}
	}
}

// counted begins a sentence on what deals of a stage count as.
func counted(deals int, stage string) string {
	verb := "count"
	if deals == 1 {
		verb = "counts"
	}
	return fmt.Sprintf("%s in %q %s", plural(deals, "deal"), shorten(stage), verb)
}

func (e *Export) warnDeals() {
	c := &e.census
	if c.noCreated.n > 0 {
		hint := "write exported: YYYY-MM-DD in the map given by --map if the export is of another day"
		what := fmt.Sprintf("%s without a date of creation: those that are open count from %s, the newest date of the export", plural(c.noCreated.n, "deal"), e.exported.Format("2006-01-02"))
		if files := e.filesOf(pipeline.Deals); slices.ContainsFunc(files, func(f *file) bool { return f.settings.exported.OK }) {
			what, hint = fmt.Sprintf("%s without a date of creation: those that are open count from the day of the export", plural(c.noCreated.n, "deal")), ""
		}
		e.warning(c.noCreated.first, what, hint)
	}
	if c.noName.n > 0 {
		e.warning(c.noName.first, fmt.Sprintf("%s without a name: the account stands in for it, else the id", plural(c.noName.n, "deal")), "")
	}
	if c.ignored.n > 0 {
		e.warning(c.ignored.first, fmt.Sprintf("left out as deleted, or as the map says: %s", plural(c.ignored.n, "deal")), "")
	}
	if c.dollar.n > 0 {
		e.warning(c.dollar.first, fmt.Sprintf("%s with a sign that names no one currency, like %q", plural(c.dollar.n, "amount"), c.dollar.value),
			"they count in the currency of the report; write currency: USD, say, in the map if that is another one")
	}
}

func (e *Export) warnPeople() {
	for _, role := range []struct{ word, hint string }{
		{"owner", "they get no digest without an address: add them to the file, or people to the config"},
		{"manager", "they get no digest without an address: add them to the file, or people to the config"},
		{"mover", "an integration or an importer is no rep: give it system: true under people in the config"},
	} {
		c := e.people.added(role.word)
		if c.n == 0 {
			continue
		}
		if role.word == "owner" && len(e.filesOf(pipeline.Reps)) == 0 {
			e.warning(c.first, fmt.Sprintf("there is no file of reps: %s of deals added, the first %q, without address, manager or team", plural(c.n, "owner"), c.value),
				"add a file with name, e-mail, manager and time zone, or people to the config")
			continue
		}
		e.warning(c.first, fmt.Sprintf("added as reps, being in no file of them: %s, the first %q", plural(c.n, role.word), c.value), role.hint)
	}
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Limits says what the export blurs, beyond the rows and columns that it lacks.
func (e *Export) Limits() []string {
	var out []string
	histories := len(e.filesOf(pipeline.StageChanges))
	if histories == 0 && len(e.wideFiles()) > 0 {
		out = append(out, "there is one date for each stage: a stage that was entered again, and a move back, do not show, so paths look straighter than they were")
		if undated := e.undated(); len(undated) > 0 {
			out = append(out, "no date of entry into "+strings.Join(undated, ", ")+": nobody sees when a deal came there, or whether it skipped it")
		}
	}
	files := e.filesOf(pipeline.Deals)
	if !slices.ContainsFunc(files, func(f *file) bool { return f.has("created_at") }) {
		out = append(out, "no column tells when a deal was created: each counts from its first known date, so that silence and forecast calls begin too late")
	}
	return out
}

// undated lists the stages of open deals that have no column of entry.
func (e *Export) undated() []string {
	dated := map[string]bool{}
	for _, f := range e.wideFiles() {
		for _, en := range f.entered {
			dated[sameText(en.stage)] = true
		}
	}
	var out []string
	for _, c := range e.census.stages {
		if c.outcome == pipeline.Open && c.stage != "" && !dated[sameText(c.stage)] {
			dated[sameText(c.stage)] = true
			out = append(out, c.stage)
		}
	}
	return out
}
