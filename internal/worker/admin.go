package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// The way to the admins' digest. It is planned, recorded and sent like every other one; only what it is made of
// comes from the ledger's record of runs, and the pipeline is read for its freshness alone.

// History is what admins are told from: runs, and what became of their mails.
type History interface {
	Runs(ctx context.Context, since time.Time) ([]ledger.Run, error)
	List(ctx context.Context, f ledger.Filter) ([]ledger.Delivery, error)
}

// remembered is how far back runs are looked at: a yearly schedule's last one still says how many rows there were.
const remembered = 400 * 24 * time.Hour

// notice is what an admins' digest is to tell. That of a schedule's own tick tells everything since the last one.
type notice struct {
	cause  digest.Cause
	about  func(ledger.Run) bool // the runs that it tells of; nil: all since the last digest
	due    []digest.DueTick
	missed []digest.DueTick
	data   *digest.DataState

	refused *digest.Refusal
}

func (w *Worker) history() History {
	if w.History != nil {
		return w.History
	}
	if w.Ledger == nil { // only looking, and there is no ledger yet
		return nothingRan{}
	}
	return w.Ledger
}

type nothingRan struct{}

func (nothingRan) Runs(context.Context, time.Time) ([]ledger.Run, error)          { return nil, nil }
func (nothingRan) List(context.Context, ledger.Filter) ([]ledger.Delivery, error) { return nil, nil }

// planAdmin is plan for the admins' digest. It does without the source where it must: that is when it matters.
func (w *Worker) planAdmin(ctx context.Context, desk *desk, r *round) error {
	began := w.Now()
	known, err := w.Ledger.Known(ctx, r.schedule.Name, r.period)
	if err != nil {
		return err
	}
	reps, unread := w.adminReps(ctx, desk, r.end)
	people, err := w.recipients(ctx, r, reps)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.Skip == "" {
			r.wanted = append(r.wanted, p.Address)
		}
	}
	fresh := r.unknown(people, known)
	r.sum.People, r.sum.Known = len(people), len(people)-len(fresh)
	f := &figures{}
	if len(fresh) > 0 && !w.rehearses {
		r.begins()
		if f.ops, err = w.operations(ctx, desk, r, reps, unread); err != nil {
			return err
		}
	} else if len(fresh) == 0 && r.advance.IsZero() {
		return nil
	}
	added, err := w.Ledger.PlanSeq(ctx, ledger.Run{Schedule: r.schedule.Name, Period: r.period, Tick: r.advance, AsOf: r.end,
		Digests: len(fresh), AdvanceTo: r.advance}, w.deliveries(r, f, fresh))
	if err == nil && added > 0 {
		w.count(r, began, 0)
	}
	return err
}

// adminReps are the people of the source; where it cannot be read, the admins whom the config alone knows.
func (w *Worker) adminReps(ctx context.Context, desk *desk, asOf time.Time) ([]pipeline.Rep, error) {
	reps, err := desk.reps(ctx, asOf)
	if err == nil {
		return reps, nil
	}
	reps = nil
	for _, p := range w.Config.People {
		if p.Email != "" && slices.Contains(p.Receives, config.Admin) {
			reps = append(reps, pipeline.Rep{ID: p.Rep, Name: p.Name, Email: p.Email, Active: !p.Active.OK || p.Active.V,
				System: p.System.Or(false), Away: p.Away, Receives: p.Receives})
		}
	}
	return reps, err
}

// operations gathers what the admins' digest of a round is built from; unread is why the source could not be read.
func (w *Worker) operations(ctx context.Context, desk *desk, r *round, reps []pipeline.Rep, unread error) (*digest.Operations, error) {
	now := w.Now()
	ops := &digest.Operations{Schedule: r.schedule.Name, Cause: r.notice.cause, Location: r.schedule.Zone, At: now,
		Due: r.notice.due, Missed: r.notice.missed, Data: r.notice.data, Refused: r.notice.refused, Next: w.comingUp(now), Names: map[string]string{},
		Config: w.Config.Path, Alone: strings.HasPrefix(string(w.Config.State.DSN), "sqlite:") && !r.byHand, Version: w.Version, Stop: w.replies().Address}
	for _, rep := range reps {
		ops.Names[rep.ID] = rep.Name
	}
	runs, err := w.history().Runs(ctx, now.Add(-remembered))
	if err != nil {
		return nil, err
	}
	about := r.notice.about
	if ops.Cause == digest.OnSchedule {
		ops.Since, ops.Refused = r.lastTold(runs), w.refusal()
		about = func(run ledger.Run) bool {
			return run.StartedAt.After(ops.Since) || run.FinishedAt.IsZero() || run.FinishedAt.After(ops.Since)
		}
		if unread == nil {
			ops.NoAddress = w.unreachable(reps, now)
			ops.Data, unread = w.dataState(ctx, desk, r, runs)
		}
		if unread != nil && len(ops.Due) == 0 {
			ops.Due = []digest.DueTick{w.dueTick("", now, unread)}
		}
	}
	for _, run := range runs {
		if about == nil || !about(run) {
			continue
		}
		record, told, err := w.record(ctx, run, ops.Since)
		if err != nil {
			return nil, err
		}
		if told {
			ops.Runs = append(ops.Runs, record)
		}
	}
	return ops, nil
}

