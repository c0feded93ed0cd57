package export

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// dealIndex finds the deal that a history or an activity speaks of.
type dealIndex struct {
	created map[string]time.Time // by id
	byName  map[string]string    // name → id, empty where two deals share it
	short   map[string]string    // the first 15 letters of Salesforce's ids of 18, which reports shorten
}

func newDealIndex() dealIndex {
	return dealIndex{created: map[string]time.Time{}, byName: map[string]string{}, short: map[string]string{}}
}

const (
	shortID = 15 // letters of a Salesforce id in a report
	longID  = 18 // and elsewhere: three more make it safe where case is lost
)

func (x *dealIndex) add(id, name string, created time.Time) {
	x.created[id] = created
	if len(id) == longID {
		x.short[id[:shortID]] = id
	}
	if _, twice := x.byName[sameText(name)]; twice {
		id = ""
	}
	x.byName[sameText(name)] = id
}

// id gives the deal that a row is about; shared where its name is that of two. A deal that the export does not have
// keeps the id that it is given, or its name: the import counts such rows.
func (x *dealIndex) id(r record) (id string, key string, shared bool) {
	if id = r.get("deal_id"); id == "" {
		name := r.get("deal_name")
		id, known := x.byName[sameText(name)]
		if !known {
			return name, "deal_name", false
		}
		return id, "deal_name", id == ""
	}
	if _, known := x.created[id]; known {
		return id, "deal_id", false
	}
	if long, ok := x.short[id]; ok {
		return long, "deal_id", false
	}
	if len(id) == longID {
		if _, ok := x.created[id[:shortID]]; ok {
			return id[:shortID], "deal_id", false
		}
	}
	return id, "deal_id", false
}

// dealOf is id that names a shared name.
func (e *Export) dealOf(r record) string {
	id, key, shared := e.deals.id(r)
	if shared {
		e.fault(r.place(key), fmt.Sprintf("%q is the name of two deals", r.get(key)), "export the deal's id here, too")
	}
	return id
}

// flow is how a history of stages runs through its file.
type flow struct {
	newestFirst bool
}

// origin is where a deal's history begins.
type origin struct {
	file *file
	line int
	at   time.Time
}

// closing is the end of a deal by its history.
type closing struct {
	deal    string
	outcome pipeline.Outcome
}

// lookAtHistory finds out in which direction a history runs, where that of each deal begins, and who moved.
func (e *Export) lookAtHistory(f *file) {
	last := map[string]time.Time{}
	up, down := 0, 0
	e.eachOf(f, func(r record) {
		id := e.dealOf(r)
		at, ok := e.time(r, "at")
		_ = f.historyStage(r, "from_stage") // so that it has been met
		if !ok {
			return
		}
		if before, seen := last[id]; seen && at.After(before) {
			up++
		} else if seen && at.Before(before) {
			down++
		}
		last[id] = at
		if outcome := f.mapping.outcomeOf(f.historyStage(r, "stage")).outcome; outcome != pipeline.Open {
			if end := (closing{id, outcome}); at.After(e.closings[end]) && sameText(r.get("from_stage")) != sameText(r.get("stage")) {
				e.closings[end] = at
			}
		}
		if mover := r.get("rep_id"); mover != "" {
			e.mention(mover, r.place("rep_id"), "mover", func(*person) {})
		}
		if first, seen := e.origins[id]; f.has("from_stage") && (!seen || at.Before(first.at) || at.Equal(first.at) && down > up) {
			e.origins[id] = origin{file: f, line: r.sheet.Line(0), at: at}
		}
	})
	f.flow.newestFirst = down > up
}

// time reads an instant that has to be there; what is wrong with it is a fault.
func (e *Export) time(r record, key string) (time.Time, bool) {
	value := r.get(key)
	if value == "" {
		return time.Time{}, false // the import says that it is missing
	}
	at, err := r.file.instant(value)
	if errors.Is(err, errUnsettled) {
		return at, false
	}
	if err != nil {
		what, hint := split(fmt.Sprintf("%q %v", value, err))
		e.fault(r.place(key), what, hint)
		return at, false
	}
	return at, true
}

// step is a row of a history on its way out.
type step struct {
	deal, stage, at, mover string
	places                 [4]Place
}

