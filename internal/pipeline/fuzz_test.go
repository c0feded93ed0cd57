package pipeline

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// What is taken for a date is written as it was read, and its first instant lies in it wherever that is asked.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-02-28", "2024-02-29", "2026-02-30", "0001-01-01", "9999-12-31", "2011-12-30", "26-1-5", "2026-01-05 ", "２026-01-05"} {
		f.Add(s)
	}
	var zones []*time.Location
	for _, name := range []string{"UTC", "Asia/Beirut", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Kiritimati"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			f.Fatal(err)
		}
		zones = append(zones, loc)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Errorf("%q is written as %s", s, d)
		}
		for _, loc := range zones {
			from, next := d.Start(loc), (d + 1).Start(loc)
			if next.Before(from) {
				t.Errorf("%s at %s ends at %s, before it begins at %s", d, loc, next, from)
			}
			if next.After(from) && (DateOf(from, loc) != d || DateOf(from.Add(-time.Second), loc) >= d) { // a zone may leave out a date
				t.Errorf("%s at %s begins at %s", d, loc, from)
			}
		}
	})
}
