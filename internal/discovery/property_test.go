package discovery

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/pipeline"
)

// company is a made-up one whose process is known.
type company struct {
	stages            []string // in their true order, under names that say nothing of it
	skip, back, noise float64
	dice              *rand.Rand
}

func drawCompany(t *rapid.T) *company {
	c := &company{
		skip:  rapid.Float64Range(0, 0.3).Draw(t, "skip"),
		back:  rapid.Float64Range(0, 0.2).Draw(t, "back"),
		noise: rapid.Float64Range(0, 0.01).Draw(t, "noise"),
		dice:  rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)),
	}
	for i := range rapid.IntRange(2, 9).Draw(t, "stages") {
		c.stages = append(c.stages, fmt.Sprintf("%c%c%d", 'a'+c.dice.IntN(26), 'a'+c.dice.IntN(26), i))
	}
	c.dice.Shuffle(len(c.stages), func(i, j int) { c.stages[i], c.stages[j] = c.stages[j], c.stages[i] })
	return c
}

// deal walks through the process as people do: it skips stages, goes back, is entered twice, and slips of the hand occur.
func (c *company) deal(id int) *pipeline.History {
	h := &pipeline.History{Deal: pipeline.Deal{ID: fmt.Sprint(id), RepID: "owner", CreatedAt: monday, Outcome: pipeline.Open}}
	at := monday.Add(time.Duration(c.dice.IntN(2000)) * time.Hour)
	h.Deal.CreatedAt = at
	enter := func(stage string) {
		h.Changes = append(h.Changes, pipeline.StageChange{Stage: stage, At: at, Seq: pipeline.Some(int64(len(h.Changes)))})
		at = at.Add(time.Duration(25+c.dice.IntN(100)) * time.Hour)
	}
	closes := func(as pipeline.Outcome, stage string) *pipeline.History {
		h.Deal.Outcome, h.Deal.ClosedAt = as, pipeline.Some(at)
		enter(stage)
		return h
	}
	for i := 0; i < len(c.stages); i++ {
		if c.dice.Float64() < c.skip {
			continue
		}
		enter(c.stages[i])
		if c.dice.Float64() < c.noise {
			enter(fmt.Sprint("slip ", c.dice.IntN(50)))
		}
		if c.dice.Float64() < 0.1 {
			enter(c.stages[i])
		}
		switch roll := c.dice.Float64(); {
		case roll < 0.12:
			return closes(pipeline.Lost, "gone")
		case roll < 0.16:
			return h
		}
		if i > 0 && c.dice.Float64() < c.back {
			i -= 1 + c.dice.IntN(min(i, 2)) + 1
			i = max(i, -1)
		}
	}
	if c.dice.Float64() < 0.1 {
		return h
	}
	return closes(pipeline.Won, "signed")
}

func (c *company) deals(n int) (out []*pipeline.History) {
	for i := range n {
		out = append(out, c.deal(i))
	}
	return out
}

func draftOf(deals []*pipeline.History) (*Draft, error) {
	s := NewSurvey(asOf)
	for _, h := range deals {
		s.Add(h)
	}
	return s.Draft()
}

func TestAKnownOrderIsFoundAgainThroughSkipsAndStepsBackAndSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCompany(t)
		d, err := draftOf(c.deals(400))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range d.Stages {
			got = append(got, s.CRMStages...)
		}
		if !slices.Equal(got, c.stages) {
			t.Errorf("stages %v, want %v", got, c.stages)
		}
		if len(d.Won) != 1 || d.Won[0].Name != "signed" || len(d.Lost) != 1 || d.Lost[0].Name != "gone" {
			t.Errorf("won %v, lost %v", d.Won, d.Lost)
		}
		for _, s := range d.Stages {
			if chance := d.WinChance(&s); chance.OK && (chance.V < 0 || chance.V > 1) || s.Deals > s.Visits || s.Won > s.Closed || s.Passed > s.Past {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestADraftDoesNotDependOnWhichDealComesFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCompany(t)
		c.noise = 0.1
		deals := c.deals(60)
		first, err := draftOf(deals)
		if err != nil {
			t.Skip("nothing to draft from")
		}
		c.dice.Shuffle(len(deals), func(i, j int) { deals[i], deals[j] = deals[j], deals[i] })
		second, err := draftOf(deals)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := string(first.Process(nil)), string(second.Process(nil)); a != b {
			t.Errorf("first:\n%s\nthen:\n%s", a, b)
		}
	})
}

func TestWhateverNamesPeopleGiveTheDraftIsValid(t *testing.T) {
	reader := t
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"yes", "null", "a: b", "- x", "#1", "Lead #2", `"quoted"`, "{x}", "[y]", "a,b", "*ref", "&x", "!tag",
			"Qualifiée", "リード", "${HOME}", "1", "1.5", "2026-01-01", "~", "line\nbreak", "tab\there", "\u2028", "%", "@", "`", "Closed Won", "won"}))
		s := newTeller()
		s.line = name.Draw(t, "pipeline")
		var names []string
		for range rapid.IntRange(1, 6).Draw(t, "stages") {
			names = append(names, name.Draw(t, "name"))
		}
		s.change = func(h *pipeline.History) {
			for i := range h.Changes {
				h.Changes[i].Stage = names[i%len(names)]
			}
		}
		s.tell("a b c d won x4")
		s.tell("a b lost x3")
		s.tell("b d c f x3")
		d, err := s.survey.Draft()
		if err != nil {
			t.Skip("nothing to draft from")
		}
		p := read(reader, d)
		for _, st := range p.Versions[0].Stages {
			if st.Name == "" || oneLine(st.Name) != st.Name {
				t.Errorf("%q cannot be read", st.Name)
			}
			for _, n := range st.CRMStages {
				if !slices.ContainsFunc(names, func(given string) bool { return strings.TrimSpace(given) == n }) {
					t.Errorf("%q is no name of the source %q", n, names)
				}
			}
		}
	})
}

// The order is the median order where that can be tried out.
func TestTheOrderAgreesWithAsManyPairsAsAnyCould(t *testing.T) {
	agreement := func(p *precedence, order []int) (sum int) {
		for i, a := range order {
			for _, b := range order[i+1:] {
				sum += p.margin(a, b)
			}
		}
		return sum
	}
	missed, dice := 0, rand.New(rand.NewPCG(1, 1))
	for range 5000 { // orders of pure chance, far harder than what people do
		n := 1 + dice.IntN(6)
		p, things := newPrecedence(n), make([]int, n)
		for i := range things {
			things[i] = i
		}
		for range dice.IntN(13) {
			var v visits
			for i, thing := range dice.Perm(n)[:1+dice.IntN(n)] {
				v = v.with(thing, i)
			}
			p.add(v, 1)
		}
		got, best := p.order(things), 0
		permutations(things, func(order []int) { best = max(best, agreement(p, order)) })
		if agreement(p, got) < best {
			missed++
		}
		if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, things) {
			t.Fatalf("%v is no order of %v", got, things)
		}
	}
	if missed > 5 {
		t.Errorf("%d orders could be better; Copeland's alone misses hundreds", missed)
	}
}

func permutations(things []int, visit func([]int)) {
	var from func(k int)
	order := slices.Clone(things)
	from = func(k int) {
		if k == len(order) {
			visit(order)
		}
		for i := k; i < len(order); i++ {
			order[k], order[i] = order[i], order[k]
			from(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	from(0)
}
