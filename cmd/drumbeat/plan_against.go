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
	old, new       *config.Config
	oldHouse       *house
	newHouse       *house
	now, at        time.Time
	next           int
	from, until    pipeline.Date // the week that holds at, by the new config's dates
	restart        bool
	refused        bool // the new config's worker refuses the ledger
	otherState     bool
	meant          map[string]map[string][]worker.Prospect // by config and schedule; nil: not known
	before, after  []worker.Foretold
	known, hasPast bool // whether the digests are; whether there is a ledger
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
	a := &against{old: old, new: cfg, now: now, at: from, next: o.next}
	day := pipeline.DateOf(from, cfg.Zone)
	a.from = day - pipeline.Date((day.Weekday()+6)%7)
	a.until = a.from + 7
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
	if errors.As(unread, new(wrongError)) || ctx.Err() != nil {
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
	change := worker.Change{Old: a.old, New: a.new, OldSource: people, NewSource: others, State: record(a.oldHouse), OtherState: a.otherState,
		NewState: record(a.newHouse), Now: a.now, At: a.at, Restart: a.restart, Refused: a.refused, From: a.from, Until: a.until}
	a.hasPast = a.oldHouse.state != nil
	a.before, a.after, err = change.Foretell(ctx)
	a.known = err == nil
	return err
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
