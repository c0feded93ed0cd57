// Package schedule says when digests are due. In go five-field cron specs and zones, out come ticks as
// instants, the end of the period that a tick reports on, and the wake-ups of the worker. It refuses zone
// prefixes, descriptors, intervals and specs that never fire, because each of them would lose or double a
// digest without a word. Read clock.go for the wake-ups and pipeline.AtWall for the mapping of wall time.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"drumbeat/internal/pipeline"
)

// Spec is a parsed cron spec of five fields: minute, hour, day of month, month, day of week. It is stepped
// on the civil clock (wall time written as UTC) and only then mapped to a zone: cron's own stepping in a
// zone loses, doubles and shifts ticks at clock changes. The zero Spec never fires; use Parse.
type Spec struct {
	text  string
	civil *cron.SpecSchedule
}

// String gives the spec as it was written.
func (s Spec) String() string { return s.text }

// fields are the five places of a spec with the most steps that make sense in each.
var fields = [5]struct {
	name  string
	width int
	takes string
}{
	{"minute", 60, "0 to 59"}, {"hour", 24, "0 to 23"}, {"day of month", 31, "1 to 31"},
	{"month", 12, "1 to 12 or jan to dec"}, {"day of week", 7, "0 (Sunday) to 6 or sun to sat"},
}

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// horizon is how far ahead a spec must fire to be accepted: 8 years hold a 29 February even across 2100.
const horizon = 8

// Parse reads a spec of five fields. Its errors say what is wrong and, after a semicolon, what to do.
func Parse(spec string) (Spec, error) {
	text := strings.Join(strings.Fields(spec), " ")
	switch upper := strings.ToUpper(text); {
	case text == "":
		return Spec{}, errors.New(`empty cron spec; write five fields, such as "0 7 * * 1" for Mondays at 07:00`)
	case strings.Contains(upper, "TZ="):
		return Spec{}, fmt.Errorf("cron spec %q names a zone; use the schedule's time_zone", text)
	case strings.HasPrefix(upper, "@EVERY"):
		return Spec{}, fmt.Errorf("cron spec %q counts from the start of the program, so that every restart moves it; "+
			"write five fields", text)
	case strings.HasPrefix(text, "@"):
		return Spec{}, fmt.Errorf("cron spec %q is a descriptor; %s", text, spelled(text))
	}
	parts := strings.Split(text, " ")
	if len(parts) != len(fields) {
		return Spec{}, fmt.Errorf("cron spec %q has %s, not 5; %s", text, count(len(parts)), fiveOf(parts))
	}
	for i, part := range parts {
		if strings.Contains(","+part+",", ",,") { // cron takes an empty list for "never"
			return Spec{}, fmt.Errorf("cron spec %q: %s %q: a list with an empty place; remove the comma", text,
				fields[i].name, part)
		}
	}
	civil, err := parse(text)
	if err != nil {
		return Spec{}, explain(text, parts)
	}
	s := Spec{text: text, civil: civil}
	from := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
	if next := s.nextWall(from); next.IsZero() || next.After(from.AddDate(horizon, 0, 0)) {
		return Spec{}, fmt.Errorf("cron spec %q never fires; choose a date that exists", text)
	}
	return s, nil
}

// parse keeps cron's panics from the caller; the checks of Parse keep out all that are known.
func parse(text string) (civil *cron.SpecSchedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not understood (%v)", r)
		}
	}()
	schedule, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	civil, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("not five fields (%T)", schedule)
	}
	civil.Location = time.UTC // stepped as wall time; no zone ever reaches cron
	return civil, nil
}

// explain finds the field that cron does not take, by trying each among stars.
func explain(text string, parts []string) error {
	for i, part := range parts {
		trial := []string{"*", "*", "*", "*", "*"}
		trial[i] = part
		if _, err := parse(strings.Join(trial, " ")); err != nil {
			return fmt.Errorf("cron spec %q: %s %q is not understood; %swrite numbers from %s, lists (1,3), "+
				"ranges (1-5), steps (*/2) or *", text, fields[i].name, part, slip(i, part), fields[i].takes)
		}
	}
	return fmt.Errorf(`cron spec %q is not understood; write five fields, such as "0 7 * * 1"`, text)
}

