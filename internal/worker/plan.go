package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/render"
	"drumbeat/internal/words"
)

// desk keeps what rounds of one instant share, so that it is read and computed once.
type desk struct {
	w       *Worker
	people  []pipeline.Rep // who is there at all; nil: not read yet
	unread  error          // why they could not be read: nobody waits for the same database twice
	figures map[occasion]*figures
	look    look // what was seen of the open deals
}

type occasion struct {
	asOf   time.Time
	window pipeline.Span
}

// figures is everything that digests of one instant and window are built from.
type figures struct {
	report   *health.Report
	byRep    *digest.ByRep  // where in the report each rep's deals are
	before   *health.Report // as of the window's start: what became of its agenda; nil where nobody asks
	agendas  *digest.ByRep  // the same of before
	asked    *health.Report // as if criteria that are announced had been asked for; nil: none is
	settings health.Settings
	reps     []pipeline.Rep
	ops      *digest.Operations // of an admins' digest, which has nothing else
}

func (w *Worker) newDesk() *desk { return &desk{w: w, figures: map[occasion]*figures{}} }

// reps gives the people of the source and the config, without reading a single deal.
func (d *desk) reps(ctx context.Context, asOf time.Time) (reps []pipeline.Rep, err error) {
	if d.people == nil && d.unread == nil {
		defer func() { d.unread = err }()
		reading, done, err := d.w.read(ctx, pipeline.Everything(asOf))
		if err != nil {
			return nil, err
		}
		if err := done(); err != nil {
			return nil, fmt.Errorf("read reps: %w", err)
		}
		d.people = reading.Reps
	}
	return d.people, d.unread
}

// compute reads the pipeline as of an instant and computes its figures.
func (d *desk) compute(ctx context.Context, asOf time.Time, window pipeline.Span) (*figures, error) {
	key := occasion{asOf.UTC(), window}
	if f := d.figures[key]; f != nil {
		return f, nil
	}
	f, err := d.judge(ctx, asOf, window, d.w.Config.Process)
	if err != nil {
		return nil, err
	}
	d.figures[key] = f
	return f, nil
}

// judge reads the pipeline as of an instant and computes its figures by a process.
func (d *desk) judge(ctx context.Context, asOf time.Time, window pipeline.Span, by *process.Process) (f *figures, err error) {
	set := d.w.Config.HealthSettings(window)
	reading, done, err := d.w.read(ctx, health.Needs(asOf, set, by))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := d.w.observe(ctx, &d.look, reading, asOf); err != nil {
		return nil, fmt.Errorf("what was observed: %w", err)
	}
	f = &figures{settings: set, reps: reading.Reps}
	f.report, err = health.Compute(health.Input{AsOf: asOf, Settings: set, Process: by, Reading: reading})
	if err != nil {
		return nil, err
	}
	f.byRep = digest.NewByRep(f.report)
	return f, nil
}

// withAnnounced adds, once, what criteria would have shown that the process will only ask for later.
func (d *desk) withAnnounced(ctx context.Context, f *figures, window pipeline.Span) error {
	p, asOf := d.w.Config.Process, f.report.AsOf
	if f.asked != nil || len(p.Announced(asOf)) == 0 {
		return nil
	}
	asked, err := d.judge(ctx, asOf, window, p.AsIfAsked(asOf))
	if err != nil {
		return fmt.Errorf("what is announced: %w", err)
	}
	f.asked = asked.report
	return nil
}

// of gives what the digests of a round are built from. A manager's asks what became of the last agenda, and for
// that the pipeline is looked at a second time, as it was when the window began.
func (d *desk) of(ctx context.Context, r *round) (*figures, error) {
	f, err := d.compute(ctx, r.end, r.schedule.Window)
	if err == nil {
		err = d.withAnnounced(ctx, f, r.schedule.Window)
	}
	if err != nil || digest.Kind(r.schedule.Digest) != digest.Manager {
		return f, err
	}
	before, err := d.compute(ctx, f.report.Window.Start, r.schedule.Window)
	if err != nil {
		return nil, fmt.Errorf("the last agenda: %w", err)
	}
	both := *f
	both.before, both.agendas = before.report, before.byRep
	return &both, nil
}

