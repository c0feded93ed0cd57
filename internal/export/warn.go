package export

import (
	"fmt"
	"slices"

	"drumbeat/internal/pipeline"
)

// warn says what was done that a reader of the export might not expect.
func (e *Export) warn() {
	for _, i := range e.ignored {
		e.warning(Place{File: i.name}, "left alone: "+i.why, "")
	}
	for _, f := range e.files {
		if f.skipped.notes > 0 {
			e.warning(f.skipped.first, fmt.Sprintf("%s below the rows skipped, the first %q", plural(f.skipped.notes, "line"), shorten(f.skipped.text)), "")
		}
	}
	e.warnDeals()
	e.warnPeople()
	if len(e.filesOf(pipeline.StageChanges)) > 0 && len(e.wideFiles()) > 0 {
		f := e.wideFiles()[0]
		e.warning(Place{File: f.name, Line: f.line}, "the columns of entry into stages are left alone", "there is a history of stages, which says more")
	}
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
		e.warning(c.ignored.first, fmt.Sprintf("%s left out that are deleted, or that the map ignores", plural(c.ignored.n, "deal")), "")
	}
	if c.dollar.n > 0 {
		e.warning(c.dollar.first, fmt.Sprintf("%s with a sign that names no one currency, like %q", plural(c.dollar.n, "amount"), c.dollar.value),
			"they count in the currency of the report; write currency: USD, say, in the map if that is another one")
	}
}

func (e *Export) warnPeople() {
	for _, role := range []struct{ word, verb, hint string }{
		{"owner", "owns deals", "they get no digest without an address: add a file of reps, or people in the config"},
		{"manager", "is named as manager", "they get no digest without an address: add people in the config"},
		{"mover", "moved deals", "an integration or an importer is no rep: say system: true for it under people in the config"},
	} {
		c := e.people.added(role.word)
		if c.n == 0 {
			continue
		}
		if role.word == "owner" && len(e.filesOf(pipeline.Reps)) == 0 {
			e.warning(Place{File: c.first.File, Line: c.first.Line, Column: c.first.Column},
				fmt.Sprintf("there is no file of reps: %s of deals added, the first %q, without address, manager or team", plural(c.n, "owner"), c.value),
				"add a file with name, e-mail, manager and time zone, or people in the config")
			continue
		}
		e.warning(c.first, fmt.Sprintf("%s added who %s and is in no file of reps, the first %q", count1(c.n), role.verb, c.value), role.hint)
	}
}

func count1(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
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
		out = append(out, "one date for each stage: a stage that was entered again, and moves back, do not show; fitness looks better than it is")
	}
	if histories > 0 && e.census.strangers.n > 0 {
		out = append(out, fmt.Sprintf("%s of history or activities speak of deals that the export does not have, the first %q", plural(e.census.strangers.n, "row"), e.census.strangers.value))
	}
	files := e.filesOf(pipeline.Deals)
	if !slices.ContainsFunc(files, func(f *file) bool { return f.has("created_at") }) {
		out = append(out, "no column tells when a deal was created: each counts from its first known date, so calls and silence begin too late")
	}
	return out
}
