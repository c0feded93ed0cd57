package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// The canonical columns of deals, in their order.
const (
	dealID = iota
	dealName
	dealRep
	dealPipeline
	dealAmount
	dealCurrency
	dealCreated
	dealClosed
	dealOutcome
	dealStage
	dealExpected
	dealProbability
	dealCategory
	dealLoss
	dealWidth
)

var dealColumns = [dealWidth]string{"id", "name", "rep_id", "pipeline", "amount", "currency", "created_at", "closed_at", "outcome",
	"stage", "expected_close", "probability", "forecast_category", "loss_reason"}

// deal is one row of deals as the file tells it.
type deal struct {
	values  [dealWidth]string
	keys    [dealWidth]string // what told each of them
	outcome pipeline.Outcome
	longer  bool      // a word in a longer name told it
	created time.Time // zero: the row has no date of creation
	closed  time.Time
	dayOnly bool   // of closing the export tells the day only
	moves   []move // by the columns of entry, by time
	met     []move // the criteria that the buyer met
	ignored bool   // it is no deal any more
	dollar  bool
	wrong   []wrongValue
}

// wrongValue is a value that cannot be read.
type wrongValue struct {
	place Place
	err   error
}

// move is the entry of a deal into a stage.
type move struct {
	stage string
	at    time.Time
	place Place
}

// readDeal reads one row of deals; whose it is and since when it exists is settled elsewhere.
func (f *file) readDeal(r record, d *deal) {
	*d = deal{moves: d.moves[:0], met: d.met[:0]}
	if f.has("id") {
		d.tell(dealID, r, "id") // an empty one is a fault: the name may be another deal's
	} else {
		d.tell(dealID, r, "name")
	}
	d.tell(dealName, r, "name", "account", "id")
	d.tell(dealRep, r, "rep_id")
	d.tell(dealPipeline, r, "pipeline")
	d.tell(dealLoss, r, "loss_reason")
	d.tell(dealStage, r, "stage")
	f.splitStage(d)
	d.values[dealStage] = f.mapping.renamed(d.values[dealStage])
	f.readOutcome(r, d)
	f.readClosing(r, d)
	d.created = d.instant(r, "created_at")
	d.set(dealCreated, "created_at", canonicalOr(d.created, ""))
	f.readMoney(r, d)
	f.readChance(r, d)
	d.moves, d.met = f.readDates(r, d, f.entered, d.moves), f.readDates(r, d, f.criteria, d.met)
	slices.SortStableFunc(d.moves, func(a, b move) int { return a.at.Compare(b.at) })
	d.moves = slices.CompactFunc(d.moves, func(a, b move) bool { return sameText(a.stage) == sameText(b.stage) })
}

// readDates reads columns that each hold the date on which the deal came to one thing.
func (f *file) readDates(r record, d *deal, columns []enteredColumn, into []move) []move {
	for _, c := range columns {
		value := trim(r.fields[c.column])
		if value == "" {
			continue
		}
		at, err := f.instant(value)
		if err != nil {
			d.wrong = append(d.wrong, wrongValue{r.placeOf(c.column), fmt.Errorf("%q %w", value, err)})
			continue
		}
		into = append(into, move{stage: c.stage, at: at, place: r.placeOf(c.column)})
	}
	return into
}

// tell sets a column to the first of the keys that the row has a value for.
func (d *deal) tell(column int, r record, keys ...string) {
	for _, key := range keys {
		if value := r.get(key); value != "" {
			d.set(column, key, value)
			return
		}
	}
	d.keys[column] = keys[0]
}

func (d *deal) set(column int, key, value string) { d.values[column], d.keys[column] = value, key }

func canonicalOr(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return canonicalInstant(t)
}

func (d *deal) fail(r record, key, value string, err error) {
	d.wrong = append(d.wrong, wrongValue{r.place(key), fmt.Errorf("%q %w", value, err)})
}

