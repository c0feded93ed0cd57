package health

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// The numbers in testdata/vectors.json were not computed by this program; they are rounded to six decimals.
type vectors struct {
	Fitness struct {
		Process []string `json:"process"`
		Rows    []struct {
			Path      []string `json:"path"`
			Open, Won struct {
				Fitness    float64 `json:"fitness"`
				Deviations int     `json:"deviations"`
			}
		} `json:"rows"`
	} `json:"fitness"`
	KaplanMeier []struct {
		Days  []int `json:"days"`
		Ended []int `json:"ended"`
		Curve []struct {
			T    int     `json:"t"`
			S    float64 `json:"S"`
			Low  float64 `json:"low"`
			High float64 `json:"high"`
		} `json:"curve"`
		Median     *float64 `json:"median_days"`
		MedianLow  *float64 `json:"median_low"`
		MedianHigh *float64 `json:"median_high"`
	} `json:"kaplan_meier"`
	AalenJohansen struct {
		Days  []int    `json:"days"`
		End   []string `json:"end"`
		Curve []struct {
			T int     `json:"t"`
			S float64 `json:"S"`
			F float64 `json:"F"`
		} `json:"curve"`
	} `json:"aalen_johansen"`
	Forecast struct {
		Chance      []float64 `json:"chance"`
		Won         []int     `json:"won"`
		Brier       float64   `json:"brier"`
		BrierSkill  float64   `json:"brier_skill"`
		Calibration []struct {
			N     int     `json:"n"`
			MeanP float64 `json:"mean_p"`
			Obs   float64 `json:"obs"`
		} `json:"calibration"`
	} `json:"forecast"`
	Wilson []struct {
		X, N      int
		Low, High float64
	} `json:"wilson"`
	EmpiricalBayes struct {
		Rho, M   float64
		TeamRate float64 `json:"team_rate"`
		Reps     []struct {
			X, N   int
			Shrunk float64 `json:"shrunk_rate"`
			Below  float64 `json:"p_below_team"`
		} `json:"reps"`
	} `json:"empirical_bayes"`
	MantelHaenszel []struct {
		Strata    [][4]float64 `json:"strata"` // won with, n with, won without, n without
		RiskRatio float64      `json:"risk_ratio"`
		Low, High float64
	} `json:"mantel_haenszel"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectorsWilson(t *testing.T) {
	for _, k := range readVectors(t).Wilson {
		low, high := wilson(k.X, k.N)
		near(t, fmt.Sprintf("low of %d in %d", k.X, k.N), low, k.Low)
		near(t, fmt.Sprintf("high of %d in %d", k.X, k.N), high, k.High)
	}
	low, high := wilson(0, 0)
	null(t, "low of nothing", low)
	null(t, "high of nothing", high)
}

// 7 of 10 after 45 of 60, from the two Wilson intervals above: −0.05 ∓ √(0.303222² + 0.092235²) below and
// √(0.192209² + 0.122321²) above.
func TestNewcombesIntervalOfADifference(t *testing.T) {
	diff, low, high := newcombe(tally{due: 10, met: 7}, tally{due: 60, met: 45})
	near(t, "diff", diff, -0.05)
	is(t, "low", fmt.Sprintf("%.5f", low.V), "-0.36694")
	is(t, "high", fmt.Sprintf("%.5f", high.V), "0.17783")
	for _, none := range [][2]tally{{{}, {due: 5, met: 5}}, {{due: 5, met: 5}, {}}} {
		diff, low, high = newcombe(none[0], none[1])
		null(t, "diff with nothing", diff)
		null(t, "low with nothing", low)
		null(t, "high with nothing", high)
	}
}

func TestVectorsKaplanMeier(t *testing.T) {
	for i, k := range readVectors(t).KaplanMeier {
		t.Run(fmt.Sprint("set ", i), func(t *testing.T) {
			var visits []learnedVisit
			for j, d := range k.Days {
				v := learnedVisit{dwell: instant(d) * day, end: endOpen}
				if k.Ended[j] == 1 {
					v.end = endAdvanced
				}
				visits = append(visits, v)
			}
			c := newCurve(visits)
			is(t, "steps", len(c.steps), len(k.Curve))
			for _, want := range k.Curve {
				s := c.at(instant(want.T) * day)
				near(t, fmt.Sprintf("S(%d)", want.T), some(s.s), want.S)
				near(t, fmt.Sprintf("lower limit at %d", want.T), some(s.limit(+z)), want.Low)
				near(t, fmt.Sprintf("upper limit at %d", want.T), some(s.limit(-z)), want.High)
			}
			mid, low, high := c.median()
			orNull(t, "median", mid, k.Median)
			orNull(t, "median_low", low, k.MedianLow)
			orNull(t, "median_high", high, k.MedianHigh)
		})
	}
}

func orNull(t *testing.T, what string, got Number, want *float64) {
	t.Helper()
	if want == nil {
		null(t, what, got)
		return
	}
	near(t, what, got, *want)
}

func TestVectorsAalenJohansen(t *testing.T) {
	k := readVectors(t).AalenJohansen
	ends := map[string]end{"advanced": endAdvanced, "lost": endLost, "open": endOpen}
	var visits []learnedVisit
	for i, d := range k.Days {
		visits = append(visits, learnedVisit{dwell: instant(d) * day, end: ends[k.End[i]]})
	}
	c := newCurve(visits)
	is(t, "steps", len(c.steps), len(k.Curve))
	for _, want := range k.Curve {
		s := c.at(instant(want.T) * day)
		near(t, fmt.Sprintf("S(%d)", want.T), some(s.s), want.S)
		near(t, fmt.Sprintf("F(%d)", want.T), some(s.f), want.F)
	}
	before := c.at(3*day - 1)
	is(t, "S before anything ended", before.s, 1)
	is(t, "F before anything ended", before.f, 0)
}

func TestVectorsFitness(t *testing.T) {
	k := readVectors(t).Fitness
	var stages []process.Stage
	for _, name := range k.Process {
		stages = append(stages, process.Stage{Key: name, Name: name, Phase: process.Selling, Mandatory: true})
	}
	for _, row := range k.Rows {
		for _, outcome := range []pipeline.Outcome{pipeline.Open, pipeline.Won} {
			t.Run(fmt.Sprint(row.Path, " ", outcome), func(t *testing.T) {
				s := tell("2026-01-26")
				s.proc = process.New("five stages", nil, nil, nil, []process.Version{{From: at("2025-01-01"), Stages: stages}})
				d := s.deal("D1").owner("ann")
				for i, name := range row.Path {
					d.enters(name, fmt.Sprintf("2026-01-%02d", 20-len(row.Path)+i))
				}
				want := row.Open
				if outcome == pipeline.Won {
					want = row.Won
					d.won("2026-01-21")
				}
				c := newComputation(s.input())
				fitness, deviations := c.conformance(c.view(d.history()))
				near(t, "fitness", fitness, want.Fitness)
				is(t, "deviations", deviations, some(want.Deviations))
			})
		}
	}
}

// Each chance is a deal that was called with it for the last quarter of 2025.
func TestVectorsForecast(t *testing.T) {
	k := readVectors(t).Forecast
	s := tell("2026-01-26")
	for i, p := range k.Chance {
		d := s.deal(fmt.Sprintf("D%02d", i)).owner("ann").enters("Discovery", "2025-09-01").
			says("2025-09-01", closeOn("2025-12-01"), chance(p))
		if k.Won[i] == 1 {
			d.won("2025-11-20")
		} else {
			d.lost("2025-11-20")
		}
	}
	f := s.report(t).Team.Forecast
	near(t, "brier", f.Brier, k.Brier)
	near(t, "brier_skill", f.BrierSkill, k.BrierSkill)
	for i, want := range k.Calibration {
		got := f.Calibration[i]
		is(t, fmt.Sprintf("n of bin %d", i), got.N, want.N)
		near(t, fmt.Sprintf("mean chance of bin %d", i), got.MeanChance, want.MeanP)
		near(t, fmt.Sprintf("share won of bin %d", i), got.WonRate, want.Obs)
	}
}

func TestVectorsEmpiricalBayes(t *testing.T) {
	k := readVectors(t).EmpiricalBayes
	var ts []tally
	for _, r := range k.Reps {
		ts = append(ts, tally{due: r.N, met: r.X})
	}
	s := fitShrinkage(ts)
	near(t, "P", some(s.p), k.TeamRate)
	if math.Abs(s.m-k.M) > 5e-6 {
		t.Errorf("M: got %v, want %v", s.m, k.M)
	}
	near(t, "rho", some(1/(s.m+1)), k.Rho)
	for _, r := range k.Reps {
		rate, below := s.of(r.X, r.N)
		near(t, fmt.Sprintf("shrunk rate of %d in %d", r.X, r.N), rate, r.Shrunk)
		near(t, fmt.Sprintf("p below team of %d in %d", r.X, r.N), below, r.Below)
	}
}

func TestShrinkageAtItsLimits(t *testing.T) {
	for _, c := range []struct {
		name        string
		reps        []tally
		m           float64
		met, due    int
		rate, below float64
	}{
		{"a single rep is the team", []tally{{10, 5}}, 200, 5, 10, 0.5, 0.5},
		{"reps who do not differ are pulled hard", []tally{{10, 5}, {10, 5}}, 200, 5, 10, 0.5, 0.5},
		{"reps who have nothing in common are not pulled", []tally{{2, 2}, {2, 0}}, 0, 2, 2, 1, 0},
		{"nor are they a little short of that: Beta(9, 1) below 0.45", []tally{{10, 9}, {10, 0}}, 0, 9, 10, 0.9, 0.000756681},
		{"all met: a point mass at 1 is not below 1", []tally{{4, 4}, {2, 2}}, 200, 2, 2, 1, 0},
		{"none met: a point mass at 0 is not below 0", []tally{{4, 0}, {2, 0}}, 200, 0, 2, 0, 0},
		{"nobody's rate is all misses: a point mass at 0 is below", []tally{{2, 2}, {2, 0}}, 0, 0, 2, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fitShrinkage(c.reps)
			is(t, "M", s.m, c.m)
			rate, below := s.of(c.met, c.due)
			near(t, "rate", rate, c.rate)
			near(t, "p below team", below, c.below)
		})
	}
	rate, below := fitShrinkage([]tally{{10, 5}}).of(0, 0)
	null(t, "rate of nothing due", rate)
	null(t, "p of nothing due", below)
}

func TestVectorsMantelHaenszel(t *testing.T) {
	for _, k := range readVectors(t).MantelHaenszel {
		var strata []twoByTwo
		for _, s := range k.Strata {
			strata = append(strata, twoByTwo{metWon: s[0], met: s[1], missedWon: s[2], missed: s[3]})
		}
		rr, low, high := mantelHaenszel(strata)
		near(t, "risk ratio", rr, k.RiskRatio)
		near(t, "low", low, k.Low)
		near(t, "high", high, k.High)
	}
	rr, low, high := mantelHaenszel([]twoByTwo{{metWon: 0, met: 5, missedWon: 2, missed: 5}})
	near(t, "nobody who met it won", rr, 0)
	null(t, "its low", low)
	null(t, "its high", high)
	rr, low, _ = mantelHaenszel([]twoByTwo{{metWon: 3, met: 5, missedWon: 0, missed: 5}})
	null(t, "nobody who missed it won", rr)
	null(t, "low of that", low)
}
