package sample

import (
	"fmt"
	"time"

	"drumbeat/internal/pipeline"
)

// habit is how somebody sells. No one is only good or only bad at it.
type habit struct {
	kind     kindOfRep
	share    float64 // of the deals, compared with others
	evidence float64 // chance that a criterion that falls due is met in time
	skip     float64 // how readily stages are left out; 1 is usual
	insight  float64 // how far the stated chance leans to what will be
	calls    float64 // added to the chance that a sober rep would state
	optimism float64 // share of the time to the close that is wished away
	pushDays float64 // how far a passed date is moved, at most
	pace     float64 // how long stages take; 1 is usual
}

type kindOfRep int

const (
	steady kindOfRep = iota
	overCaller
	disciplined
	pusher
	hasty      // skips often, proves little
	newcomer   // too few deals to judge
	cautious   // calls lower than what comes
	onLeave    // away at as-of
	gone       // has left; the open deals went to a colleague
	headOfTeam // a manager who sells a little
)

// habits go round among the sellers in this order.
var habits = []habit{
	{kind: steady, share: 1.1, evidence: 0.84, skip: 0.9, insight: 0.08, calls: 0, optimism: 0.10, pushDays: 30, pace: 1},
	{kind: overCaller, share: 1, evidence: 0.74, skip: 1.2, insight: 0.03, calls: 0.22, optimism: 0.3, pushDays: 35, pace: 1},
	{kind: disciplined, share: 1.1, evidence: 0.97, skip: 0, insight: 0.2, calls: -0.03, optimism: 0, pushDays: 21, pace: 0.95},
	{kind: pusher, share: 1, evidence: 0.78, skip: 0.9, insight: 0.05, calls: 0.03, optimism: 0.5, pushDays: 45, pace: 1.15},
	{kind: steady, share: 1, evidence: 0.80, skip: 1, insight: 0.08, calls: 0.02, optimism: 0.15, pushDays: 30, pace: 1.05},
	{kind: hasty, share: 1.1, evidence: 0.62, skip: 1.5, insight: 0.05, calls: 0.05, optimism: 0.2, pushDays: 30, pace: 0.8},
	{kind: newcomer, share: 0.9, evidence: 0.80, skip: 0.8, insight: 0.08, calls: 0, optimism: 0.2, pushDays: 30, pace: 1.1},
	{kind: steady, share: 1, evidence: 0.86, skip: 0.8, insight: 0.08, calls: 0, optimism: 0.05, pushDays: 28, pace: 0.9},
	{kind: cautious, share: 0.9, evidence: 0.86, skip: 0.9, insight: 0.1, calls: -0.15, optimism: -0.1, pushDays: 21, pace: 1},
	{kind: onLeave, share: 0.8, evidence: 0.82, skip: 0.9, insight: 0.08, calls: 0, optimism: 0.1, pushDays: 30, pace: 1},
	{kind: steady, share: 1, evidence: 0.78, skip: 1, insight: 0.08, calls: 0.04, optimism: 0.15, pushDays: 30, pace: 1},
	{kind: gone, share: 0.9, evidence: 0.75, skip: 1, insight: 0.08, calls: 0.05, optimism: 0.15, pushDays: 30, pace: 1},
	{kind: steady, share: 0.9, evidence: 0.83, skip: 0.9, insight: 0.08, calls: 0, optimism: 0.1, pushDays: 30, pace: 1},
	{kind: newcomer, share: 0.8, evidence: 0.88, skip: 0.5, insight: 0.08, calls: 0, optimism: 0.1, pushDays: 30, pace: 1},
}

var managerHabit = habit{kind: headOfTeam, share: 0.3, evidence: 0.85, skip: 1, insight: 0.1, optimism: 0.1, pushDays: 30,
	pace: 1}

// person is a rep with what the rows do not say.
type person struct {
	pipeline.Rep
	habit
	offset      time.Duration // from UTC
	from, until time.Time     // sells between the two; zero: always
	heir        *person       // of the open deals of one who is gone
}

// staff is everybody, and those who sell.
type staff struct {
	all     []*person // by id
	sellers []*person
	byKind  map[kindOfRep][]*person
}

// hire gives a head of sales, a manager for about five sellers (a layer of directors above a dozen of
// managers), and the sellers, spread over teams and time zones. The second manager sells too.
func hire(sellers int, asOf time.Time, d dice) staff {
	s := staff{byKind: map[kindOfRep][]*person{}}
	managers := max(1, (sellers+3)/5)
	directors := 0
	if managers > 12 {
		directors = (managers + 9) / 10
	}
	width := max(3, len(fmt.Sprint(1+directors+managers+sellers)))
	named := make([]int, len(regions))
	turn := d.IntN(len(regions[0].first))
	add := func(team int, teamName string, boss *person, h habit) *person {
		r := regions[team%len(regions)]
		z := r.zones[named[team%len(regions)]%len(r.zones)]
		who := &person{habit: h, offset: time.Duration(z.offset) * time.Hour}
		name := r.personName(named[team%len(regions)] + turn)
		named[team%len(regions)]++
		who.Rep = pipeline.Rep{ID: fmt.Sprintf("R%0*d", width, len(s.all)+1), Name: name, Email: mailAddress(name),
			Team: teamName, TimeZone: z.name, Active: true}
		if boss != nil {
			who.ManagerID = boss.ID
		}
		s.all = append(s.all, who)
		return who
	}
	head := add(0, "", nil, habit{})
	var above, leads []*person
	for i := range directors {
		above = append(above, add(i, "", head, habit{}))
	}
	for i := range managers {
		boss := head
		if directors > 0 {
			boss = above[i/10]
		}
		leads = append(leads, add(i, teamName(i), boss, managerHabit))
	}
	for i := range sellers {
		team := i % managers
		who := add(team, teamName(team), leads[team], habits[i%len(habits)])
		s.sellers = append(s.sellers, who)
	}
	for i := 1; i < managers; i += 3 {
		s.sellers = append(s.sellers, leads[i])
	}
	s.settle(asOf)
	return s
}

func teamName(i int) string {
	name := regions[i%len(regions)].team
	if round := i / len(regions); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

// settle gives each kind of rep the dates that make it so.
func (s *staff) settle(asOf time.Time) {
	for i, who := range s.sellers {
		switch who.kind {
		case newcomer:
			who.from = asOf.Add(-110 * day)
		case gone:
			who.until = asOf.Add(-130 * day)
			who.Active = false
			who.heir = s.sellers[(i+1)%len(s.sellers)]
		case onLeave:
			who.until = asOf.Add(-17 * day)
			who.Away = []pipeline.DateRange{{From: pipeline.DateOf(who.until, time.UTC),
				To: pipeline.DateOf(asOf.Add(12*day), time.UTC)}}
		}
		s.byKind[who.kind] = append(s.byKind[who.kind], who)
	}
}

// of gives the sellers of those kinds, everybody who sells where there are none.
func (s *staff) of(kinds ...kindOfRep) []*person {
	var out []*person
	for _, k := range kinds {
		out = append(out, s.byKind[k]...)
	}
	if len(out) == 0 {
		return s.sellers
	}
	return out
}

// owner draws who gets a deal created at t, by the sellers' shares.
func (s *staff) owner(d dice, t time.Time) *person {
	for range 100 {
		who := pick(d, s.sellers)
		if t.Before(who.from) || (!who.until.IsZero() && !t.Before(who.until)) || !d.happens(who.share/1.1) {
			continue
		}
		return who
	}
	return s.sellers[0]
}