// instant reads the point in time that key tells; zero where it tells none.
func (d *deal) instant(r record, key string) time.Time {
	value := r.get(key)
	if value == "" {
		return time.Time{}
	}
	t, err := r.file.instant(value)
	if err != nil {
		d.fail(r, key, value, err)
		return time.Time{}
	}
	return t
}

// splitStage takes the pipeline off a stage that names it, too.
func (f *file) splitStage(d *deal) {
	if f.mapping.stageForm == nil {
		return
	}
	stage, of, ok := match(f.mapping.stageForm, d.values[dealStage])
	switch {
	case !ok:
	case !f.has("pipeline"):
		d.values[dealStage] = stage
		d.set(dealPipeline, "stage", of)
	case sameText(of) == sameText(d.values[dealPipeline]):
		d.values[dealStage] = stage
	}
}

// readOutcome goes by what the map says about the stage, then by the state, by yes and no columns, and by the words in
// the stage's name.
func (f *file) readOutcome(r record, d *deal) {
	m, stage, state := f.mapping, d.values[dealStage], r.get("outcome")
	meet(m.met.named, sameText(state), state)
	d.ignored = m.ignored[sameText(stage)] || m.ignored[sameText(state)]
	firm, isFirm := m.firm[sameText(stage)]
	byStage := m.outcomeOf(stage)
	switch {
	case isFirm:
		d.outcome, d.keys[dealOutcome] = firm, "stage"
	case state != "":
		found := m.outcomeOf(state)
		if !found.known && !d.ignored {
			d.fail(r, "outcome", state, fmt.Errorf("is no outcome that is known; list it in the map given by --map under outcomes (open, won, lost or ignore), or, if it is a stage, map stage to this column and outcome to []"))
		}
		d.outcome, d.longer, d.keys[dealOutcome] = found.outcome, found.longer, "outcome"
	case yes(r.get("won")):
		d.outcome, d.keys[dealOutcome] = pipeline.Won, "won"
	case yes(r.get("lost")):
		d.outcome, d.keys[dealOutcome] = pipeline.Lost, "lost"
	case yes(r.get("closed")) && r.get("won") != "":
		d.outcome, d.keys[dealOutcome] = pipeline.Lost, "closed"
	case r.get("won") != "" && r.get("lost") != "", r.get("closed") != "" && !yes(r.get("closed")):
		d.outcome, d.keys[dealOutcome] = pipeline.Open, "closed"
	default:
		d.outcome, d.longer, d.keys[dealOutcome] = byStage.outcome, byStage.longer, "stage"
	}
	d.values[dealOutcome] = string(d.outcome)
}

// readClosing reads when a deal closed, or is expected to. CRMs have one column for both: it is the day of closing for
// a closed deal, and a promise for an open one.
func (f *file) readClosing(r record, d *deal) {
	closing := []string{"closed_at", "close_date"}
	switch d.outcome {
	case pipeline.Won:
		closing = append([]string{"won_at"}, closing...)
	case pipeline.Lost:
		closing = append([]string{"lost_at"}, closing...)
	}
	d.keys[dealClosed], d.keys[dealExpected] = closing[0], "expected_close"
	expected := []string{"expected_close"}
	if d.outcome == pipeline.Open {
		closing, expected = nil, append(expected, "close_date")
	}
	for _, key := range closing {
		if t := d.instant(r, key); !t.IsZero() {
			m, _ := parseMoment(r.get(key)) // it has just been read
			d.closed, d.dayOnly = t, !m.timed
			d.set(dealClosed, key, canonicalInstant(t))
			break
		}
	}
	for _, key := range expected {
		value := r.get(key)
		if value == "" {
			continue
		}
		date, err := f.date(value)
		if err != nil {
			d.fail(r, key, value, err)
			continue
		}
		d.set(dealExpected, key, date.String())
		break
	}
}

