package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/worker"
)

// against is what plan --against is about: two configs, one of which takes the place of the other at an instant.
type against struct {
	old, new           *config.Config
	oldHouse, newHouse *house
	now, at            time.Time
	next               int
	from, until        pipeline.Date // the week that holds at, by the new config's dates
	otherState         bool
	restart            bool
	refused            bool                                    // the new config's worker does not begin on this ledger
	meant              map[string]map[string][]worker.Prospect // by old or new and schedule; nil: not known

	known         bool // what was sent and will be; of the rest nothing is where it is not
	before, after []worker.Foretold
	calm          time.Time // when nobody would get a digest twice or miss one; zero: in the next days never
}

// moveTo sets the instant of the change.
func (a *against) moveTo(at time.Time) {
	day := pipeline.DateOf(at, a.new.Zone)
	a.at, a.from = at, day-pipeline.Date((day.Weekday()+6)%7) // Monday
	a.until = a.from + 7
}

// runAgainst says what changes when a config takes the place of the one that is in force.
func (o planOptions) runAgainst(ctx context.Context, w io.Writer, cfg *config.Config, from, now time.Time) (err error) {
	old, err := loadConfig(o.against, false)
	if err != nil {
		return err
	}
	if _, faults := readWaivers(old.Waivers); len(faults) > 0 {
		return faults
	}
	a := &against{old: old, new: cfg, now: now, next: o.next}
	a.moveTo(from)
	a.otherState = old.State.DSN != cfg.State.DSN
	a.restart = a.otherState || old.Environment != cfg.Environment || old.Web.Listen != cfg.Web.Listen
	a.refused = !a.otherState && old.Environment != cfg.Environment

	var noLedger, noOther error
	a.oldHouse, noLedger = openLookout(ctx, old)
	a.newHouse, noOther = openLookout(ctx, cfg)
	defer func() { err = errors.Join(err, a.oldHouse.Close(), a.newHouse.Close()) }()
	if !a.otherState {
		noOther = nil // the same words twice
	}
	noLedger = asCallersFault(errors.Join(noLedger, noOther))
	if errors.As(noLedger, new(wrongError)) {
		return noLedger
	}
	unread := asCallersFault(a.look(ctx, noLedger == nil))
	if errors.As(unread, new(wrongError)) || isFaults(unread) || ctx.Err() != nil {
		return unread
	}
	if err := a.change().print(w, o.format); err != nil {
		return err
	}
	if unread != nil {
		unread = fmt.Errorf("who is meant, before and after, is not known: %w; see 'drumbeat check --connect'", unread)
	}
	if noLedger != nil {
		noLedger = fmt.Errorf("what was sent is not known: %w; see 'drumbeat check --connect'", noLedger)
	}
	return errors.Join(unread, noLedger)
}

// look reads who is meant, and lets the worker play the week through if the ledger can be read, or there is none.
func (a *against) look(ctx context.Context, ledgerKnown bool) error {
	people, err := worker.Hold(ctx, a.oldHouse.Source, a.now)
	if err != nil {
		return err
	}
	others := people
	if !sameSource(a.old, a.new) {
		if others, err = worker.Hold(ctx, a.newHouse.Source, a.now); err != nil {
			return err
		}
	}
	a.oldHouse.Source, a.newHouse.Source = people, others
	a.meant = map[string]map[string][]worker.Prospect{}
	for side, h := range map[string]*house{"old": a.oldHouse, "new": a.newHouse} {
		if a.meant[side], err = a.prospects(ctx, h); err != nil {
			a.meant = nil
			return fmt.Errorf("%s: %w", h.Config.Path, err)
		}
	}
	if !ledgerKnown {
		return nil
	}
	if err := a.foretell(ctx); err != nil {
		return err
	}
	a.known = true
	return a.findCalm(ctx)
}

// foretell lets the worker play the week with and without the change.
func (a *against) foretell(ctx context.Context) (err error) {
	change := worker.Change{Old: a.old, New: a.new, OldSource: a.oldHouse.Source, NewSource: a.newHouse.Source, State: record(a.oldHouse),
		OtherState: a.otherState, NewState: record(a.newHouse), Now: a.now, At: a.at, Restart: a.restart, Refused: a.refused, From: a.from, Until: a.until}
	a.before, a.after, err = change.Foretell(ctx)
	return err
}

// calmDays is how far ahead a calmer moment is looked for, and mostMoments at how many instants at most.
const (
	calmDays    = 8
	mostMoments = 60
)

// findCalm looks for the next moment at which the change costs nobody a digest and gives nobody two: right after a tick,
// or when one has become too old to be made up for.
func (a *against) findCalm(ctx context.Context) error {
	if n := countEffects(a.digests(a.schedules())); n.Missing+n.Twice == 0 || a.refused {
		return nil
	}
	var moments []time.Time
	add := func(at time.Time) {
		if at = at.Truncate(time.Minute).Add(time.Minute); at.After(a.at) && at.Before(a.at.AddDate(0, 0, calmDays)) {
			moments = append(moments, at)
		}
	}
	for _, s := range slices.Concat(a.old.Schedules, a.new.Schedules) {
		for d := -calmDays; d < calmDays; d++ {
			if tick := s.Spec.Next(a.at.AddDate(0, 0, d), s.Zone); tick.Before(a.at.AddDate(0, 0, d+1)) {
				add(tick)
				add(tick.Add(s.MaxAge))
			}
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.Compact(moments)
	for _, at := range moments[:min(len(moments), mostMoments)] {
		b := *a
		b.moveTo(at)
		if err := b.foretell(ctx); err != nil {
			return err
		}
		if n := countEffects(b.digests(b.schedules())); n.Missing+n.Twice == 0 {
			a.calm = at
			return nil
		}
	}
	return nil
}

// record is the ledger of a house, nil where it has none.
func record(h *house) worker.Record {
	if h.state == nil {
		return nil // not a nil *ledger.Ledger in an interface
	}
	return h.state
}

var _ worker.Record = (*ledger.Ledger)(nil)

// sameSource says whether both configs read the same people.
func sameSource(a, b *config.Config) bool {
	return a.Source.DSN == b.Source.DSN && a.Source.Preset == b.Source.Preset && a.Source.Schema == b.Source.Schema &&
		a.Source.Queries[pipeline.Reps] == b.Source.Queries[pipeline.Reps]
}

// prospects are those whom each schedule will mean at its next tick, by schedule. Both configs are asked about the same
// day, so that nobody seems to come or go who is away for a week.
func (a *against) prospects(ctx context.Context, h *house) (map[string][]worker.Prospect, error) {
	all := map[string][]worker.Prospect{}
	for _, s := range h.Config.Schedules {
		day := s
		if i := slices.IndexFunc(a.new.Schedules, func(n config.Schedule) bool { return n.Name == s.Name }); i >= 0 {
			day = a.new.Schedules[i]
		}
		people, err := h.Meant(ctx, s, day.Spec.Next(a.at, day.Zone))
		if err != nil {
			return nil, err
		}
		all[s.Name] = people
	}
	return all, nil
}
