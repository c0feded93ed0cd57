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
