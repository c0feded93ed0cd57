package sample

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
)

// Planted is what the pipeline holds by construction, whatever the seed: the least that the figures as of
// Options.AsOf must find. Chance adds more of most kinds. Deal ids are in their order.
type Planted struct {
	Skips       []Skip   // mandatory stages left out within the week before as-of, not excused
	Stalls      []string // open deals three to six times longer in an early stage than usual
	Pushes      []string // open deals whose expected close was moved later within that week
	Silent      []string // open deals without anything from the buyer for 24 days and more
	CleanLosses []string // lost within that week after everything due was met; by different reps
	Calls       []string // called at 0.9 in the last four quarters by an over-caller; most came to nothing
	Waived      []Skip   // left out within that week, and agreed

	Shortcut    string   // key of the mandatory stage that most winners leave out; empty: a process too short
	OverCallers []string // rep ids, like those below
	Disciplined []string
	Pushers     []string
	Newcomers   []string // too few deals to judge
	OnLeave     []string // away as Rep.Away says, which CSV has no column for
	Gone        []string // inactive; colleagues have their open deals
}

// Skip is one stage that a deal left out.
type Skip struct {
	DealID string
	Stage  string // its key
}

// kind of planted story.
type kind int

const (
	cleanLoss kind = iota
	skip
	waivedSkip
	push
	stall
	silence
	overCall
)

// plan says how many stories of each kind there are for every DefaultDeals deals.
var plan = []struct {
	kind kind
	n    int
}{{cleanLoss, 3}, {skip, 18}, {waivedSkip, 3}, {push, 10}, {stall, 15}, {silence, 10}, {overCall, 12}}

// roster says which stories are planted: the first ones.
type roster struct {
	roles []kind
	nth   []int // which of its kind
}

func newRoster(deals int) roster {
	var r roster
	seen := map[kind]int{}
	for range max(1, deals/DefaultDeals) {
		for _, p := range plan {
			for range p.n {
				r.roles, r.nth = append(r.roles, p.kind), append(r.nth, seen[p.kind])
				seen[p.kind]++
			}
		}
	}
	n := min(deals, len(r.roles))
	return roster{roles: r.roles[:n], nth: r.nth[:n]}
}

func (r *roster) role(i int) (kind, int, bool) {
	if i >= len(r.roles) {
		return 0, 0, false
	}
	return r.roles[i], r.nth[i], true
}

// plant tells the nth planted story of a kind; nil where the process is too short for it.
func (t *teller) plant(d dice, k kind, nth int) *story {
	switch k {
	case cleanLoss:
		return t.cleanLoss(d, nth)
	case skip:
		return t.skip(d, nth)
	case waivedSkip:
		return t.waivedSkip(d, nth)
	case push:
		return t.push(d, nth)
	case stall:
		return t.stall(d, nth)
	case silence:
		return t.silence(d, nth)
	default:
		return t.overCall(d, nth)
	}
}

// thisWeek gives a working hour of the four days from six days before as-of on: within the week before as-of
// in every time zone, weekends left out.
func (t *teller) thisWeek(d dice, who *person) time.Time {
	for {
		at := t.opt.AsOf.Truncate(day).Add(-time.Duration(3+d.IntN(4)) * day)
		if w := at.Weekday(); w != time.Saturday && w != time.Sunday {
			return d.atWork(at.Add(12*time.Hour-who.offset), who.offset)
		}
	}
}

// cleanLoss: every stage entered, everything proved, and lost all the same.
func (t *teller) cleanLoss(d dice, nth int) *story {
	careful := slices.Concat(t.staff.of(disciplined), t.staff.of(steady))
	owner := careful[nth%len(careful)]
	closed := t.thisWeek(d, owner)
	target := t.shape.chain[max(0, len(t.shape.chain)-1-nth%2)]
	entered := d.atWork(closed.Add(-d.days(17, 24)), owner.offset)
	s := t.reach(d, owner, t.route(d, target, true), entered)
	s.outcome, s.closed, s.evidence = pipeline.Lost, closed, 1
	return s
}

