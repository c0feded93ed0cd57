package twin

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
)

// wall is what the clock of t's own zone shows, written as UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// atWall tries the offsets that the zone has the day before, at and the day after: the earliest instant that shows
// the wall time, else, minute by minute, the first that shows a later one.
func atWall(w time.Time, loc *time.Location) time.Time {
	var hits []time.Time
	for h := -26; h <= 26; h += 26 {
		_, offset := w.Add(time.Duration(h) * time.Hour).In(loc).Zone()
		if t := w.Add(-time.Duration(offset) * time.Second); wall(t.In(loc)).Equal(w) {
			hits = append(hits, t)
		}
	}
	if len(hits) > 0 {
		return slices.MinFunc(hits, time.Time.Compare)
	}
	t := w.Add(-48 * time.Hour).Truncate(time.Minute)
	for wall(t.In(loc)).Before(w) {
		t = t.Add(time.Minute)
	}
	return t
}

// monthsLater keeps the day, cut to the month's last.
func monthsLater(civil time.Time, n int) time.Time {
	first := time.Date(civil.Year(), civil.Month()+time.Month(n), 1, civil.Hour(), civil.Minute(), civil.Second(), civil.Nanosecond(), time.UTC)
	out := first
	for d := 1; d < civil.Day(); d++ {
		next := out.AddDate(0, 0, 1)
		if next.Month() != first.Month() {
			break
		}
		out = next
	}
	return out
}

// spansBack counts windows back from an instant, at the same wall time.
func spansBack(end time.Time, span pipeline.Span, n int, loc *time.Location) time.Time {
	if n == 0 {
		return end
	}
	w := wall(end.In(loc))
	switch span {
	case pipeline.Month:
		return atWall(monthsLater(w, -n), loc)
	case pipeline.Quarter:
		return atWall(monthsLater(w, -3*n), loc)
	default:
		return atWall(w.AddDate(0, 0, -7*n), loc)
	}
}

// midnight is the first instant of a local date.
func midnight(y int, m time.Month, d int, loc *time.Location) time.Time {
	return atWall(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), loc)
}

// dateOf is the local date at an instant, as days since 1970.
func dateOf(t time.Time, loc *time.Location) pipeline.Date {
	y, m, d := t.In(loc).Date()
	return civilDate(y, m, d)
}

func civilDate(y int, m time.Month, d int) pipeline.Date {
	return pipeline.Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(time.Unix(0, 0)) / day)
}

// span of a forecast period: its instants, and its first date and that of the next one.
type fiscalPeriod struct {
	start, end time.Time
	from, to   pipeline.Date
}

// fiscalPeriods lists all forecast periods that begin in the years around as_of, oldest first.
func (w *world) fiscalPeriods() []fiscalPeriod {
	step := 3
	if w.set.PeriodSpan == pipeline.Month {
		step = 1
	}
	var out []fiscalPeriod
	year := w.asOf.In(w.loc).Year()
	for y := year - 2; y <= year+1; y++ {
		for m := time.January; m <= time.December; m++ {
			if (int(m)-w.set.FiscalStart+12)%step != 0 {
				continue
			}
			to := time.Date(y, m+time.Month(step), 1, 0, 0, 0, 0, time.UTC)
			out = append(out, fiscalPeriod{
				start: midnight(y, m, 1, w.loc), end: midnight(to.Year(), to.Month(), 1, w.loc),
				from: civilDate(y, m, 1), to: civilDate(to.Year(), to.Month(), 1),
			})
		}
	}
	return out
}

// lastPeriods gives the last four that are complete, oldest first.
func (w *world) lastPeriods() []fiscalPeriod {
	var out []fiscalPeriod
	for _, p := range w.periods {
		if !p.end.After(w.asOf) {
			out = append(out, p)
		}
	}
	return out[len(out)-4:]
}

// workdaysIn lists the Mondays to Fridays whose midnight lies in [from, to).
func (w *world) workdaysIn(from, to time.Time) []pipeline.Date {
	var out []pipeline.Date
	for c := wall(from.In(w.loc)).AddDate(0, 0, -2); c.Before(wall(to.In(w.loc)).AddDate(0, 0, 2)); c = c.AddDate(0, 0, 1) {
		at := midnight(c.Year(), c.Month(), c.Day(), w.loc)
		weekend := c.Weekday() == time.Saturday || c.Weekday() == time.Sunday
		exists := dateOf(at, w.loc) == civilDate(c.Date()) // some zones once left a whole day out
		if exists && !weekend && !at.Before(from) && at.Before(to) {
			out = append(out, civilDate(c.Date()))
		}
	}
	return out
}

func (w *world) lastWorkday() pipeline.Date {
	list := w.workdaysIn(w.asOf.Add(-8*day), w.asOf)
	return list[len(list)-1]
}

func within(t, from, to time.Time) bool { return !t.Before(from) && t.Before(to) }
