package worker

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// Change is a config that takes the place of another one.
type Change struct {
	Old, New             *config.Config
	OldSource, NewSource Source
	State                Record // the old config's; nil: there is none, and everything that fell due is taken for made
	OtherState           bool   // the new config has another one, NewState
	NewState             Record // nil: there is none, and every schedule is seen for the first time

	Now         time.Time // up to when State is known; from then to At the old config is in force
	At          time.Time // when the new one comes into force
	Restart     bool      // the process ends for it and begins again
	Refused     bool      // its worker does not begin at all
	From, Until pipeline.Date
}

// Foretold is a digest that was made, or will be, or will not be.
type Foretold struct {
	ledger.Key
	Kind   string
	State  ledger.State // Skipped with the Reason, or else it has gone out or will
	Reason string
	Tick   time.Time // zero: it is in the ledger already
	Made   time.Time // when it is recorded; zero: it is in the ledger already
	At     time.Time // when it goes, or its Date says that it went

	known bool
}

// Goes says whether its reader gets it, or has got it; that the figures leave nothing to say is not foreseen.
func (f Foretold) Goes() bool { return f.State != ledger.Skipped && f.State != ledger.Failed }

// Foretell says which digests of the periods from From up to, not including, Until there will be if nothing changes, and
// which if the change is made; what is in the ledger already is among both. The worker itself plays it through, on a
// clock and a ledger that are made up: who is meant by the sources' word of now, and that there is something to say to
// everybody, is assumed. Nothing is written, sent or computed.
func (c Change) Foretell(ctx context.Context) (before, after []Foretold, err error) {
	old := &Worker{Config: c.Old, Source: c.OldSource}
	ahead := newRehearsal(c.State)
	since := c.At.AddDate(-100, 0, 0) // it has been running all the time
	begin := c.Now
	if c.State == nil {
		begin = c.From.Start(c.Old.Zone)
		for _, s := range c.Old.Schedules {
			ahead.lastDue[s.Name] = cmp.Or(s.Spec.Last(begin.Add(-time.Nanosecond), s.Zone), begin)
		}
	}
	if begin.Before(c.At) {
		if err := old.rehearse(ctx, ahead, begin, c.At, since); err != nil {
			return nil, nil, err
		}
	}
	changed := ahead.branch()
	if err := old.rehearse(ctx, ahead, c.At, c.Until.Start(c.Old.Zone), since); err != nil {
		return nil, nil, err
	}
	if before, err = ahead.all(ctx, c.From, c.Until); err != nil {
		return nil, nil, err
	}
	after, err = c.afterwards(ctx, changed, since)
	return before, after, err
}

// afterwards plays the new config's part, from what the old one has left.
func (c Change) afterwards(ctx context.Context, left *rehearsal, since time.Time) ([]Foretold, error) {
	play := left
	if c.OtherState {
		play = newRehearsal(c.NewState)
	}
	if c.Restart {
		since = c.At
	}
	if !c.Refused {
		w := &Worker{Config: c.New, Source: c.NewSource}
		if err := w.rehearse(ctx, play, c.At, c.Until.Start(c.New.Zone), since); err != nil {
			return nil, err
		}
	}
	after, err := play.all(ctx, c.From, c.Until)
	if err != nil || play == left {
		return after, err
	}
	sent, err := left.all(ctx, c.From, c.Until) // in the other ledger
	return append(sent, after...), err
}

// rehearse lets a worker with this one's config and source serve from an instant up to another, on a clock that jumps to
// where something can happen. The worker's own code plans; all that it leaves out is what the digests say.
func (w *Worker) rehearse(ctx context.Context, on *rehearsal, from, until, since time.Time) error {
	player := &Worker{Config: w.Config, Source: w.Source, Ledger: on, Now: func() time.Time { return on.now },
		Log: slog.New(slog.DiscardHandler), rehearses: true}
	if _, err := player.newDesk().reps(ctx, from); err != nil {
		return fmt.Errorf("who is meant: %w", err)
	}
	s := player.newServer(since)
	for _, now := range player.moments(from, until) {
		on.now = now
		if s.reconcile(ctx, now); on.failed != nil || ctx.Err() != nil {
			return cmp.Or(on.failed, ctx.Err())
		}
	}
	return nil
}

// moments are when a worker that serves from an instant up to another can find something to do: at once, when it looks
// again who is meant, at midnight, when days begin whose hour is each recipient's own, and at ticks, of which the first of
// a day makes its digest and the very last says how far it came.
func (w *Worker) moments(from, until time.Time) []time.Time {
	zone, at := w.Config.Zone, map[time.Time]bool{}
	add := func(t time.Time) {
		if !t.Before(from) && t.Before(until) {
			at[t.UTC()] = true
		}
	}
	add(from)
	add(from.Add(recheck))
	justBefore := func(t time.Time) time.Time { return t.Add(-time.Nanosecond) }
	for d := pipeline.DateOf(from, zone); d.Start(zone).Before(until); d++ {
		add(d.Start(zone))
		for _, s := range w.Config.Schedules {
			add(s.Spec.Next(justBefore(d.Start(zone)), s.Zone))
		}
	}
	for _, s := range w.Config.Schedules {
		add(s.Spec.Next(justBefore(from), s.Zone))
		add(s.Spec.Last(justBefore(until), s.Zone))
	}
	return slices.SortedFunc(maps.Keys(at), time.Time.Compare)
}

// Held is a source of which the people were read, once, and that knows nothing else.
type Held []pipeline.Rep

// Hold reads the people of a source.
func Hold(ctx context.Context, src Source, now time.Time) (Held, error) {
	reading, done, err := src.ReadFor(ctx, pipeline.Everything(now))
	if err != nil {
		return nil, err
	}
	return Held(reading.Reps), done()
}

// ReadFor implements Source.
func (h Held) ReadFor(context.Context, pipeline.Needs) (*pipeline.Reading, func() error, error) {
	return &pipeline.Reading{Reps: slices.Clone(h)}, func() error { return nil }, nil
}