// PeopleError means that the config speaks of people whom the source does not have.
type PeopleError struct{ error }

// read opens one view of the pipeline, the config's word on people laid over it.
func (w *Worker) read(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	reading, done, err := w.Source.ReadFor(ctx, needs)
	if err != nil {
		return nil, nil, err
	}
	reading.Reps, err = pipeline.Overlay(reading.Reps, w.Config.People)
	if err != nil {
		return nil, nil, errors.Join(PeopleError{err}, done())
	}
	return reading, done, nil
}

// plan is the way from a tick to recorded digests. Whom the ledger knows is neither rendered nor sent again,
// and where it knows everybody the deals are not even read.
func (w *Worker) plan(ctx context.Context, desk *desk, r *round) (err error) {
	defer func() {
		if v := recover(); v != nil { // in a figure, that is: the tick stays due, and the process goes on with the rest
			w.Log.Error("panic while planning", "schedule", r.schedule.Name, "period", r.period, "stack", string(debug.Stack()))
			err = fmt.Errorf("plan %s %s: panic: %v", r.schedule.Name, r.period, v)
		}
	}()
	if r.schedule.Digest == config.Admin {
		return w.planAdmin(ctx, desk, r)
	}
	known, err := w.Ledger.Known(ctx, r.schedule.Name, r.period)
	if err != nil {
		return err
	}
	reps, err := desk.reps(ctx, r.end)
	if err != nil {
		return err
	}
	people, err := w.recipients(ctx, r, reps)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.Skip == "" {
			r.wanted = append(r.wanted, p.Address)
		}
	}
	withdrawn, err := r.withdrawn(people, known)
	if err != nil {
		return err
	}
	fresh := r.unknown(people, known)
	r.sum.People, r.sum.Known = len(people), len(people)-len(fresh)

	run := ledger.Run{Schedule: r.schedule.Name, Period: r.period, Tick: r.advance, AsOf: r.end, AdvanceTo: r.advance, Withdrawn: withdrawn}
	var f *figures
	if len(fresh) > 0 {
		if f, err = desk.of(ctx, r); err != nil {
			return err
		}
		w.vitals.read(r.schedule.Name, f.report)
		if err := w.trust(ctx, r, f); err != nil {
			return err
		}
		run.WindowStart, run.SourceRows = f.report.Window.Start, sourceRows(f.report.Sources)
		run.Deals, run.Reps, run.Digests = f.report.Sources.Deals.V, len(f.report.Reps), len(fresh)
		run.Observed = desk.look.news(r)
		r.sum.Deals, r.sum.Reps, r.made = run.Deals, run.Reps, f
	} else if r.advance.IsZero() && len(withdrawn) == 0 {
		return nil
	}
	_, err = w.Ledger.PlanSeq(ctx, run, w.deliveries(r, f, fresh))
	return err
}

// write is plan with a folder in place of the ledger.
func (w *Worker) write(ctx context.Context, desk *desk, r *round, to Files) error {
	f, people, err := w.prepare(ctx, desk, r)
	if err != nil {
		return err
	}
	r.sum.People = len(people)
	for m := range w.mails(r, f, people) {
		switch {
		case m.err != nil:
			r.sum.Failed++
			r.sum.Problems.add("not made", m.err.Error())
		case m.skip != "":
			r.sum.Skipped++
		default:
			name := m.to.Rep.ID
			if name == "" {
				name = m.to.Address
			}
			if _, err := to.Write(r.schedule.Name, r.period, name, m.raw, m.content.HTML, m.content.Text); err != nil {
				return err
			}
			r.sum.Digests++
			r.sum.Files++
		}
	}
	return ctx.Err()
}

