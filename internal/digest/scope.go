package digest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// scoped is a report cut down to what one recipient may see: deals, losses and reps of the members, and of
// the whole report only what names nobody. Every section is built from it; none ever holds the report.
type scoped struct {
	AsOf      time.Time
	Newest    pipeline.Opt[time.Time] // of all data: when anything last happened
	Observed  *health.Observed        // nil: the figures rest on the source alone
	Window    pipeline.Period
	Process   string
	Currency  string
	Sources   health.Sources
	Everybody bool // the members are all reps of the report

	Figures health.Figures      // of the members together
	Reps    []health.RepFigures // by id
	Deals   []health.Deal
	Lost    []health.LostDeal
	Closed  []health.ClosedDeal

	Stages        []health.Stage
	Checkpoints   []health.Checkpoint // of all reps
	Paths         []health.Path       // of all reps
	Wins          []health.StageWins  // of all reps
	Adherence     *health.Adherence   // of all reps
	Consistency   health.Number
	Pressure      *health.Pressure
	Unmapped      []health.UnmappedStage
	NoParty       bool
	InactiveReps  []string
	AnyAmount     bool          // some open deal of the report has one; else the source has none to speak of
	PeerMedian    health.Number // of a rep's digest: the median adherence of the team, one number that is nobody's
	TypicalAmount float64       // the median of all open deals' amounts; what an unknown amount counts as
}

// cut is the one place where a report is cut down to the members. It fails when none of them is in it.
func cut(in Input) (*scoped, error) {
	r, x := in.Report, in.ByRep
	if x == nil {
		x = NewByRep(r)
	}
	inside := map[string]bool{}
	for _, m := range in.Recipient.Members {
		inside[m] = true
	}
	s := &scoped{AsOf: r.AsOf, Newest: r.Newest, Observed: r.Observed, Window: r.Window, Process: r.Process, Currency: r.Currency, Sources: r.Sources,
		Stages: r.Stages, Checkpoints: r.Checkpoints, Paths: r.Paths, Wins: r.Wins, Adherence: r.Team.Adherence,
		Consistency: r.Consistency, Pressure: r.Pressure,
		TypicalAmount: x.typicalAmount, AnyAmount: x.anyAmount, Reps: of(r.Reps, x.reps, inside)}
	if len(s.Reps) == 0 {
		return nil, fmt.Errorf("none of the reps %s is in the report", strings.Join(in.Recipient.Members, ", "))
	}
	s.Everybody = len(s.Reps) == len(r.Reps)
	s.Deals, s.Lost, s.Closed = of(r.Deals, x.deals, inside), of(r.Lost, x.lost, inside), of(r.Closed, x.closed, inside)
	if r.Gaps != nil {
		s.Unmapped, s.NoParty = r.Gaps.Unmapped, r.Gaps.NoParty.Or(false)
		for _, id := range r.Gaps.InactiveReps {
			if inside[id] {
				s.InactiveReps = append(s.InactiveReps, id)
			}
		}
	}
	s.Figures = figuresOf(in, s.Reps)
	if in.Recipient.Kind == Rep {
		s.PeerMedian = peerMedian(x.peers[in.Recipient.Rep.ManagerID])
	}
	return s, nil
}

// fewestPeers besides oneself from which a median gives away nobody.
const fewestPeers = 4

// peerMedian is the median adherence, of rising rates, of those who share the recipient's manager and can be judged.
func peerMedian(rates []float64) health.Number {
	if len(rates) <= fewestPeers {
		return health.Number{}
	}
	n := len(rates)
	return pipeline.Some((rates[(n-1)/2] + rates[n/2]) / 2)
}

// figuresOf gives the members' figures together: one rep's own, the report's for a manager's group, and for
// any other set (a tree) what can honestly be summed.
func figuresOf(in Input, reps []health.RepFigures) health.Figures {
	if len(in.Recipient.Members) == 1 && len(reps) == 1 {
		return reps[0].Figures
	}
	for _, g := range in.Report.Managers {
		if g.ID == in.Recipient.Rep.ID && slices.Equal(g.Reps, in.Recipient.Members) {
			return g.Figures
		}
	}
	f := sum(reps, in.Settings)
	for _, g := range in.Report.Managers {
		if g.ID == in.Recipient.Rep.ID {
			f.Focus = g.Focus
		}
	}
	if !f.Focus.OK {
		f.Focus = in.Report.Team.Focus
	}
	return f
}

func medianAmount(deals []health.Deal) float64 {
	var have []float64
	for _, d := range deals {
		if d.Amount.OK {
			have = append(have, d.Amount.V)
		}
	}
	if len(have) == 0 {
		return 1
	}
	slices.Sort(have)
	n := len(have)
	return (have[(n-1)/2] + have[n/2]) / 2
}

// CheckScope refuses a digest that mentions a rep outside the members, or a deal whose owner is outside. It
// looks at every DealRef and RepRef of the finished view model, wherever a section put it.
func (d *Digest) CheckScope(members []string) error {
	inside := map[string]bool{}
	for _, m := range members {
		inside[m] = true
	}
	var broken []string
	mentions(reflect.ValueOf(d), func(v any) {
		switch ref := v.(type) {
		case DealRef:
			if ref != (DealRef{}) && !inside[ref.Owner] {
				broken = append(broken, fmt.Sprintf("deal %s of rep %q", ref.ID, ref.Owner))
			}
		case RepRef:
			if ref != (RepRef{}) && !inside[ref.ID] {
				broken = append(broken, "rep "+ref.ID)
			}
		}
	})
	if len(broken) > 0 {
		return fmt.Errorf("scope: the digest names %s, outside the scope of rep %s; it is not sent",
			strings.Join(broken, ", "), d.Recipient.ID)
	}
	return nil
}

// mentions calls found with every DealRef and RepRef below v.
func mentions(v reflect.Value, found func(any)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			mentions(v.Elem(), found)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			mentions(v.Index(i), found)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			mentions(v.MapIndex(k), found)
		}
	case reflect.Struct:
		if t := v.Type(); t == reflect.TypeFor[DealRef]() || t == reflect.TypeFor[RepRef]() {
			found(v.Interface())
			return
		}
		for i := range v.NumField() {
			mentions(v.Field(i), found)
		}
	}
}
