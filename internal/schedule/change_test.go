package schedule

import (
	"testing"
	"time"
)

func TestWhatAChangeOfClocksDoesToATick(t *testing.T) {
	tests := []struct {
		name, zone, spec, after string
		want                    []string // of the ticks from there on
	}{
		{"a zone without changes", "UTC", "30 2 * * 0", "2026-03-22T00:00:00Z", []string{"", ""}},
		{"spring gap in New York", "America/New_York", "30 2 * * 0", "2026-02-28T00:00:00-05:00",
			[]string{"", "+1h since the tick before; moved, there is no 02:30", ""}},
		{"after the spring gap in New York", "America/New_York", "0 7 * * 1", "2026-03-01T00:00:00-05:00",
			[]string{"", "+1h since the tick before", ""}},
		{"autumn overlap in New York", "America/New_York", "30 1 * * 0", "2026-10-25T00:00:00-04:00",
			[]string{"", "the first of two 01:30", "-1h since the tick before", ""}},
		{"spring gap in Berlin", "Europe/Berlin", "30 2 * * 0", "2026-03-21T00:00:00+01:00",
			[]string{"", "+1h since the tick before; moved, there is no 02:30", ""}},
		{"autumn overlap in Berlin", "Europe/Berlin", "30 2 * * 0", "2026-10-24T00:00:00+02:00",
			[]string{"the first of two 02:30", "-1h since the tick before"}},
		{"an hour that is not repeated", "Europe/Berlin", "0 3 * * 0", "2026-10-24T00:00:00+02:00",
			[]string{"-1h since the tick before", ""}},
		{"the end of the gap is a tick of its own", "Europe/Berlin", "0 3 * * 0", "2026-03-28T00:00:00+01:00",
			[]string{"+1h since the tick before", ""}},
		{"two ticks in one gap", "Europe/Berlin", "0,30 2 * * 0", "2026-03-28T00:00:00+01:00",
			[]string{"+1h since the tick before; moved, there is no 02:00", ""}},
		{"gap of half an hour", "Australia/Lord_Howe", "15 2 * * 0", "2026-10-03T00:00:00+10:30",
			[]string{"+30m since the tick before; moved, there is no 02:15", ""}},
		{"overlap of half an hour", "Australia/Lord_Howe", "45 1 * * 0", "2026-04-04T00:00:00+11:00",
			[]string{"the first of two 01:45", "-30m since the tick before"}},
		{"before an overlap of half an hour", "Australia/Lord_Howe", "15 1 * * 0", "2026-04-04T00:00:00+11:00",
			[]string{"", "-30m since the tick before"}},
		{"Ramadan begins in Casablanca", "Africa/Casablanca", "30 2 * * 0", "2026-02-14T00:00:00+01:00",
			[]string{"the first of two 02:30", "-1h since the tick before"}},
		{"Ramadan ends in Casablanca", "Africa/Casablanca", "30 2 * * 0", "2026-03-21T00:00:00Z",
			[]string{"+1h since the tick before; moved, there is no 02:30", ""}},
		{"midnight in a gap", "Asia/Beirut", "0 0 * * 0", "2026-03-28T00:00:00+02:00",
			[]string{"+1h since the tick before; moved, there is no 00:00", ""}},
		{"the Friday that Samoa skipped", "Pacific/Apia", "0 9 * * 5", "2011-12-26T00:00:00-10:00",
			[]string{"+24h since the tick before; moved, there is no 2011-12-30 09:00", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc, s := zone(t, tt.zone), mustParse(t, tt.spec)
			at, _ := time.Parse(time.RFC3339, tt.after)
			for i, want := range tt.want {
				at = s.Next(at, loc)
				if got := s.ChangeAt(at, loc).String(); got != want {
					t.Errorf("tick %d, %s: %q, want %q", i+1, at.Format(time.RFC3339), got, want)
				}
			}
		})
	}
}