// jump is the nth way to leave out mandatory stages: from one place of the chain over the next one or two,
// most often over the shortcut.
func (t *teller) jump(nth int) (from, over int, ok bool) {
	most := len(t.shape.chain) - 2 // a jump from the last stage but one ends in winning
	if most < 0 {
		return 0, 0, false
	}
	from, over = nth%(most+1), 1
	if k := slices.Index(t.shape.chain, t.shape.shortcut); k > 0 && nth%2 == 0 {
		from = k - 1
	}
	if nth%5 == 4 && from+2 < len(t.shape.chain)-1 {
		over = 2
	}
	return from, over, true
}

// jumped tells a deal of that owner that left out mandatory stages this week.
func (t *teller) jumped(d dice, owner *person, nth int) *story {
	from, over, ok := t.jump(nth)
	if !ok {
		return nil
	}
	chain, at := t.shape.chain, t.thisWeek(d, owner)
	before := d.atWork(at.Add(-d.days(9, 26)), owner.offset)
	s := t.reach(d, owner, t.route(d, chain[from], true), before)
	if to := from + over + 1; to < len(chain) {
		s.steps = append(s.steps, step{stage: chain[to], at: at, by: owner})
	} else {
		s.outcome, s.closed = pipeline.Won, at
	}
	return s
}

func (t *teller) skip(d dice, nth int) *story {
	those := t.staff.of(hasty, steady, overCaller, pusher, cautious, headOfTeam, hasty)
	return t.jumped(d, those[nth%len(those)], nth)
}

func (t *teller) waivedSkip(d dice, nth int) *story {
	those := t.staff.of(steady, disciplined)
	s := t.jumped(d, those[nth%len(those)], 2*nth)
	if s != nil {
		s.waived = true
	}
	return s
}

// push: an open deal near its end whose close date was moved this week.
func (t *teller) push(d dice, nth int) *story {
	those := t.staff.of(pusher, overCaller, steady, pusher, pusher, cautious, hasty)
	owner := those[nth%len(those)]
	target := t.shape.chain[len(t.shape.chain)-1-min(nth%2, len(t.shape.chain)-1)]
	entered := d.atWork(t.opt.AsOf.Add(-d.days(9, 15)), owner.offset)
	s := t.reach(d, owner, t.route(d, target, false), entered)
	s.pushAt, s.promise = t.thisWeek(d, owner), t.opt.AsOf.Add(d.days(-4, 9))
	return s
}

// stall: an open deal that stands in an early selling stage much longer than its peers.
func (t *teller) stall(d dice, nth int) *story {
	those := t.staff.of(steady, pusher, overCaller, hasty, onLeave, headOfTeam)
	owner := those[nth%len(those)]
	target := t.shape.selling
	if nth%3 == 2 {
		target = max(0, t.shape.shortcut)
	}
	usual := t.shape.stages[target].median
	entered := d.atWork(t.opt.AsOf.Add(-max(inDays(60), inDays(usual*d.between(4, 6)))), owner.offset)
	s := t.reach(d, owner, t.route(d, target, true), entered)
	if nth%3 == 0 {
		s.quiet = entered.Add(d.days(30, 50))
	}
	return s
}

// silence: an open deal that the seller still moves, with a buyer who no longer answers.
func (t *teller) silence(d dice, nth int) *story {
	those := t.staff.of(steady, hasty, overCaller, cautious, pusher)
	owner := those[nth%len(those)]
	target := t.shape.chain[min(len(t.shape.chain)-1, 1+nth%3)]
	entered := d.atWork(t.opt.AsOf.Add(-d.days(8, 18)), owner.offset)
	s := t.reach(d, owner, t.route(d, target, false), entered)
	s.quiet = t.opt.AsOf.Add(-d.days(24, 38))
	if first := &s.steps[0]; first.at.After(s.quiet.Add(-7 * day)) { // there was a buyer who could fall silent
		first.at = d.atWork(s.quiet.Add(-d.days(9, 16)), owner.offset)
	}
	return s
}