// lastTold is when the digest of the schedule's tick before this one was made; before the first one, a window ago.
func (r *round) lastTold(runs []ledger.Run) time.Time {
	since := r.schedule.Window.Back(r.tick, 1, r.schedule.Zone)
	for _, run := range runs {
		if run.Schedule == r.schedule.Name && !isAlarm(run.Period) && run.Period < r.period && run.StartedAt.After(since) {
			since = run.StartedAt
		}
	}
	return since
}

// record is a run with its mails. It is not told when nothing has happened to it since, and never of admins' mails.
func (w *Worker) record(ctx context.Context, run ledger.Run, since time.Time) (record digest.RunRecord, told bool, err error) {
	i := slices.IndexFunc(w.Config.Schedules, func(s config.Schedule) bool { return s.Name == run.Schedule })
	record = digest.RunRecord{Schedule: run.Schedule, Span: pipeline.Week, Tick: run.Tick, Began: run.StartedAt, Ended: run.FinishedAt}
	if i >= 0 {
		if w.Config.Schedules[i].Digest == config.Admin {
			return record, false, nil
		}
		record.Span, record.OwnHour = w.Config.Schedules[i].Window, w.Config.Schedules[i].RecipientZone
	}
	if record.Period, err = pipeline.ParseDate(run.Period); err != nil {
		return record, false, nil //nolint:nilerr // an alarm of an admin schedule that the config has no more
	}
	rows, err := w.history().List(ctx, ledger.Filter{Schedule: run.Schedule, Period: run.Period})
	if err != nil {
		return record, false, err
	}
	told = run.StartedAt.After(since)
	for _, row := range rows {
		if row.Kind == config.Admin || row.RepID == "" && row.Recipient == "" { // what was left out is told by itself
			return record, false, nil
		}
		told = told || row.UpdatedAt.After(since) || row.State == ledger.Pending || row.State == ledger.Sending
		state := string(row.State)
		if row.State == ledger.Failed && row.Reason == ledger.Settled {
			state = string(ledger.Skipped) // somebody has dealt with it
		}
		record.Mails = append(record.Mails, digest.MailRecord{ID: row.ID, RepID: row.RepID, Address: row.Recipient, State: state,
			Made: row.MessageID != "", Reason: w.Config.WithoutSecrets(row.Reason)})
	}
	return record, told, nil
}

// dataState reads the pipeline as of the tick's day, and says how it compares with what the run before saw.
func (w *Worker) dataState(ctx context.Context, desk *desk, r *round, runs []ledger.Run) (*digest.DataState, error) {
	f, err := desk.compute(ctx, r.end, r.schedule.Window)
	if err != nil {
		return nil, err
	}
	return stateOf(f, rowsBefore(runs, "", r.end)), nil
}

func stateOf(f *figures, before map[string]int64) *digest.DataState {
	return &digest.DataState{AsOf: f.report.AsOf, Window: f.report.Window.End.Sub(f.report.Window.Start), Newest: f.report.Newest,
		Rows: sourceRows(f.report.Sources), Before: before}
}

// rowsBefore are the rows that the last run before an instant saw, of the schedule if one is named; nil: there was none.
func rowsBefore(runs []ledger.Run, schedule string, asOf time.Time) (rows map[string]int64) {
	for _, run := range runs { // the oldest comes first
		if run.AsOf.Before(asOf) && len(run.SourceRows) > 0 && (schedule == "" || run.Schedule == schedule) {
			rows = run.SourceRows
		}
	}
	return rows
}

// unreachable are the active people whom some schedule means and no mail reaches.
func (w *Worker) unreachable(reps []pipeline.Rep, now time.Time) (out []digest.Person) {
	seen := map[string]bool{}
	for _, s := range w.Config.Schedules {
		if s.Digest == config.Admin {
			continue
		}
		for _, p := range digest.Recipients(digest.Rule{Kind: digest.Kind(s.Digest), Teams: s.Recipients.Teams, Reps: s.Recipients.Reps},
			reps, pipeline.DateOf(now, w.Config.Zone)) {
			if (p.Skip == digest.SkipNoAddress || p.Skip == digest.SkipAddress) && !seen[p.Rep.ID] {
				seen[p.Rep.ID] = true
				out = append(out, digest.Person{ID: p.Rep.ID, Name: p.Rep.Name, Why: p.Skip})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b digest.Person) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// comingUp are the next ticks of the audience's schedules, the soonest first.
func (w *Worker) comingUp(now time.Time) (out []digest.DueTick) {
	for _, s := range w.Config.Schedules {
		if next := s.Spec.Next(now, s.Zone); s.Digest != config.Admin && !next.IsZero() {
			out = append(out, digest.DueTick{Schedule: s.Name, At: next})
		}
	}
	slices.SortStableFunc(out, func(a, b digest.DueTick) int { return cmp.Compare(a.At.Unix(), b.At.Unix()) })
	return out[:min(len(out), 5)]
}

// dueTick says what hinders a tick.
func (w *Worker) dueTick(schedule string, at time.Time, err error) digest.DueTick {
	var people PeopleError
	due := digest.DueTick{Schedule: schedule, At: at, Why: w.Config.WithoutSecrets(strings.Join(strings.Fields(err.Error()), " ")), Setup: errors.As(err, &people)}
	var data *DataError
	if errors.As(err, &data) {
		due.Data, due.Why = data.State, data.why
	}
	return due
}
