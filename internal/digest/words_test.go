package digest

import (
	"math"
	"testing"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

var utc = time.UTC

func noStages() *process.Process {
	return process.New("p", nil, nil, nil, []process.Version{{}})
}

func TestMoneyIsShort(t *testing.T) {
	eur, chf := moneyIn("EUR"), moneyIn("CHF")
	for _, c := range []struct{ got, want string }{
		{eur(0), "0 €"}, {eur(850), "850 €"}, {eur(999.4), "999 €"}, {eur(999.6), "1 k€"}, {eur(1200), "1.2 k€"}, {eur(9960), "10 k€"},
		{eur(120_000), "120 k€"}, {eur(999_600), "1 M€"}, {eur(3_400_000), "3.4 M€"}, {eur(7.5e9), "7.5 bn €"}, {eur(-1500), "−1.5 k€"}, {chf(120_000), "120 k CHF"}, {chf(12), "12 CHF"},
	} {
		if plain(c.got) != c.want {
			t.Errorf("got %q, want %q", plain(c.got), c.want)
		}
	}
}

func TestOneIsNoPlural(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0, "deal", "deals"), "0 deals"}, {count(1, "deal", "deals"), "1 deal"}, {count(2, "deal", "deals"), "2 deals"},
		{times(1), "once"}, {times(2), "twice"}, {times(5), "5 times"}, {dayCount(0.4), "under a day"}, {dayCount(1.9), "1 day"}, {dayCount(30.2), "30 days"},
		{list([]string{"a"}), "a"}, {list([]string{"a", "b", "c"}), "a, b and c"}, {list(nil), ""},
		{some([]string{"a", "b"}), "a and b"}, {some([]string{"a", "b", "c", "d"}), "a, b and 2 more"}, {whole(0), "0"}, {whole(34734), "34,734"}, {whole(1234567), "1,234,567"}, {whole(-1234), "-1,234"},
		{ratio(2.26), "2.3"}, {ratio(1.04), "1.04"}, {ratio(0.97), "0.97"}, {ratio(1), "1.00"}, {percent(1), "100 %"}, {percent(0.997), "99 %"}, {percent(0.001), "1 %"}, {percent(0), "0 %"}, {percent(0.625), "63 %"},
		{bias(0.12), "calls were 12 % too high"}, {bias(-0.3), "calls were 30 % too low"}, {bias(0.001), "calls were neither too high nor too low"},
	} {
		if plain(c.got) != c.want {
			t.Errorf("got %q, want %q", plain(c.got), c.want)
		}
	}
}

// What rounds to nothing has no sign, whatever it is counted in.
func TestNothingIsNeverBelowNothing(t *testing.T) {
	for _, v := range []float64{-0.004, -0.0004, -1e-15, math.Copysign(0, -1)} {
		for _, c := range []struct{ got, want string }{
			{ratio(v), "0.0"}, {signed(v), "0 %"}, {percent(v), "0 %"}, {moneyIn("EUR")(v), "0 €"}, {bias(v), "calls were neither too high nor too low"},
		} {
			if plain(c.got) != c.want {
				t.Errorf("%v: got %q, want %q", v, plain(c.got), c.want)
			}
		}
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
		p := wordsFor(pipeline.Period{Start: day(c.from), End: day(c.to)}, c.span, utc)
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
	if a := f.Adherence; a.Met != 5 || a.Due != 7 || !a.Judged || points(a.Low.V) != 36 || points(a.High.V) != 92 {
		t.Errorf("adherence %+v", a)
	}
	if s := f.Stall; s.OpenDeals != 6 || s.StalledAmount.V != 50 || s.MedianDaysOver.OK || s.SilentDeals.OK {
		t.Errorf("stall %+v: a median of medians or a 0 for unknown silence", s)
	}
	if c := f.Forecast; c.CalledDeals.V != 6 || !c.Judged || points(c.Bias.V) != 25 || points(c.Accuracy.V) != 75 || c.Brier.OK || c.Slipped.OK {
		t.Errorf("forecast %+v", c)
	}
	if len(f.Trend) != 1 || f.Trend[0].Moves != 4 || points(f.Trend[0].Rate.V) != 71 {
		t.Errorf("trend %+v", f.Trend)
	}
}
