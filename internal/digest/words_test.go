package digest

import (
	"testing"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/words"
)

var utc = time.UTC

func noStages() *process.Process {
	return process.New("p", nil, nil, nil, []process.Version{{}})
}

func TestTwoAreNamedAndTheOthersCounted(t *testing.T) {
	s := newSpeaker(nil)
	for _, c := range []struct{ got, want string }{
		{s.some([]string{"a", "b"}), "a and b"}, {s.some([]string{"a", "b", "c", "d"}), "a, b and 2 more"}, {s.quote("The buyer pays."), "“The buyer pays”"},
		{s.dayCount(0.4), "under a day"}, {s.dayCount(1.9), "1 day"}, {s.age(59), "59 days"}, {s.age(61), "8 weeks"}, {s.age(200), "6 months"}, {s.age(5000), "13 years"},
	} {
		if plain(c.got) != c.want {
			t.Errorf("got %q, want %q", plain(c.got), c.want)
		}
	}
	if s.err != nil {
		t.Error(s.err)
	}
}

func TestAWindowIsNamedWhereItIsWhole(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		from, to    string
		span        pipeline.Span
		label, rnge string
	}{
		{"2026-11-02", "2026-11-09", pipeline.Week, "week 45", "2 to 8 November"},
		{"2020-12-28", "2021-01-04", pipeline.Week, "week 53", "28 December to 3 January"},
		{"2026-10-28", "2026-11-04", pipeline.Week, "28 Oct to 3 Nov", "28 October to 3 November"},
		{"2026-10-01", "2026-11-01", pipeline.Month, "October", "1 to 31 October"},
		{"2026-10-09", "2026-11-09", pipeline.Month, "9 Oct to 8 Nov", "9 October to 8 November"},
		{"2026-07-01", "2026-10-01", pipeline.Quarter, "July to September", "1 July to 30 September"},
	} {
		p := newSpeaker(nil).window(pipeline.Period{Start: day(c.from), End: day(c.to)}, c.span, utc)
		if plain(p.Label) != c.label || plain(p.Range) != c.rnge {
			t.Errorf("%s to %s: %q, %q; want %q, %q", c.from, c.to, plain(p.Label), plain(p.Range), c.label, c.rnge)
		}
	}
}

func TestForeignStringsAreOneHarmlessLine(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"Bcc: all\r\nX: y", 40, "Bcc: all X: y"}, {"\u202emoc.live\u202c", 40, "moc.live"}, {"  a \t b ", 40, "a b"}, {"abcdefghij", 8, "abcdefg…"},
		{"", 8, ""}, {"\x00\x07", 8, ""}, {"+5%!(", 8, "+5%\u2060!("}, {"株式会社東日本", 5, "株式会社…"},
	} {
		if got := line(c.in, c.limit); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// The sum over a tree equals what health says of the same group, where it can be summed.
func TestSumsOfRepsAreHonest(t *testing.T) {
	rep := func(met, due int, amount health.Number) health.RepFigures {
		return health.RepFigures{Figures: health.Figures{Adherence: &health.Adherence{Due: due, Met: met, Missed: due - met},
			Stall:    &health.Stall{OpenDeals: 3, StalledDeals: 1, StalledAmount: amount, MedianDaysOver: pipeline.Some(4.0)},
			Forecast: &health.ForecastReliability{CalledDeals: pipeline.Some(3), Periods: []health.CallPeriod{{Predicted: pipeline.Some(100.0), Actual: pipeline.Some(80.0)}}, Brier: pipeline.Some(0.2)},
			Trend:    []health.TrendPoint{{Due: due, Met: met, Moves: 2}}}}
	}
	f := sum([]health.RepFigures{rep(2, 3, pipeline.Some(50.0)), rep(3, 4, health.Number{}), {}}, health.Settings{MinDue: 5, MinCalled: 5})
	if a := f.Adherence; a.Met != 5 || a.Due != 7 || !a.Judged || words.Points(a.Low.V) != 36 || words.Points(a.High.V) != 92 {
		t.Errorf("adherence %+v", a)
	}
	if s := f.Stall; s.OpenDeals != 6 || s.StalledAmount.V != 50 || s.MedianDaysOver.OK || s.SilentDeals.OK {
		t.Errorf("stall %+v: a median of medians or a 0 for unknown silence", s)
	}
	if c := f.Forecast; c.CalledDeals.V != 6 || !c.Judged || words.Points(c.Bias.V) != 25 || words.Points(c.Accuracy.V) != 75 || c.Brier.OK || c.Slipped.OK {
		t.Errorf("forecast %+v", c)
	}
	if len(f.Trend) != 1 || f.Trend[0].Moves != 4 || words.Points(f.Trend[0].Rate.V) != 71 {
		t.Errorf("trend %+v", f.Trend)
	}
}