// Warnings names what is allowed but seldom meant; empty for an ordinary spec.
func (s Spec) Warnings() []string {
	var out []string
	parts := strings.Fields(s.text)
	if len(parts) != len(fields) {
		return nil
	}
	if !strings.HasPrefix(parts[2], "*") && !strings.HasPrefix(parts[4], "*") &&
		parts[2] != "?" && parts[4] != "?" {
		out = append(out, fmt.Sprintf("cron spec %q sets day of month and day of week: it fires when EITHER matches",
			s.text))
	}
	first := s.nextWall(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second))
	if next := s.nextWall(first); pipeline.DateOf(next, time.UTC) == pipeline.DateOf(first, time.UTC) {
		out = append(out, fmt.Sprintf("cron spec %q fires more than once a day: a day's digest is made at the first tick, the others make none", s.text))
	}
	for i, part := range parts {
		for _, item := range strings.Split(part, ",") {
			_, step, found := strings.Cut(item, "/")
			var n int
			if _, err := fmt.Sscan(step, &n); found && err == nil && n >= fields[i].width {
				out = append(out, fmt.Sprintf("cron spec %q: %s %q: a step of %d fires only at its first value",
					s.text, fields[i].name, item, n))
			}
		}
	}
	return out
}

// nextWall is the first wall time strictly after the given one, zero when there is none in ten years.
func (s Spec) nextWall(wall time.Time) time.Time {
	if s.civil == nil {
		return time.Time{}
	}
	if next := s.civil.Next(wall); !next.IsZero() {
		return next
	}
	// cron gives up after five years, yet 29 February can be eight years away (2096 to 2104).
	return s.civil.Next(wall.AddDate(5, 0, 0))
}

// Next gives the first tick strictly after an instant, on the civil clock at loc: once, at its first
// occurrence, where the clock shows the wall time twice; right after the gap where it never shows it (see tickAt).
// Ticks that a gap moves to one instant are one tick. It is the zero time when there is none in ten years.
func (s Spec) Next(after time.Time, loc *time.Location) time.Time {
	// The wall time shown now, and every earlier one, has its first occurrence at or before now, and later
	// wall times never come first: so stepping from here misses nothing.
	for wall := s.nextWall(wallOf(after, loc)); !wall.IsZero(); wall = s.nextWall(wall) {
		if at := tickAt(wall, loc); at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// tickAt maps a wall time of the spec to its instant. One that the clock never shows is met right after the gap, or,
// where the gap ends the day (in Greenland at 23:00), in the last second before it: the tick of a date falls on this
// date, since it names the period, and on the next one it would take the place of that date's own.
func tickAt(wall time.Time, loc *time.Location) time.Time {
	at, date := pipeline.AtWall(wall, loc), pipeline.DateOf(wall, time.UTC)
	if pipeline.DateOf(at, loc) == date {
		return at
	}
	if before := at.Add(-time.Second); pipeline.DateOf(before, loc) == date {
		return before
	}
	return at // the zone has left out the whole date
}

// Last gives the last tick at or before an instant, the zero time when there is none in the ten years
// before it.
func (s Spec) Last(atOrBefore time.Time, loc *time.Location) time.Time {
	var tick time.Time
	for _, days := range []int{1, 8, 32, 367, 3660} {
		from := atOrBefore.AddDate(0, 0, -days)
		if tick = s.Next(from, loc); !tick.IsZero() && !tick.After(atOrBefore) {
			break
		}
	}
	if tick.IsZero() || tick.After(atOrBefore) {
		return time.Time{}
	}
	// Halve the stretch in which a later tick may hide: cron steps forwards only.
	for hi := atOrBefore; hi.Sub(tick) > time.Second; {
		mid := tick.Add(hi.Sub(tick) / 2)
		if next := s.Next(mid, loc); next.IsZero() || next.After(atOrBefore) {
			hi = mid
		} else {
			tick = next
		}
	}
	return tick
}

// Between gives every tick in (after, until], oldest first. A spec of every minute has half a million a
// year: bound the stretch by what may still be caught up.
func (s Spec) Between(after, until time.Time, loc *time.Location) []time.Time {
	var ticks []time.Time
	for t := s.Next(after, loc); !t.IsZero() && !t.After(until); t = s.Next(t, loc) {
		ticks = append(ticks, t)
	}
	return ticks
}

// End gives the end of the period that a tick reports on: the local midnight at loc (the config's zone, not
// the schedule's) that begins the tick's day, or the first instant of that day where midnight is in a gap.
func End(tick time.Time, loc *time.Location) time.Time {
	return pipeline.DateOf(tick, loc).Start(loc)
}

// PeriodKey names a period by the local date of its end, YYYY-MM-DD: two ticks of one day are one period.
func PeriodKey(end time.Time, loc *time.Location) string {
	return pipeline.DateOf(end, loc).String()
}

// wallOf writes what a clock at loc shows at t as if it were UTC.
func wallOf(t time.Time, loc *time.Location) time.Time {
	_, offset := t.In(loc).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
