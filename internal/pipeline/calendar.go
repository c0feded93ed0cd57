package pipeline

import (
	"encoding/json"
	"fmt"
	"time"
)

// Date is a civil date: days since 1970-01-01. It has no zone.
type Date int32

// DateOf gives the date that a clock at loc shows at t.
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return NewDate(y, m, d)
}

// NewDate normalises like time.Date does: day 0 is the last day of the month before.
func NewDate(y int, m time.Month, d int) Date {
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is no date of the form YYYY-MM-DD", s)
	}
	return NewDate(t.Date()), nil
}

// civil is midnight of the date, written as UTC.
func (d Date) civil() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// YMD gives year, month and day.
func (d Date) YMD() (int, time.Month, int) { return d.civil().Date() }

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.civil().Weekday() }

// String gives YYYY-MM-DD.
func (d Date) String() string { return d.civil().Format(time.DateOnly) }

// MarshalJSON prints "YYYY-MM-DD".
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// Start is the first instant of the date at loc (after the gap where midnight does not exist).
func (d Date) Start(loc *time.Location) time.Time { return AtWall(d.civil(), loc) }

// AddMonths moves by calendar months, the day cut to the month's last.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.YMD()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return NewDate(first.Year(), first.Month(), min(day, last))
}

// DateRange is inclusive at both ends.
type DateRange struct{ From, To Date }

// AtWall gives the first instant at which a clock at loc shows the wall time of w (whose own zone is
// ignored) or a later one: of a wall time that occurs twice the first, of one that does not exist the first
// instant after the gap. time.Date leaves both open. Later wall times never map to earlier instants.
func AtWall(w time.Time, loc *time.Location) time.Time {
	want := wallOf(w)
	// No zone was ever 36 hours from UTC, so the clock does not show the wall time yet; from there the
	// stretches of one offset are walked until it does (a day that a zone skipped whole is one gap).
	at := want.Add(-36 * time.Hour).In(loc)
	for {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		hit := want.Add(-time.Duration(offset) * time.Second).In(loc)
		if hit.Before(at) { // the clock jumped over the wall time when this stretch began
			return at
		}
		if end.IsZero() || hit.Before(end) {
			return hit
		}
		at = end.In(loc)
	}
}

// wallOf writes what the clock of t's zone shows as if it were UTC.
func wallOf(t time.Time) time.Time {
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	return time.Date(y, m, d, hh, mm, ss, t.Nanosecond(), time.UTC)
}

// Span is a unit in which windows are counted back.
type Span string

// The spans of report windows and forecast periods.
const (
	Week    Span = "week"
	Month   Span = "month"
	Quarter Span = "quarter"
)

// Back gives the instant n spans before t at the same wall time at loc: a week is 7 civil days (167 or 169
// hours across a clock change), months and quarters keep the day, cut to the month's last.
func (s Span) Back(t time.Time, n int, loc *time.Location) time.Time {
	if n == 0 {
		return t
	}
	w := wallOf(t.In(loc))
	day := NewDate(w.Date())
	switch s {
	case Month:
		day = day.AddMonths(-n)
	case Quarter:
		day = day.AddMonths(-3 * n)
	default:
		day -= Date(7 * n)
	}
	y, m, d := day.YMD()
	hh, mm, ss := w.Clock()
	return AtWall(time.Date(y, m, d, hh, mm, ss, w.Nanosecond(), time.UTC), loc)
}

// Period is a half-open stretch of time [Start, End).
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains says whether Start <= t < End.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.Start) && t.Before(p.End) }

// PeriodsBefore gives the last n periods of that span (months, or quarters of a fiscal year that starts in
// month fiscalStart, 1 to 12) that were complete at t, oldest first. Edges are local midnights at loc.
func PeriodsBefore(t time.Time, n int, span Span, fiscalStart int, loc *time.Location) []Period {
	step, edge := periodEdge(t, span, fiscalStart, loc)
	out := make([]Period, n)
	for i := range out {
		from := edge.AddMonths(-step * (n - i))
		out[i] = Period{Start: from.Start(loc), End: from.AddMonths(step).Start(loc)}
	}
	return out
}

// PeriodAround gives the period, as in PeriodsBefore, that holds t.
func PeriodAround(t time.Time, span Span, fiscalStart int, loc *time.Location) Period {
	step, edge := periodEdge(t, span, fiscalStart, loc)
	return Period{Start: edge.Start(loc), End: edge.AddMonths(step).Start(loc)}
}

// periodEdge gives the first date of the period that holds t, and a period's length in months.
func periodEdge(t time.Time, span Span, fiscalStart int, loc *time.Location) (step int, edge Date) {
	step = 3
	if span == Month {
		step = 1
	}
	y, m, _ := t.In(loc).Date()
	into := ((int(m)-fiscalStart)%step + step) % step // months since the period began
	edge = NewDate(y, m-time.Month(into), 1)
	for edge.Start(loc).After(t) { // a midnight in a gap may lie after t
		edge = edge.AddMonths(-step)
	}
	return step, edge
}
