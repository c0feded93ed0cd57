package pipeline

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestAtWall(t *testing.T) {
	tests := []struct{ name, zone, wall, want string }{
		{"ordinary", "Europe/Berlin", "2026-07-01T09:00:00", "2026-07-01T09:00:00+02:00"},
		{"shown twice: the first", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"},
		{"the end of what is shown twice", "Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00"},
		{"never shown: right after the gap", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:00:00+02:00"},
		{"the first instant after the gap", "Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T03:00:00+02:00"},
		{"midnight in a gap", "America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T01:00:00-02:00"},
		{"midnight shown twice", "America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-17T23:30:00-02:00"},
		{"a day that was skipped", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-31T00:00:00+14:00"},
		{"a day that was lived twice", "Pacific/Kwajalein", "1969-09-30T12:00:00", "1969-09-30T12:00:00+11:00"},
		{"gap of half an hour", "Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-04T02:30:00+11:00"},
		{"before the zone's first change", "Europe/Berlin", "1800-01-01T00:00:00", "1800-01-01T00:00:00+00:53"},
		{"no changes at all", "UTC", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			wall, err := time.Parse("2006-01-02T15:04:05", tt.wall)
			if err != nil {
				t.Fatal(err)
			}
			if got := AtWall(wall, loc).Format(time.RFC3339); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWindowsAreCountedBackOnTheWall(t *testing.T) {
	for _, c := range []struct {
		name, zone, from string
		span             Span
		n                int
		want             string
		hours            float64 // 0: not asked
	}{
		{"an ordinary week", "Europe/Berlin", "2026-02-02T00:00:00+01:00", Week, 1, "2026-01-26T00:00:00+01:00", 168},
		{"the week in which the clock goes forward", "Europe/Berlin", "2026-03-30T00:00:00+02:00", Week, 1, "2026-03-23T00:00:00+01:00", 167},
		{"the week in which the clock goes back", "Europe/Berlin", "2026-10-26T00:00:00+01:00", Week, 1, "2026-10-19T00:00:00+02:00", 169},
		{"the same wall time, not midnight", "America/New_York", "2026-03-09T17:30:00-04:00", Week, 1, "2026-03-02T17:30:00-05:00", 167},
		{"back to a time that was never shown", "Europe/Berlin", "2026-04-05T02:30:00+02:00", Week, 1, "2026-03-29T03:00:00+02:00", 0},
		{"back to a time that was shown twice", "Europe/Berlin", "2026-11-01T02:30:00+01:00", Week, 1, "2026-10-25T02:30:00+02:00", 0},
		{"given as UTC", "Europe/Berlin", "2026-03-29T22:00:00Z", Week, 1, "2026-03-23T00:00:00+01:00", 167},
		{"no step", "Europe/Berlin", "2026-03-30T00:00:00+02:00", Week, 0, "2026-03-30T00:00:00+02:00", 0},
		{"a month, cut to its last day", "UTC", "2026-03-31T00:00:00Z", Month, 1, "2026-02-28T00:00:00Z", 0},
		{"a month of a leap year", "UTC", "2028-03-30T00:00:00Z", Month, 1, "2028-02-29T00:00:00Z", 0},
		{"two months keep the day that one cut", "UTC", "2026-03-31T00:00:00Z", Month, 2, "2026-01-31T00:00:00Z", 0},
		{"months over the year", "UTC", "2026-01-15T00:00:00Z", Month, 2, "2025-11-15T00:00:00Z", 0},
		{"a quarter, cut", "UTC", "2026-05-31T00:00:00Z", Quarter, 1, "2026-02-28T00:00:00Z", 0},
		{"two quarters keep the day that one cut", "UTC", "2026-05-31T00:00:00Z", Quarter, 2, "2025-11-30T00:00:00Z", 0},
		{"five quarters", "UTC", "2026-05-31T00:00:00Z", Quarter, 5, "2025-02-28T00:00:00Z", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			loc, from := zone(t, c.zone), instant(t, c.from)
			got := c.span.Back(from, c.n, loc)
			if got.In(loc).Format(time.RFC3339) != c.want {
				t.Errorf("got %s, want %s", got.In(loc).Format(time.RFC3339), c.want)
			}
			if hours := from.Sub(got).Hours(); c.hours > 0 && hours != c.hours {
				t.Errorf("a window of %v hours, want %v", hours, c.hours)
			}
		})
	}
}

func TestForecastPeriodsThatAreOver(t *testing.T) {
	for _, c := range []struct {
		name, zone, at string
		span           Span
		fiscal         int
		first, last    string // starts of two periods
		end            string // of the last
	}{
		{"calendar quarters", "UTC", "2026-02-10T12:00:00Z", Quarter, 1, "2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"over at the very instant", "UTC", "2026-04-01T00:00:00Z", Quarter, 1, "2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"not over a moment before", "UTC", "2026-03-31T23:59:59Z", Quarter, 1, "2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"over in the zone, not in UTC", "Europe/Berlin", "2026-03-31T22:00:00Z", Quarter, 1, "2025-10-01T00:00:00+02:00", "2026-01-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{"a fiscal year from April is no other quarter", "UTC", "2026-02-10T12:00:00Z", Quarter, 4, "2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"one from February is", "UTC", "2026-02-10T12:00:00Z", Quarter, 2, "2025-08-01T00:00:00Z", "2025-11-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"one from December, in January", "UTC", "2026-01-10T12:00:00Z", Quarter, 12, "2025-06-01T00:00:00Z", "2025-09-01T00:00:00Z", "2025-12-01T00:00:00Z"},
		{"months", "UTC", "2026-02-10T12:00:00Z", Month, 7, "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"a month that begins in a gap of the clock", "America/Havana", "2012-05-10T12:00:00Z", Month, 1, "2012-03-01T00:00:00-05:00", "2012-04-01T01:00:00-04:00", "2012-05-01T00:00:00-04:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loc := zone(t, c.zone)
			ps := PeriodsBefore(instant(t, c.at), 2, c.span, c.fiscal, loc)
			for _, k := range []struct {
				what string
				got  time.Time
				want string
			}{{"first", ps[0].Start, c.first}, {"its end", ps[0].End, c.last}, {"last", ps[1].Start, c.last}, {"its end", ps[1].End, c.end}} {
				if got := k.got.In(loc).Format(time.RFC3339); got != k.want {
					t.Errorf("%s: got %s, want %s", k.what, got, k.want)
				}
			}
			around := PeriodAround(instant(t, c.at), c.span, c.fiscal, loc)
			if !around.Start.Equal(ps[1].End) || !around.Contains(instant(t, c.at)) {
				t.Errorf("the period around is %v, which does not follow the last or does not hold the instant", around)
			}
		})
	}
}

func TestDates(t *testing.T) {
	d, err := ParseDate("2028-02-29")
	if err != nil || d.String() != "2028-02-29" || d.Weekday() != time.Tuesday {
		t.Errorf("got %v, a %v, %v", d, d.Weekday(), err)
	}
	for _, bad := range []string{"", "2026-02-29", "2026-2-1", "01.02.2026", "2026-02-01T00:00:00Z"} {
		if got, err := ParseDate(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
	if got := NewDate(2026, 3, 0).String(); got != "2026-02-28" {
		t.Errorf("day 0 of March is %s", got)
	}
	if NewDate(1970, 1, 1) != 0 || NewDate(1969, 12, 31) != -1 || NewDate(1969, 12, 31).String() != "1969-12-31" {
		t.Error("dates do not count from 1970")
	}
	late := instant(t, "2026-01-31T23:30:00Z")
	if got := DateOf(late, zone(t, "Europe/Berlin")).String(); got != "2026-02-01" {
		t.Errorf("in Berlin it is %s", got)
	}
	if got := DateOf(late, time.UTC).String(); got != "2026-01-31" {
		t.Errorf("in UTC it is %s", got)
	}
	if got := NewDate(2018, 11, 4).Start(zone(t, "America/Sao_Paulo")).UTC().Format(time.RFC3339); got != "2018-11-04T03:00:00Z" {
		t.Errorf("a day whose midnight does not exist starts at %s", got)
	}
	if b, err := NewDate(2026, 1, 2).MarshalJSON(); err != nil || string(b) != `"2026-01-02"` {
		t.Errorf("in JSON it is %s, %v", b, err)
	}
}

func TestAwayIsInclusive(t *testing.T) {
	r := Rep{Away: []DateRange{{NewDate(2026, 4, 1), NewDate(2026, 4, 3)}, {NewDate(2026, 5, 1), NewDate(2026, 5, 1)}}}
	for day, want := range map[Date]bool{
		NewDate(2026, 3, 31): false, NewDate(2026, 4, 1): true, NewDate(2026, 4, 3): true, NewDate(2026, 4, 4): false, NewDate(2026, 5, 1): true,
	} {
		if r.AwayOn(day) != want {
			t.Errorf("away on %s: %v", day, !want)
		}
	}
}

func TestPeriodsAreHalfOpen(t *testing.T) {
	p := Period{instant(t, "2026-01-01T00:00:00Z"), instant(t, "2026-02-01T00:00:00Z")}
	if !p.Contains(p.Start) || p.Contains(p.End) || p.Contains(p.Start.Add(-1)) || !p.Contains(p.End.Add(-1)) {
		t.Error("a period holds its start and not its end")
	}
}

// Figures print with 12 significant digits, so that the last bits of a sum cannot show.
func TestFiguresInJSON(t *testing.T) {
	for want, v := range map[string]Opt[float64]{
		"null": {V: 3}, "0.3": Some(0.1 + 0.2), "0": Some(1e-13), "-2e-12": Some(-2e-12), "0.333333333333": Some(1. / 3),
		"123456789012": Some(123456789012.4), "1": Some(0.9999999999999),
	} {
		if b, err := v.MarshalJSON(); err != nil || string(b) != want {
			t.Errorf("%v prints as %s, want %s (%v)", v, b, want, err)
		}
	}
	if b, err := Some(date{1}).MarshalJSON(); err != nil || string(b) != `{"N":1}` {
		t.Errorf("another type prints as %s, %v", b, err)
	}
	if (Opt[int]{}).Or(7) != 7 || Some(0).Or(7) != 0 {
		t.Error("Or takes the other value only where there is none")
	}
}

type date struct{ N int }