// prepare gives what the digests of a round are built from and whom the schedule means, whatever the ledger knows.
func (w *Worker) prepare(ctx context.Context, desk *desk, r *round) (f *figures, people []digest.Recipient, err error) {
	if r.schedule.Digest == config.Admin {
		reps, unread := w.adminReps(ctx, desk, r.end)
		f = &figures{reps: reps}
		f.ops, err = w.operations(ctx, desk, r, reps, unread)
	} else if f, err = desk.of(ctx, r); err == nil {
		r.sum.Deals, r.sum.Reps = f.report.Sources.Deals.V, len(f.report.Reps)
	}
	if err != nil {
		return nil, nil, err
	}
	people, err = w.recipients(ctx, r, f.reps)
	return f, people, err
}

// recipients says whom the schedule means and who of them gets nothing.
func (w *Worker) recipients(ctx context.Context, r *round, reps []pipeline.Rep) ([]digest.Recipient, error) {
	optedOut := map[string]bool{}
	if w.Ledger != nil {
		addresses, err := w.Ledger.OptOuts(ctx, r.schedule.Digest)
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			optedOut[a] = true
		}
	}
	s := r.schedule
	people := digest.Recipients(digest.Rule{Kind: digest.Kind(s.Digest), Scope: digest.Scope(s.Scope), Teams: s.Recipients.Teams,
		Reps: s.Recipients.Reps, Addresses: s.Recipients.Addresses, OptedOut: optedOut}, reps, pipeline.DateOf(r.tick, w.Config.Zone))
	if len(r.job.Only) == 0 {
		return people, nil
	}
	people = slices.DeleteFunc(people, func(p digest.Recipient) bool { return !slices.Contains(r.job.Only, p.Address) })
	for _, p := range people {
		r.sum.Meant = append(r.sum.Meant, p.Address)
	}
	return people, nil
}

func (r *round) key(p digest.Recipient) ledger.Key {
	return ledger.Key{Schedule: r.schedule.Name, Period: r.period, Recipient: ledger.NormalAddress(p.Address), RepID: p.Rep.ID}
}

func (r *round) unknown(people []digest.Recipient, known map[ledger.Key]ledger.State) []digest.Recipient {
	var fresh []digest.Recipient
	for _, p := range people {
		if _, ok := known[r.key(p)]; !ok {
			fresh = append(fresh, p)
		}
	}
	return fresh
}

