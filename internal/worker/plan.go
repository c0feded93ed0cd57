package worker

import (
	"context"
	"fmt"
	"iter"
	"regexp"
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
	"drumbeat/internal/render"
	"drumbeat/internal/words"
)

// plan is the way from a tick to recorded digests. Whom the ledger knows is neither rendered nor sent again,
// and where it knows everybody the deals are not even read.
func (w *Worker) plan(ctx context.Context, desk *desk, r *round) (err error) {
	defer func() {
		if v := recover(); v != nil { // in a figure, that is: the tick stays due, and the process goes on with the rest
			w.Log.Error("panic while planning", "schedule", r.schedule.Name, "period", r.period, "stack", string(debug.Stack()))
			err = fmt.Errorf("plan %s %s: panic: %s", r.schedule.Name, r.period, w.panicked(v))
		}
	}()
	if r.schedule.Digest == config.Admin {
		return w.planAdmin(ctx, desk, r)
	}
	began := w.Now()
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
	withdrawn, err := r.withdrawn(people, reps, known)
	if err != nil {
		return err
	}
	fresh := r.unknown(people, known)
	r.sum.People, r.sum.Known = len(people), len(people)-len(fresh)

	run := ledger.Run{Schedule: r.schedule.Name, Period: r.period, Tick: r.advance, AsOf: r.end, AdvanceTo: r.advance, Withdrawn: withdrawn}
	var f *figures
	switch {
	case len(fresh) > 0 && !w.rehearses:
		if f, err = w.figure(ctx, desk, r, &run); err != nil {
			return err
		}
		run.Digests = len(fresh)
	case len(fresh) == 0 && r.advance.IsZero() && len(withdrawn) == 0:
		return nil
	}
	added, err := w.Ledger.PlanSeq(ctx, run, w.deliveries(r, f, fresh))
	if err == nil && (added > 0 || len(fresh) == 0) { // else another replica was faster
		w.count(r, began, len(withdrawn))
	}
	return err
}

// figure computes what the digests of a round are built from, if its data can be trusted, and notes it in the run.
func (w *Worker) figure(ctx context.Context, desk *desk, r *round, run *ledger.Run) (*figures, error) {
	r.begins()
	f, err := desk.of(ctx, r)
	if err != nil {
		return nil, err
	}
	w.vitals.read(r.schedule.Name, f.report)
	if err := w.trust(ctx, r, f); err != nil {
		return nil, err
	}
	run.WindowStart, run.SourceRows = f.report.Window.Start, sourceRows(f.report.Sources)
	run.Deals, run.Reps = f.report.Sources.Deals.V, len(f.report.Reps)
	run.Observed = desk.look.news(r)
	r.sum.Deals, r.sum.Reps, r.made = run.Deals, run.Reps, f
	return f, nil
}

// notMade logs a digest that could not be made: where that was, in the words of a template's place. What hinders it may
// quote the digest itself, and stands in the ledger and at level debug.
func (w *Worker) notMade(r *round, m made) {
	log := w.Log.With("schedule", r.schedule.Name, "period", r.period, "rep", m.to.Rep.ID)
	log.Error("digest not made, drumbeat ledger list --state failed says why", "at", place.FindString(m.err.Error()))
	log.Debug("digest not made", "error", m.err)
}

// place is where a template stopped.
var place = regexp.MustCompile(`template: [\w./-]+:\d+(:\d+)?`)

// panicked gives the words of a panic that may stand in a log: the runtime's own. Others may quote the data.
func (w *Worker) panicked(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	w.Log.Debug("panic", "words", fmt.Sprint(v))
	return fmt.Sprintf("a %T, whose words are in the log at level debug", v)
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
			r.sum.skip(m.skip)
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
		r.sum.Digests, r.sum.Skipped, r.sum.Reasons, r.sum.Problems, r.notMade = 0, 0, nil, nil, 0
		for m := range w.mails(r, f, people) {
			d := ledger.Delivery{Key: r.key(m.to), Kind: string(m.to.Kind)}
			switch {
			case m.err != nil:
				w.notMade(r, m)
				d.State, d.Reason = ledger.Failed, m.err.Error()
				r.notMade++
			case m.skip != "":
				d.State, d.Reason = ledger.Skipped, m.skip
				r.sum.skip(m.skip)
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
	if w.rehearses {
		return m
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
