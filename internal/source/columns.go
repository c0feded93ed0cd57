package source

import (
	"slices"

	"drumbeat/internal/pipeline"
)

// kind is what a column holds.
type kind int

const (
	text    kind = iota // free text
	word                // an id or a name that rows are joined or grouped by
	instant             // a point in time, to the microsecond
	date                // a civil date
	amount              // money, to four decimals
	share               // a probability, 0 to 1
	integer
	boolean
)

// column is one column of the canonical rows.
type column struct {
	name     string
	kind     kind
	required bool     // never null
	oneOf    []string // the only values; nil: any
}

// layout is one kind of canonical rows. The columns stand in the order in which records are read below.
type layout struct {
	rows    pipeline.Rows
	columns []column
	time    int   // the column that says when, -1 for rows without one
	key     int   // the id that rows are read in the order of
	unique  []int // the columns that no two rows may share; nil: any may
}

func (l *layout) column(name string) int {
	return slices.IndexFunc(l.columns, func(c column) bool { return c.name == name })
}

// ordered says whether the order in which rows of one deal come has a meaning of its own, where their times are the same.
func (l *layout) ordered() bool {
	return l.rows == pipeline.StageChanges || l.rows == pipeline.Forecasts || l.rows == pipeline.Waivers
}

func (l *layout) names() []string {
	names := make([]string, len(l.columns))
	for i, c := range l.columns {
		names[i] = c.name
	}
	return names
}

var (
	outcomes   = []string{string(pipeline.Open), string(pipeline.Won), string(pipeline.Lost)}
	parties    = []string{pipeline.BuyerParty, "seller"}
	categories = []string{"commit", "best_case", "pipeline", "omitted"}
)

// layouts are the canonical rows in the order of pipeline.AllRows.
var layouts = []*layout{
	{rows: pipeline.Reps, time: -1, unique: []int{0}, columns: []column{
		{name: "id", kind: word, required: true}, {name: "name", required: true}, {name: "email"},
		{name: "manager_id", kind: word}, {name: "team", kind: word}, {name: "time_zone", kind: word},
		{name: "active", kind: boolean},
	}},
	{rows: pipeline.Deals, time: -1, unique: []int{0}, columns: []column{
		{name: "id", kind: word, required: true}, {name: "name", required: true}, {name: "rep_id", kind: word},
		{name: "pipeline", kind: word}, {name: "amount", kind: amount}, {name: "currency", kind: word},
		{name: "created_at", kind: instant, required: true}, {name: "closed_at", kind: instant},
		{name: "outcome", kind: word, required: true, oneOf: outcomes}, {name: "stage", kind: word},
		{name: "expected_close", kind: date}, {name: "probability", kind: share},
		{name: "forecast_category", kind: word}, {name: "loss_reason"},
	}},
	{rows: pipeline.StageChanges, time: 2, columns: []column{
		{name: "deal_id", kind: word, required: true}, {name: "stage", kind: word, required: true},
		{name: "at", kind: instant, required: true}, {name: "rep_id", kind: word}, {name: "seq", kind: integer},
	}},
	{rows: pipeline.Activities, time: 1, columns: []column{
		{name: "deal_id", kind: word, required: true}, {name: "at", kind: instant, required: true},
		{name: "kind", kind: word, required: true}, {name: "party", kind: word, oneOf: parties},
	}},
	{rows: pipeline.Criteria, time: 2, columns: []column{
		{name: "deal_id", kind: word, required: true}, {name: "criterion", kind: word, required: true},
		{name: "met_at", kind: instant, required: true},
	}},
	{rows: pipeline.Forecasts, time: 1, columns: []column{
		{name: "deal_id", kind: word, required: true}, {name: "at", kind: instant, required: true},
		{name: "expected_close", kind: date}, {name: "amount", kind: amount}, {name: "probability", kind: share},
		{name: "category", kind: word}, {name: "seq", kind: integer},
	}},
	{rows: pipeline.Waivers, time: 4, unique: []int{0, 1}, columns: []column{
		{name: "deal_id", kind: word, required: true}, {name: "checkpoint", kind: word, required: true},
		{name: "reason", required: true}, {name: "granted_by"}, {name: "at", kind: instant, required: true},
	}},
}

func layoutOf(rows pipeline.Rows) *layout {
	return layouts[slices.Index(pipeline.AllRows, rows)]
}

// record is one row: a cell for each column of its layout. A column that the source lacks stays null.
type record []cell

func newRecord(l *layout) record {
	r := make(record, len(l.columns))
	r.clear()
	return r
}

func (r record) clear() {
	for i := range r {
		r[i] = cell{null: true}
	}
}

func repOf(r record) pipeline.Rep {
	return pipeline.Rep{ID: r[0].text, Name: r[1].text, Email: r[2].text, ManagerID: r[3].text, Team: r[4].text,
		TimeZone: r[5].text, Active: r[6].null || r[6].flag}
}

func dealOf(r record) pipeline.Deal {
	return pipeline.Deal{ID: r[0].text, Name: r[1].text, RepID: r[2].text, Pipeline: r[3].text, Amount: r[4].number(),
		Currency: r[5].text, CreatedAt: r[6].at, ClosedAt: r[7].when(),
		Outcome: pipeline.Outcome(r[8].text), Stage: r[9].text, ExpectedClose: r[10].civil(), Probability: r[11].number(),
		ForecastCategory: r[12].text, LossReason: r[13].text}
}

func changeOf(r record) pipeline.StageChange {
	return pipeline.StageChange{Stage: r[1].text, At: r[2].at, RepID: r[3].text, Seq: r[4].count()}
}

func activityOf(r record) pipeline.Activity {
	return pipeline.Activity{At: r[1].at, Kind: r[2].text, Party: r[3].text}
}

func criterionOf(r record) pipeline.CriterionMet {
	return pipeline.CriterionMet{Criterion: r[1].text, At: r[2].at}
}

func forecastOf(r record) pipeline.Forecast {
	return pipeline.Forecast{At: r[1].at, ExpectedClose: r[2].civil(), Amount: r[3].number(), Probability: r[4].number(),
		Category: r[5].text, Seq: r[6].count()}
}

func waiverOf(r record) pipeline.Waiver {
	return pipeline.Waiver{DealID: r[0].text, Checkpoint: r[1].text, Reason: r[2].text, GrantedBy: r[3].text, At: r[4].at}
}