// overCall: a deal called at 0.9 for one of the last four quarters. Of twelve such calls five came true (the
// smaller ones), four were lost and three slipped.
func (t *teller) overCall(d dice, nth int) *story {
	those := t.staff.of(overCaller)
	owner := those[nth/12%len(those)]
	quarter := pipeline.PeriodsBefore(t.opt.AsOf, 4, pipeline.Quarter, 1, time.UTC)[nth%4]
	target := t.shape.chain[max(0, len(t.shape.chain)-2)]
	entered := d.atWork(quarter.Start.Add(-d.days(2, 10)), owner.offset)
	s := t.reach(d, owner, t.route(d, target, nth%2 == 0), entered)
	s.amount = round(d.between(40_000, 70_000), 500)
	s.stated, s.promise = 0.9, quarter.End.Add(-d.days(6, 25))
	switch fate := nth % 12; {
	case fate < 5:
		s.amount = round(0.6*s.amount, 500)
		s.outcome, s.closed = pipeline.Won, d.atWork(quarter.End.Add(-d.days(5, 40)), owner.offset)
		if last := t.shape.lastSell; last > target && nth%2 == 0 {
			s.steps = append(s.steps, step{stage: last, at: d.atWork(s.closed.Add(-d.days(8, 12)), owner.offset), by: owner})
		}
		t.deliver(d, s)
	case fate < 9:
		s.outcome, s.closed = pipeline.Lost, d.atWork(quarter.End.Add(-d.days(4, 30)), owner.offset)
	default:
		s.outcome, s.closed = pipeline.Lost, d.atWork(quarter.End.Add(d.days(8, 50)), owner.offset)
	}
	return s
}

// deliver takes a won deal through the stages after the win.
func (t *teller) deliver(d dice, s *story) {
	after := t.shape.lastSell + 1
	if after >= len(t.shape.stages) {
		return
	}
	if at := d.after(s.closed, s.closed.Add(d.days(0, 3)), s.owner.offset); at.Before(t.opt.AsOf) {
		t.live(d, s, after, at)
	}
}

// planted lists what is there by construction.
func (t *teller) planted() Planted {
	var p Planted
	for j := range t.opt.Deals {
		k, nth, ok := t.roster.role(t.index(j))
		if !ok {
			continue
		}
		switch id := t.id(j); k {
		case cleanLoss:
			p.CleanLosses = append(p.CleanLosses, id)
		case skip:
			p.Skips = append(p.Skips, t.skips(id, nth)...)
		case waivedSkip:
			p.Waived = append(p.Waived, t.skips(id, 2*nth)...)
		case push:
			p.Pushes = append(p.Pushes, id)
		case stall:
			p.Stalls = append(p.Stalls, id)
		case silence:
			p.Silent = append(p.Silent, id)
		case overCall:
			p.Calls = append(p.Calls, id)
		}
	}
	if t.shape.shortcut >= 0 {
		p.Shortcut = t.shape.stages[t.shape.shortcut].Key
	}
	p.OverCallers, p.Disciplined = t.staff.ids(overCaller), t.staff.ids(disciplined)
	p.Pushers, p.Newcomers = t.staff.ids(pusher), t.staff.ids(newcomer)
	p.OnLeave, p.Gone = t.staff.ids(onLeave), t.staff.ids(gone)
	return p
}

func (t *teller) skips(id string, nth int) []Skip {
	from, over, ok := t.jump(nth)
	if !ok {
		return nil
	}
	var out []Skip
	for k := from + 1; k <= from+over; k++ {
		out = append(out, Skip{DealID: id, Stage: t.shape.at(t.shape.chain[k], t.opt.AsOf).Key})
	}
	return out
}

func (s *staff) ids(k kindOfRep) []string {
	var out []string
	for _, who := range s.byKind[k] {
		out = append(out, who.ID)
	}
	slices.Sort(out)
	return out
}