// deliveries makes what is to be recorded. A digest that cannot be made is recorded as failed with its reason,
// and the next run of the period makes it again. The ledger may ask for the sequence more than once.
func (w *Worker) deliveries(r *round, f *figures, people []digest.Recipient) iter.Seq2[ledger.Delivery, error] {
	return func(yield func(ledger.Delivery, error) bool) {
		r.sum.Digests, r.sum.Skipped, r.sum.Problems = 0, 0, nil
		for m := range w.mails(r, f, people) {
			d := ledger.Delivery{Key: r.key(m.to), Kind: string(m.to.Kind)}
			switch {
			case m.err != nil:
				w.Log.Error("digest not made", "schedule", r.schedule.Name, "period", r.period, "rep", m.to.Rep.ID,
					"error", withoutAddresses(m.err.Error()))
				d.State, d.Reason = ledger.Failed, m.err.Error()
			case m.skip != "":
				d.State, d.Reason = ledger.Skipped, m.skip
				r.sum.Skipped++
			default:
				d.State, d.MessageID, d.Subject, d.Body = ledger.Pending, m.id, m.content.Subject, m.raw
				d.Date, d.NotBefore = m.date, m.notBefore
				r.sum.Digests++
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// made is one person's digest, ready to be recorded; skip or err say why there is none.
type made struct {
	to              digest.Recipient
	id              string
	content         render.Content
	raw             []byte
	date, notBefore time.Time
	skip            string
	err             error
}

// mails makes everybody's digest on all cores, in the order of people, only a few at a time.
func (w *Worker) mails(r *round, f *figures, people []digest.Recipient) iter.Seq[made] {
	return inOrder(people, runtime.GOMAXPROCS(0), func(p digest.Recipient) made { return w.mail(r, f, p) })
}

// mail builds and renders one digest. Whatever goes wrong on the way, a panic in a template too, is this
// person's failure and nobody else's.
func (w *Worker) mail(r *round, f *figures, p digest.Recipient) (m made) {
	m = made{to: p, skip: p.Skip}
	defer func() {
		if v := recover(); v != nil {
			m = made{to: p, err: fmt.Errorf("digest of %s: %v", p.Rep.ID, v)}
		}
	}()
	if p.Skip != "" {
		return m
	}
	m.date = r.tick
	if r.schedule.RecipientZone && !r.byHand { // who runs it by hand does not wait for anybody's hour
		m.notBefore = r.hourOf(p.Rep.TimeZone)
		m.date = m.notBefore
	}
	late := time.Time{}
	if !r.byHand && w.Now().Sub(m.date) > tolerated {
		late = m.date
	}
	d, err := w.build(r, f, p, m.date, late)
	if err != nil {
		m.err = err
		return m
	}
	if d.Empty && r.schedule.SkipEmpty {
		m.skip = digest.SkipEmpty
		return m
	}
	if m.content, err = w.Render(d); err != nil {
		m.err = fmt.Errorf("digest of %s: %w", p.Rep.ID, err)
		return m
	}
	msg := w.message(r, p, m.content, m.date)
	m.id = msg.MessageID
	if m.raw, err = mail.Build(msg); err != nil {
		m.err = fmt.Errorf("digest of %s: %w", p.Rep.ID, err)
	}
	return m
}

// build makes one digest's view model, of the kind that the schedule sends.
func (w *Worker) build(r *round, f *figures, p digest.Recipient, date, late time.Time) (*digest.Digest, error) {
	view, stop := w.links(r, p, date)
	how := ""
	if w.Links != nil {
		how = w.Links.How()
	}
	if f.ops != nil {
		in := *f.ops
		in.Recipient, in.View, in.StopURL, in.Voice = p, view, stop, w.voice(p)
		return digest.BuildAdmin(in)
	}
	return digest.Build(digest.Input{Report: f.report, ByRep: f.byRep, Before: f.before, BeforeByRep: f.agendas, Asked: f.asked, Settings: f.settings, Process: w.Config.Process, Reps: f.reps,
		Recipient: p, Scope: digest.Scope(r.schedule.Scope), Schedule: r.schedule.Name, DealLink: w.Config.Links.Deal,
		Stop: w.replies().Address, View: view, StopURL: stop, How: how, LateFrom: late, Voice: w.voice(p)})
}

// voice speaks to a recipient.
func (w *Worker) voice(p digest.Recipient) *words.Voice {
	if w.Voice == nil {
		return nil
	}
	return w.Voice(p.Rep.Locale)
}

// hourOf is the tick's wall time in the recipient's zone, but never before the end of the period.
func (r *round) hourOf(zone string) time.Time {
	if at := pipeline.AtWall(r.tick.In(r.schedule.Zone), r.zoneOf(zone)); at.After(r.end) {
		return at.UTC()
	}
	return r.end.UTC()
}

// zoneOf is the zone of that name; where there is none, the schedule's.
func (r *round) zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return r.schedule.Zone
	}
	return loc
}

func sourceRows(s health.Sources) map[string]int64 {
	rows := map[string]int64{}
	for name, c := range map[pipeline.Rows]health.Count{pipeline.Reps: s.Reps, pipeline.Deals: s.Deals,
		pipeline.StageChanges: s.StageChanges, pipeline.Activities: s.Activities, pipeline.Criteria: s.Criteria,
		pipeline.Forecasts: s.Forecasts, pipeline.Waivers: s.Waivers} {
		if c.OK {
			rows[string(name)] = int64(c.V)
		}
	}
	return rows
}
