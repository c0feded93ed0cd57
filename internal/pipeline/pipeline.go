// Package pipeline holds the nouns of a sales pipeline as the canonical rows hand them over: reps, deals
// and what happened to them. Rows of any CRM come in (through package source); a deal with its whole
// history comes out, which is all that the figures need. It refuses nothing: bad rows never get here.
// Read process next (what the stages mean), then health (what is measured).
package pipeline

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Opt is a value that may be missing: null in the source, null in the JSON.
type Opt[T any] struct {
	V  T
	OK bool
}

// Some is a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }

// Or gives the value, or other when it is missing.
func (o Opt[T]) Or(other T) T {
	if o.OK {
		return o.V
	}
	return other
}

// MarshalJSON prints null for a missing value. A float64 is rounded to 12 significant digits, and what is
// nearer to 0 than 1e-12 prints as 0: figures must not differ by the last bits of a sum.
func (o Opt[T]) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON gives: a report has hundreds of thousands of such values.
func (o Opt[T]) AppendJSON(b []byte) ([]byte, error) {
	if !o.OK {
		return append(b, "null"...), nil
	}
	var other any = o.V
	switch v := other.(type) { // the common ones
	case float64:
		f := RoundFigure(v)
		if size := math.Abs(f); size == 0 || 1e-6 <= size && size < 1e21 {
			return strconv.AppendFloat(b, f, 'f', -1, 64), nil
		}
		other = f
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case Date:
		return AppendText(b, v.String())
	case string:
		return AppendText(b, v)
	}
	text, err := json.Marshal(other)
	return append(b, text...), err
}

// AppendText appends a text as JSON, with < > & as they are: it leaves to the library what is more than plain letters.
func AppendText(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			to := bytes.NewBuffer(b)
			e := json.NewEncoder(to)
			e.SetEscapeHTML(false)
			err := e.Encode(s)
			return bytes.TrimSuffix(to.Bytes(), []byte("\n")), err
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

// RoundFigure rounds to 12 significant digits, to 0 below 1e-12.
func RoundFigure(f float64) float64 {
	if f > -1e-12 && f < 1e-12 {
		return 0
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
	if err != nil {
		return f
	}
	return r
}

// Outcome of a deal.
type Outcome string

// The outcomes that a source may hand over.
const (
	Open Outcome = "open"
	Won  Outcome = "won"
	Lost Outcome = "lost"
)

// Rep is a seller or a manager: a manager is a rep whom somebody's ManagerID names.
type Rep struct {
	ID        string
	Name      string
	Email     string
	ManagerID string
	Team      string
	TimeZone  string // IANA; empty: the schedule's
	Locale    string
	Active    bool // decides who gets mail; changes no figure
	System    bool // an integration or an importer: not a person, counts for the team only
	Away      []DateRange
	Receives  []string // kinds of digest (manager, rep, admin); nil: those of the person's role
}

// AwayOn says whether the person is away on that local date.
func (r Rep) AwayOn(d Date) bool {
	for _, a := range r.Away {
		if a.From <= d && d <= a.To {
			return true
		}
	}
	return false
}

// Deal is one opportunity, as the source shows it now. For a closed deal the columns Amount,
// ExpectedClose, Probability and ForecastCategory are hindsight; History.Forecasts says what was in force.
type Deal struct {
	ID               string
	Name             string
	RepID            string // the owner; empty: none
	Pipeline         string
	Amount           Opt[float64] // in Currency
	Currency         string       // ISO 4217; empty: the report's
	CreatedAt        time.Time
	ClosedAt         Opt[time.Time]
	Outcome          Outcome
	Stage            string // the source's name
	ExpectedClose    Opt[Date]
	Probability      Opt[float64] // 0 to 1
	ForecastCategory string
	LossReason       string
}

// StageChange is the entry of a deal into a stage.
type StageChange struct {
	Stage string // the source's name of the stage entered
	At    time.Time
	RepID string // who moved it; empty: unknown
	Seq   Opt[int64]
}

// Activity is something that buyer or seller did.
type Activity struct {
	At    time.Time
	Kind  string
	Party string // buyer, seller or empty
}

// BuyerParty is the Activity.Party of the buyer's own doing.
const BuyerParty = "buyer"

// CriterionMet says that a buyer criterion was met.
type CriterionMet struct {
	Criterion string
	At        time.Time
}

// Forecast holds the values in force after At, as far as they are known.
type Forecast struct {
	At            time.Time
	ExpectedClose Opt[Date]
	Amount        Opt[float64]
	Probability   Opt[float64]
	Category      string
	Seq           Opt[int64]
}

// Waiver excuses one checkpoint of one deal.
type Waiver struct {
	DealID     string
	Checkpoint string // the full name: stage:<key> or buyer:<key>
	Reason     string
	GrantedBy  string
	At         time.Time
}

// History is a deal with all its rows, each kind in the order of the source (by time, then seq).
type History struct {
	Deal       Deal
	Changes    []StageChange
	Activities []Activity // those that Needs asks for
	Criteria   []CriterionMet
	Forecasts  []Forecast
	Waivers    []Waiver
	Earlier    LastActivity // of the activities before Needs.Since, among Activities or not
}

// Rows names the canonical rows.
type Rows string

// The canonical rows; each is a table, a CSV file and a query's result.
const (
	Reps         Rows = "reps"
	Deals        Rows = "deals"
	StageChanges Rows = "stage_changes"
	Activities   Rows = "activities"
	Criteria     Rows = "criteria"
	Forecasts    Rows = "forecasts"
	Waivers      Rows = "waivers"
)

// AllRows lists the canonical rows in their usual order; the first three are required.
var AllRows = []Rows{Reps, Deals, StageChanges, Activities, Criteria, Forecasts, Waivers}

// Required says whether a source without these rows is no source.
func (r Rows) Required() bool { return r == Reps || r == Deals || r == StageChanges }

// Observable says whether runs can make up for rows that a source does not have, by looking at its open deals again and
// again.
func (r Rows) Observable() bool { return r == StageChanges || r == Forecasts }
