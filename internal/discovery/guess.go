package discovery

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// resters are the deals that rest in one stage, over the pipelines of a draft.
type resters struct {
	normal, spelling string
	open, won, lost  int
	chance           float64
	chanceFor        int
}

func (r *resters) all() int { return r.open + r.won + r.lost }

// guess drafts from the stages in which deals rest now, where there is no history. Their order can only be guessed, by the
// first of the signs that tells.
func (s *Survey) guess(d *Draft, of func(line int) bool) error {
	d.NoHistory = true
	var open []resters
	for _, r := range s.resters(of) {
		d.Traced[pipeline.Open] += r.open
		d.Traced[pipeline.Won] += r.won
		d.Traced[pipeline.Lost] += r.lost
		switch closed := (Closed{Name: r.spelling, Rested: r.all()}); r.closedAs() {
		case pipeline.Won:
			d.Won = append(d.Won, closed)
		case pipeline.Lost:
			d.Lost = append(d.Lost, closed)
		default:
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return ErrNothing
	}
	d.Guess = inGuessedOrder(open)
	taken, names := map[string]bool{}, make([]string, len(open))
	for i, r := range open {
		names[i] = r.spelling
	}
	for i, name := range humane(names) {
		r := &open[i]
		d.Stages = append(d.Stages, Stage{Key: keyOf(name, "stage", taken), Name: name, CRMStages: []string{r.spelling}, Phase: process.Selling,
			Mandatory: true, Deals: r.all(), Closed: r.won + r.lost, Won: r.won})
	}
	return nil
}

// closedAs gives the outcome of the deals in a stage that nobody is open in and that holds deals of one outcome only: some of
// them, or any where its own words say so. Else it is open.
func (r *resters) closedAs() pipeline.Outcome {
	closes := func(so int, itself *regexp.Regexp) bool {
		return so > 0 && so == r.all() && (so >= handful || itself.MatchString(bare(r.normal)))
	}
	switch {
	case closes(r.won, saysWon):
		return pipeline.Won
	case closes(r.lost, saysLost):
		return pipeline.Lost
	}
	return pipeline.Open
}

func (s *Survey) resters(of func(line int) bool) []resters {
	by := map[string]*resters{}
	for key, tally := range s.resting {
		if !of(key.line) {
			continue
		}
		r := by[key.stage]
		if r == nil {
			r = &resters{normal: key.stage, spelling: tally.spelling}
			by[key.stage] = r
		}
		r.spelling = max(r.spelling, tally.spelling)
		r.open += tally.deals[pipeline.Open]
		r.won += tally.deals[pipeline.Won]
		r.lost += tally.deals[pipeline.Lost]
		r.chance += tally.chance
		r.chanceFor += tally.chanceFor
	}
	out := make([]resters, 0, len(by))
	for _, r := range by {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b resters) int { return strings.Compare(a.normal, b.normal) })
	return out
}

// sign is something by which stages could be ordered, where all of them show it.
type sign struct {
	by    string
	place func(r *resters) (place float64, shown bool)
}

var signs = []sign{
	{"by the numbers before their names", func(r *resters) (float64, bool) {
		n, ok := numberOf(r.normal)
		return float64(n), ok
	}},
	{"by the chance that the source states for their open deals", func(r *resters) (float64, bool) {
		return r.chance / float64(max(1, r.chanceFor)), r.chanceFor > 0
	}},
	{"by where such words usually stand", func(r *resters) (float64, bool) {
		at, ok := usualPlace(r.normal)
		return float64(at), ok
	}},
	{"by the share won of the closed deals that rest in them", func(r *resters) (float64, bool) {
		return float64(r.won) / float64(max(1, r.won+r.lost)), r.won+r.lost >= handful
	}},
}

// inGuessedOrder sorts stages by the first sign that all of them show and that tells some of them apart, and says which.
func inGuessedOrder(open []resters) string {
	for _, s := range signs {
		if slices.ContainsFunc(open, func(r resters) bool { _, shown := s.place(&r); return !shown }) {
			continue
		}
		compare := func(a, b resters) int {
			first, _ := s.place(&a)
			second, _ := s.place(&b)
			return cmp.Compare(first, second)
		}
		if len(open) > 1 && compare(slices.MinFunc(open, compare), slices.MaxFunc(open, compare)) == 0 {
			continue
		}
		slices.SortStableFunc(open, compare)
		return s.by
	}
	return "by nothing but their alphabet"
}
