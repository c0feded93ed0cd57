package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Change is what a change of clocks does to one tick; the zero Change is an ordinary tick.
type Change struct {
	Shift   time.Duration // how much further the clock is ahead than at the tick before
	Skipped time.Time     // wall time, written as UTC, that the spec names and the clock never shows: the tick comes right after the gap
	OnWall  time.Time     // wall time of the tick itself, written as UTC
	Twice   bool          // the clock shows the tick's wall time twice, and this is the first
}

// ChangeAt says what a change of clocks does to a tick of the spec.
func (s Spec) ChangeAt(tick time.Time, loc *time.Location) Change {
	c := Change{OnWall: wallOf(tick, loc)}
	offset := offsetAt(tick, loc)
	if before := s.Last(tick.Add(-time.Nanosecond), loc); !before.IsZero() {
		c.Shift = offset - offsetAt(before, loc)
	}
	begin, end := tick.In(loc).ZoneBounds()
	if begin.Equal(tick) { // right after a change: a gap when the clock went forward
		gap := wallOf(tick.Add(-time.Nanosecond), loc)
		if wall := s.nextWall(gap); wall.Before(c.OnWall) {
			c.Skipped = wall
		}
	}
	if !end.IsZero() && tick.Add(time.Second).Equal(end) { // right before a gap that ends the day
		if wall := s.nextWall(c.OnWall.Add(-time.Second)); wall.After(c.OnWall) && tickAt(wall, loc).Equal(tick) {
			c.Skipped = wall
		}
	}
	if !end.IsZero() {
		again := tick.Add(offset - offsetAt(end, loc))
		c.Twice = again.After(tick) && !again.Before(end)
	}
	return c
}

// String says it in few words; empty for an ordinary tick.
func (c Change) String() string {
	var parts []string
	if c.Shift != 0 {
		sign := "+"
		if c.Shift < 0 {
			sign = "-"
		}
		parts = append(parts, sign+inWords(c.Shift.Abs())+" since the tick before")
	}
	if !c.Skipped.IsZero() {
		const minute, day = "15:04", "2006-01-02"
		when := c.Skipped.Format(minute)
		if c.Skipped.Format(day) != c.OnWall.Format(day) { // a zone that skips a whole day
			when = c.Skipped.Format(day + " " + minute)
		}
		parts = append(parts, "moved, there is no "+when)
	}
	if c.Twice {
		parts = append(parts, "the first of two "+c.OnWall.Format("15:04"))
	}
	return strings.Join(parts, "; ")
}

// inWords says an offset in hours and minutes: 1h, 30m, 1h30m.
func inWords(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h == 0:
		return fmt.Sprintf("%dm", m)
	case m == 0:
		return fmt.Sprintf("%dh", h)
	}
	return fmt.Sprintf("%dh%dm", h, m)
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}