// history hands over the moves of a file of stage history without repeats of the same stage. A file that runs backwards
// is handed over so, with a sequence that runs backwards, too: the whole of it is never in memory.
func (e *Export) history(f *file, yield func(step) error) error {
	last := map[string]step{}
	var order []string
	emit := func(s step) error {
		before, seen := last[s.deal]
		same := seen && sameText(before.stage) == sameText(s.stage)
		if !seen {
			order = append(order, s.deal)
		}
		switch {
		case f.flow.newestFirst:
			last[s.deal] = s // the older of two alike is the move
			if !seen || same {
				return nil
			}
			return yield(before)
		case same:
			return nil
		}
		last[s.deal] = step{stage: s.stage}
		return yield(s)
	}
	err := eachRow([]*file{f}, func(_ *file, r record) error {
		steps := e.steps(f, r)
		if f.flow.newestFirst {
			slices.Reverse(steps)
		}
		for _, s := range steps {
			if err := emit(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !f.flow.newestFirst {
		return err
	}
	for _, id := range order {
		if err := yield(last[id]); err != nil {
			return err
		}
	}
	return nil
}

// steps gives the moves that one row tells, in the order of time: none where it only says that something else changed,
// and two where it says in which stage the deal began.
func (e *Export) steps(f *file, r record) []step {
	id, key, _ := e.deals.id(r)
	at, ok := f.momentOf(r.get("at"))
	s := step{deal: id, stage: f.historyStage(r, "stage"), mover: e.people.id(r.get("rep_id")),
		places: [4]Place{r.place(key), r.place("stage"), r.place("at"), r.place("rep_id")}}
	if ok {
		s.at = canonicalInstant(at)
	}
	from := f.historyStage(r, "from_stage")
	var out []step
	if first := e.origins[id]; from != "" && first.file == f && first.line == r.sheet.Line(0) {
		if created := e.deals.created[id]; !created.IsZero() && !created.After(at) {
			begin := s
			begin.stage, begin.at, begin.mover, begin.places[1] = from, canonicalInstant(created), "", r.place("from_stage")
			out = append(out, begin)
		}
	}
	if from != "" && sameText(from) == sameText(s.stage) {
		return out
	}
	return append(out, s)
}

func (f *file) historyStage(r record, key string) string {
	stage := r.get(key)
	if f.mapping.stageForm != nil {
		if s, _, ok := match(f.mapping.stageForm, stage); ok {
			stage = s
		}
	}
	return f.mapping.renamed(stage)
}

// movesTable hands over the changes of stage, from histories or else from columns of entry.
func (e *Export) movesTable() (Table, bool) {
	histories, wide := e.filesOf(pipeline.StageChanges), e.wideFiles()
	t := Table{Rows: pipeline.StageChanges, Columns: []string{"deal_id", "stage", "at", "rep_id", "seq"}}
	switch {
	case len(histories) > 0:
		t.Name = names(histories)
		t.Each = func(yield func(Row) error) error { return e.eachStep(histories, yield) }
	case len(wide) > 0:
		t.Name = names(wide)
		t.Columns = []string{"deal_id", "stage", "at", "seq"}
		t.Each = func(yield func(Row) error) error {
			return e.eachDate(wide, func(d *deal) []move { return d.moves }, 4, yield)
		}
	default:
		return t, false
	}
	return t, true
}

func (e *Export) wideFiles() []*file {
	return slices.DeleteFunc(e.filesOf(pipeline.Deals), func(f *file) bool { return len(f.entered) == 0 })
}

func (e *Export) eachStep(files []*file, yield func(Row) error) error {
	n := 0
	for _, f := range files {
		err := e.history(f, func(s step) error {
			n++
			seq := n
			if f.flow.newestFirst {
				seq = -n
			}
			return yield(Row{Values: []string{s.deal, s.stage, s.at, s.mover, strconv.Itoa(seq)},
				Place: func(i int) Place { return s.places[min(i, 3)] }})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachDate makes a row of every date of a deal: its id, what it came to, and when. Of two at one instant the export
// tells no order: a fourth value, seq, stays empty, so that the order of the process decides.
func (e *Export) eachDate(files []*file, of func(*deal) []move, width int, yield func(Row) error) error {
	var d deal
	return eachRow(files, func(f *file, r record) error {
		if f.readDeal(r, &d); d.ignored {
			return nil
		}
		for _, m := range of(&d) {
			values := []string{d.values[dealID], m.stage, canonicalInstant(m.at), ""}
			err := yield(Row{Values: values[:width], Place: func(i int) Place {
				if i == 0 {
					return r.place(d.keys[dealID])
				}
				return m.place
			}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// criteriaTable hands over what buyers did, from the columns that the map names.
func (e *Export) criteriaTable() (Table, bool) {
	files := slices.DeleteFunc(e.filesOf(pipeline.Deals), func(f *file) bool { return len(f.criteria) == 0 })
	return Table{Rows: pipeline.Criteria, Name: names(files), Columns: []string{"deal_id", "criterion", "met_at"},
		Each: func(yield func(Row) error) error {
			return e.eachDate(files, func(d *deal) []move { return d.met }, 3, yield)
		}}, len(files) > 0
}

// eachRow hands over the rows of files that have been looked at; what is broken now has changed since.
func eachRow(files []*file, do func(*file, record) error) error {
	var broken fault.List
	for _, f := range files {
		n := f.n
		err := f.each(func(b fault.Fault) { broken = append(broken, b) }, func(r record) error { return do(f, r) })
		if err != nil {
			f.n = n
			return err
		}
	}
	return broken.Err()
}

func baseName(path string) string { return filepath.Base(path) }

// split parts `what; hint`.
func split(s string) (what, hint string) {
	what, hint, _ = strings.Cut(s, "; ")
	return what, hint
}