// readMoney reads the amount, and its currency from a column, from the amount itself, or from the map.
func (f *file) readMoney(r record, d *deal) {
	d.tell(dealCurrency, r, "currency")
	d.values[dealCurrency] = strings.ToUpper(d.values[dealCurrency])
	d.keys[dealAmount] = "amount"
	value := r.get("amount")
	if value == "" {
		return
	}
	n, text, err := f.figure(value)
	if err != nil {
		d.fail(r, "amount", value, err)
		return
	}
	d.set(dealAmount, "amount", text)
	if d.values[dealCurrency] == "" {
		d.set(dealCurrency, "amount", cmp.Or(n.currency, f.settings.currency))
	}
	d.dollar = n.dollar && d.values[dealCurrency] == ""
}

// readChance reads the stated probability and the forecast category.
func (f *file) readChance(r record, d *deal) {
	d.tell(dealCategory, r, "forecast_category")
	d.values[dealCategory] = f.mapping.category(d.values[dealCategory])
	d.keys[dealProbability] = "probability"
	value := r.get("probability")
	if value == "" {
		return
	}
	text, err := f.chance(value)
	if err != nil {
		d.fail(r, "probability", value, err)
		return
	}
	d.set(dealProbability, "probability", text)
}

// since gives the instant from which a deal counts that has no date of creation.
func (e *Export) since(d *deal) time.Time {
	switch {
	case len(d.moves) > 0:
		return d.moves[0].at
	case !d.closed.IsZero():
		return d.closed
	}
	return e.exported
}

// given lists the canonical columns of deals that some file tells.
func (e *Export) givenOfDeals() []int {
	tells := map[int][]string{dealRep: {"rep_id"}, dealPipeline: {"pipeline"}, dealAmount: {"amount"}, dealCurrency: {"currency"},
		dealClosed: {"closed_at", "close_date", "won_at", "lost_at"}, dealStage: {"stage"}, dealExpected: {"expected_close", "close_date"},
		dealProbability: {"probability"}, dealCategory: {"forecast_category"}, dealLoss: {"loss_reason"}}
	var out []int
	for column := range dealWidth {
		keys, optional := tells[column]
		if !optional || slices.ContainsFunc(e.filesOf(pipeline.Deals), func(f *file) bool { return slices.ContainsFunc(keys, f.has) }) ||
			column == dealPipeline && e.mapping.stageForm != nil || column == dealCurrency && e.census.currency {
			out = append(out, column)
		}
	}
	return out
}

// dealsTable hands over the deals.
func (e *Export) dealsTable() Table {
	files, given := e.filesOf(pipeline.Deals), e.givenOfDeals()
	columns := make([]string, len(given))
	for i, column := range given {
		columns[i] = dealColumns[column]
	}
	return Table{Rows: pipeline.Deals, Name: names(files), Columns: columns, Each: func(yield func(Row) error) error {
		var d deal
		var r record
		row := Row{Values: make([]string, len(given)), Place: func(i int) Place { return r.place(d.keys[given[i]]) }}
		return eachRow(files, func(f *file, rec record) error {
			r = rec
			if f.readDeal(r, &d); d.ignored {
				return nil
			}
			e.refineClosing(&d)
			d.values[dealCreated] = canonicalInstant(e.createdAt(&d))
			d.values[dealRep] = e.people.id(d.values[dealRep])
			for i, column := range given {
				row.Values[i] = d.values[column]
			}
			return yield(row)
		})
	}}
}

// createdAt is the date of creation, or what stands in for it.
func (e *Export) createdAt(d *deal) time.Time {
	if d.created.IsZero() {
		return e.since(d)
	}
	return d.created
}

// refineClosing takes the entry into the closed stage for the closing where the export tells only its day, which
// somebody typed: moves of that day would else come after it.
func (e *Export) refineClosing(d *deal) {
	if !d.dayOnly && !d.closed.IsZero() || d.outcome == pipeline.Open {
		return
	}
	at := e.closings[closing{d.values[dealID], d.outcome}]
	for _, m := range d.moves {
		if e.mapping.outcomeOf(m.stage).outcome == d.outcome && len(e.closings) == 0 {
			at = m.at
		}
	}
	if !at.IsZero() {
		d.closed = at
		d.values[dealClosed] = canonicalInstant(at)
	}
}
