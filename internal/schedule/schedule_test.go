package schedule

import (
	"flag"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"drumbeat/internal/pipeline"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func mustParse(t testing.TB, text string) Spec {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Fault 1.
// The days on which cron's own stepping loses, doubles or shifts a run; zone, spec, day before, and what is
// wanted from there on.
func TestTicksAtClockChanges(t *testing.T) {
	tests := []struct {
		name, zone, spec, after string
		want                    []string
	}{
		{"spring gap in New York", "America/New_York", "30 2 * * 0", "2026-03-07T00:00:00-05:00",
			[]string{"2026-03-08T03:00:00-04:00", "2026-03-15T02:30:00-04:00"}},
		{"autumn overlap in New York", "America/New_York", "30 1 * * 0", "2026-10-31T00:00:00-04:00",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-08T01:30:00-05:00"}},
		{"spring gap in Berlin", "Europe/Berlin", "30 2 * * 0", "2026-03-28T00:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-04-05T02:30:00+02:00"}},
		{"autumn overlap in Berlin", "Europe/Berlin", "30 2 * * 0", "2026-10-24T00:00:00+02:00",
			[]string{"2026-10-25T02:30:00+02:00", "2026-11-01T02:30:00+01:00"}},
		{"gap of half an hour", "Australia/Lord_Howe", "30 1 * * 0", "2026-10-03T00:00:00+10:30",
			[]string{"2026-10-04T01:30:00+10:30", "2026-10-11T01:30:00+11:00"}},
		{"the week after a half-hour gap", "Australia/Lord_Howe", "0 0 * * 0", "2026-10-03T00:00:00+10:30",
			[]string{"2026-10-04T00:00:00+10:30", "2026-10-11T00:00:00+11:00"}},
		{"the week after a half-hour overlap", "Australia/Lord_Howe", "0 0 * * 0", "2026-04-04T00:00:00+11:00",
			[]string{"2026-04-05T00:00:00+11:00", "2026-04-12T00:00:00+10:30"}},
		{"midnight in a gap", "America/Sao_Paulo", "0 0 * * 0", "2018-11-03T00:00:00-03:00",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-11T00:00:00-02:00"}},
		{"half past midnight in a gap", "America/Sao_Paulo", "30 0 * * 0", "2018-11-03T00:00:00-03:00",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-11T00:30:00-02:00"}},
		{"a Saturday spec beside a Sunday gap", "America/Sao_Paulo", "30 2 * * 6", "2018-11-02T00:00:00-03:00",
			[]string{"2018-11-03T02:30:00-03:00", "2018-11-10T02:30:00-02:00"}},
		{"Ramadan begins in Casablanca", "Africa/Casablanca", "30 2 * * 0", "2026-02-14T00:00:00+01:00",
			[]string{"2026-02-15T02:30:00+01:00", "2026-02-22T02:30:00Z"}},
		{"Ramadan ends in Casablanca", "Africa/Casablanca", "30 2 * * 0", "2026-03-21T00:00:00Z",
			[]string{"2026-03-22T03:00:00+01:00", "2026-03-29T02:30:00+01:00"}},
		{"a Friday whose midnight is in a gap", "Africa/Cairo", "0 9 * * 5", "2026-04-23T00:00:00+02:00",
			[]string{"2026-04-24T09:00:00+03:00", "2026-05-01T09:00:00+03:00"}},
		{"early on that Friday", "Africa/Cairo", "30 2 * * 5", "2026-04-23T00:00:00+02:00",
			[]string{"2026-04-24T02:30:00+03:00", "2026-05-01T02:30:00+03:00"}},
		{"an ordinary digest on a day without midnight", "Asia/Beirut", "0 9 * * 0", "2026-03-28T00:00:00+02:00",
			[]string{"2026-03-29T09:00:00+03:00", "2026-04-05T09:00:00+03:00"}},
		{"Sunday midnight in Beirut", "Asia/Beirut", "0 0 * * 0", "2026-03-28T00:00:00+02:00",
			[]string{"2026-03-29T01:00:00+03:00", "2026-04-05T00:00:00+03:00"}},
		{"the Friday that Samoa skipped", "Pacific/Apia", "0 0 * * 0", "2011-12-26T00:00:00-10:00",
			[]string{"2012-01-01T00:00:00+14:00", "2012-01-08T00:00:00+14:00"}},
		{"a Friday digest in Samoa", "Pacific/Apia", "0 9 * * 5", "2011-12-26T00:00:00-10:00",
			[]string{"2011-12-31T00:00:00+14:00", "2012-01-06T09:00:00+14:00"}},
		{"two ticks in one gap are one", "Europe/Berlin", "0,30 2,3 * * 0", "2026-03-28T12:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-04-05T02:00:00+02:00"}},
		{"every half hour rests in the repeated hour", "Europe/Berlin", "*/30 * * * *", "2026-10-25T01:30:00+02:00",
			[]string{"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00"}},
		{"a gap that ends the day, in Greenland", "America/Nuuk", "30 23 * * *", "2024-03-29T23:00:00-02:00",
			[]string{"2024-03-29T23:30:00-02:00", "2024-03-30T22:59:59-02:00", "2024-03-31T23:30:00-01:00"}},
		{"29 February across 2100", "UTC", "0 0 29 2 *", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc, s := zone(t, tt.zone), mustParse(t, tt.spec)
			at, _ := time.Parse(time.RFC3339, tt.after)
			for i, want := range tt.want {
				next := s.Next(at, loc)
				if got := next.Format(time.RFC3339); got != want {
					t.Fatalf("tick %d: got %s, want %s", i+1, got, want)
				}
				if last := s.Last(next, loc); !last.Equal(next) {
					t.Errorf("the last tick at %s is %s", next, last)
				}
				if last := s.Last(next.Add(-time.Nanosecond), loc); !last.Before(next) || last.IsZero() {
					t.Errorf("the last tick before %s is %s", next, last)
				}
				at = next
			}
		})
	}
}

// Every civil date that the spec names, and that the zone has, gets exactly one tick on that date; a date
// that the zone skipped gets one right after it.
func sweep(t *testing.T, name, text string, from, to int) int {
	t.Helper()
	loc, s := zone(t, name), mustParse(t, text)
	start := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC)
	at := start
	n := 0
	for wall := s.nextWall(wallOf(start, loc)); ; wall = s.nextWall(wall) {
		want := tickAt(wall, loc)
		if !want.After(at) { // before the start, or moved by a gap to the tick just seen
			continue
		}
		if want.After(end) {
			return n
		}
		n++
		next := s.Next(at, loc)
		if !next.Equal(want) {
			t.Fatalf("%s %q after %s: got %s, want %s (wall %s)", name, text, at, next, want, wall)
		}
		// The mapping itself, by the definition: the clock shows the wall time or a later one, and never did
		// in the 26 hours before.
		if wallOf(next, loc).Before(wall) && !wallOf(next.Add(time.Second), loc).After(wall) {
			t.Fatalf("%s %q: %s shows an earlier time than %s", name, text, next, wall)
		}
		for _, back := range []time.Duration{time.Second, 30 * time.Minute, time.Hour, 2 * time.Hour, 26 * time.Hour} {
			if before := next.Add(-back); !wallOf(before, loc).Before(wall) {
				t.Fatalf("%s %q: the clock showed %s before %s already", name, text, wall, next)
			}
		}
		at = next
	}
}

var full = flag.Bool("full", false, "every zone over 19 years, and more specs (some minutes)")

func TestEveryZoneTicksOncePerWeek(t *testing.T) {
	t.Parallel()
	from, specs := 2024, []string{"30 0,2 * * 0"}
	if *full {
		from, specs = 2011, []string{"0 0 * * 0", "30 0,2 * * 0", "30 1 * * 5", "0 9 * * 1", "30 2 1 * *", "*/30 0-3 * * *"}
	}
	ticks := 0
	for _, name := range Zones() {
		for _, spec := range specs {
			ticks += sweep(t, name, spec, from, 2030)
		}
	}
	t.Logf("%d zones, %d ticks", len(Zones()), ticks)
}

// hardZones are those of the table above, and one at least of every kind of clock change there has been since 2011:
// half an hour, at midnight, on a Friday, backwards in summer, for good, twice a year around Ramadan, a day that is
// left out, none at all.
var hardZones = strings.Fields(`
	Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Johannesburg Africa/Juba Africa/Khartoum Africa/Sao_Tome Africa/Tripoli
	America/Argentina/Buenos_Aires America/Asuncion America/Bogota America/Caracas America/Havana America/Los_Angeles
	America/New_York America/Nuuk America/Port-au-Prince America/Santiago America/Sao_Paulo America/Scoresbysund America/St_Johns
	Antarctica/Casey Antarctica/Troll Asia/Amman Asia/Beirut Asia/Damascus Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Kathmandu
	Asia/Kolkata Asia/Pyongyang Asia/Tehran Asia/Tokyo Atlantic/Azores Australia/Adelaide Australia/Lord_Howe Australia/Sydney
	Europe/Berlin Europe/Chisinau Europe/Dublin Europe/Istanbul Europe/London Europe/Moscow Pacific/Apia Pacific/Auckland
	Pacific/Chatham Pacific/Easter Pacific/Fakaofo Pacific/Fiji Pacific/Norfolk Pacific/Tongatapu UTC`)

// everyPeriodOnce follows a spec that names every day, or one day of every week, and demands a tick on each such
// date of the zone, none on any other, and one only. A date that the zone has left out is made up for on the next one.
func everyPeriodOnce(t *testing.T, name, text string, weekday int, from, to int) {
	t.Helper()
	loc, s := zone(t, name), mustParse(t, text)
	end := time.Date(to, 1, 1, 0, 0, 0, 0, loc)
	at := time.Date(from-1, 12, 31, 23, 59, 59, 0, loc)
	named := func(d pipeline.Date) bool { return weekday < 0 || int(d.Start(time.UTC).Weekday()) == weekday }
	for before := pipeline.DateOf(at, loc); ; {
		next := s.Next(at, loc)
		if !next.After(at) {
			t.Fatalf("%s %q: %s follows %s", name, text, next, at)
		}
		if next.After(end) {
			return
		}
		want, dated := before+1, pipeline.DateOf(next, loc)
		for !named(want) {
			want++
		}
		if left := want.Start(loc); pipeline.DateOf(left, loc) != want { // the date is not there
			if !next.Equal(left) {
				t.Fatalf("%s %q: %s is left out there, and %s makes up for it", name, text, want, next)
			}
			dated = want
			if named(want+1) && strings.HasPrefix(text, "0 0 ") { // its own tick is the same instant
				dated, want = want+1, want+1
			}
		}
		if dated != want {
			t.Fatalf("%s %q: after %s came %s, want %s", name, text, at, next, want)
		}
		at, before = next, want
	}
}

// Fault 1: every day and every week once, in the hard zones, and with -full in all of them.
func TestEachWallPeriodOnceOver19Years(t *testing.T) {
	t.Parallel()
	if len(hardZones) < 40 {
		t.Fatalf("%d zones", len(hardZones))
	}
	zones := hardZones
	if *full {
		zones = Zones()
	}
	for _, name := range zones {
		for _, spec := range []string{"0 0 * * *", "30 2 * * *"} {
			everyPeriodOnce(t, name, spec, -1, 2011, 2030)
		}
		for weekday, spec := range map[int]string{0: "30 1 * * 0", 1: "0 7 * * 1", 5: "0 0 * * 5", 6: "30 23 * * 6"} {
			everyPeriodOnce(t, name, spec, weekday, 2011, 2030)
		}
	}
	t.Logf("%d zones, 19 years", len(zones))
}

// Fault 2.
func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, spec, says string }{
		{"nothing", " ", "empty"},
		{"a zone prefix", "TZ=Europe/Berlin 0 7 * * 1", "time_zone"},
		{"a zone prefix that makes cron panic", "CRON_TZ=UTC", "time_zone"},
		{"a bare prefix", "TZ=", "time_zone"},
		{"an interval", "@every 1h", "restart"},
		{"an interval of nothing", "@every 0s", "restart"},
		{"a descriptor", "@weekly", "five fields"},
		{"four fields", "0 7 * *", "4 fields"},
		{"six fields", "0 0 7 * * 1", "6 fields"},
		{"30 February", "0 0 30 2 *", "never fires"},
		{"31 April", "0 0 31 4 *", "never fires"},
		{"Sunday as 7", "0 7 * * 7", `day of week "7"`},
		{"the last day", "0 7 L * *", `day of month "L"`},
		{"the second Monday", "0 7 * * 1#2", `day of week "1#2"`},
		{"hour 24", "0 24 * * *", `hour "24"`},
		{"a trailing comma", "0 7 * * 1,", "comma"},
		{"a lonely comma", "0 7 , * *", "comma"},
		{"a step of nothing", "*/0 * * * *", `minute "*/0"`},
		{"a negative minute", "-1 * * * *", `minute "-1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.spec)
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "; ") {
				t.Errorf("got %v, want an error with %q and what to do", err, tt.says)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		spec string
		want int
	}{{"0 7 * * 1", 0}, {"0 7 13 * 5", 1}, {"0 7 ? * 5", 0}, {"*/90 * * * *", 2}, {"*/15 */2 * * 1-5", 1},
		{"0-59/70 7 1 * 1", 2}}
	for _, tt := range tests {
		if got := mustParse(t, tt.spec).Warnings(); len(got) != tt.want {
			t.Errorf("%s: got %q, want %d", tt.spec, got, tt.want)
		}
	}
}

func TestBetween(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	s := mustParse(t, "0 7 * * 1")
	monday := time.Date(2026, 3, 2, 7, 0, 0, 0, loc)
	ticks := s.Between(monday, monday.AddDate(0, 0, 35), loc)
	if len(ticks) != 5 || !ticks[4].Equal(monday.AddDate(0, 0, 35)) {
		t.Errorf("five weeks down, the first tick done: got %s", ticks)
	}
	if got := s.Between(monday, monday.AddDate(0, 0, 7).Add(-1), loc); len(got) != 0 {
		t.Errorf("nothing is due before the next Monday: got %s", got)
	}
}

func TestLastAgreesWithNext(t *testing.T) {
	loc := zone(t, "America/New_York")
	now := time.Date(2026, 11, 1, 6, 17, 12, 345, time.UTC) // 01:17 for the second time
	for _, text := range []string{"* * * * *", "0 * * * *", "30 1 * * *", "0 9 29 2 *", "* * 1 1 *", "* * * 1 *"} {
		s := mustParse(t, text)
		last := s.Last(now, loc)
		if last.IsZero() || last.After(now) {
			t.Fatalf("%s: last tick %s", text, last)
		}
		if next := s.Next(last, loc); !next.After(now) {
			t.Errorf("%s: %s follows %s and is not after %s", text, next, last, now)
		}
		if !s.Next(last.Add(-time.Second), loc).Equal(last) {
			t.Errorf("%s: %s is no tick", text, last)
		}
	}
}

func TestPeriod(t *testing.T) {
	tests := []struct{ name, zone, tick, end, key string }{
		{"Monday morning", "Europe/Berlin", "2026-02-02T07:00:00+01:00", "2026-02-02T00:00:00+01:00", "2026-02-02"},
		{"a tick in Sydney, figures of Berlin", "Europe/Berlin", "2026-02-02T07:00:00+11:00",
			"2026-02-01T00:00:00+01:00", "2026-02-01"},
		{"midnight in a gap", "Asia/Beirut", "2026-03-29T09:00:00+03:00", "2026-03-29T01:00:00+03:00", "2026-03-29"},
		{"late in a day that ends twice", "America/Havana", "2026-11-01T00:30:00-05:00", "2026-11-01T00:00:00-04:00",
			"2026-11-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc := zone(t, tt.zone)
			tick, _ := time.Parse(time.RFC3339, tt.tick)
			end := End(tick, loc)
			if end.Format(time.RFC3339) != tt.end || PeriodKey(end, loc) != tt.key || end.After(tick) {
				t.Errorf("got %s, key %s", end.Format(time.RFC3339), PeriodKey(end, loc))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 7 * * 1", "TZ=", "CRON_TZ=UTC", "@every 1h", "*/90 * * * *", "0 0 30 2 *", ", , , , ,"} {
		f.Add(seed)
	}
	at := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		s.Warnings()
		next := s.Next(at, time.UTC)
		if !next.After(at) {
			t.Fatalf("%q accepted, next tick %s", text, next)
		}
		if last := s.Last(next, time.UTC); !last.Equal(next) {
			t.Fatalf("%q: last tick at %s is %s", text, next, last)
		}
	})
}
