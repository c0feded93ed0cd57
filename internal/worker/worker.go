// Package worker is the corridor: it leads a tick through the rooms and holds nothing else.
//
//	tick ─► read ─► compute ─► build digests ─► render ─► record ─► deliver
//
// In goes a schedule and an instant; out go mails, each of them recorded before it is sent, so that no digest
// goes twice and none is lost. It refuses to let one person's failure stop the others, and to touch what the
// ledger knows already. Read plan.go for the way from a tick to recorded digests, deliver.go for the way
// from there to the relay, serve.go for when it happens by itself.
package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/schedule"
	"drumbeat/internal/words"
)

// Source is the pipeline database, read as one consistent view.
type Source interface {
	ReadFor(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error)
}

// Ledger remembers what was planned and what became of it.
type Ledger interface {
	Known(ctx context.Context, schedule, period string) (map[ledger.Key]ledger.State, error)
	OptOuts(ctx context.Context, kind string) ([]string, error)
	PlanSeq(ctx context.Context, run ledger.Run, deliveries iter.Seq2[ledger.Delivery, error]) (added int, err error)
	FinishRun(ctx context.Context, schedule, period string) error
	History
	ForceAgain(ctx context.Context, f ledger.Filter) (again int, err error)
	Queue
	Calendar
}

// Queue hands out recorded digests one at a time, each on lease.
type Queue interface {
	Waiting(ctx context.Context, f ledger.Filter) (ledger.Outstanding, error)
	Lost(ctx context.Context, schedule, period string) (n int, err error)
	Turns(ctx context.Context) (schedules []string, err error)
	Claim(ctx context.Context, c ledger.Claim) (*ledger.Delivery, error)
	Renew(ctx context.Context, d *ledger.Delivery, lease time.Duration) error
	Mark(ctx context.Context, d *ledger.Delivery, r ledger.Result) error
	Spill(d *ledger.Delivery, r ledger.Result) (file string, err error)
	Replay(ctx context.Context) (ledger.Replayed, error)
}

// Calendar knows up to which tick each schedule has been planned, and what time it is for all replicas.
type Calendar interface {
	Clock(ctx context.Context) (time.Time, error)
	LastDue(ctx context.Context, schedule string) (time.Time, error)
	SetLastDue(ctx context.Context, schedule string, due time.Time) error
	ClampLastDue(ctx context.Context, schedule string, latest time.Time) (clamped bool, err error)
}

// Links makes the addresses that a mail of this Message-ID and date leads to; empty: none.
type Links interface {
	View(messageID string, date time.Time) string // shows the mail in a browser
	Stop(messageID string, date time.Time) string // opts its reader out
	How() string                                  // says how figures are computed
}

// Conn is one kept connection to the relay.
type Conn interface {
	Send(ctx context.Context, from, to string, message []byte, clear func() error) mail.Result
	Close()
}

// Worker has everything that a run needs. Ledger and Connect may be missing where nothing is sent.
type Worker struct {
	Config  *config.Config
	Source  Source
	Render  func(*digest.Digest) (render.Content, error)
	Voice   func(locale string) *words.Voice // nil: everybody is spoken to in our own words
	Ledger  Ledger
	Connect func(ctx context.Context) (Conn, error)
	Now     func() time.Time
	Log     *slog.Logger
	Owner   string        // names this process in the ledger
	Process *Process      // what the workers of one process share, one of which takes the place of another at a reload; nil: it is the only one
	Since   time.Time     // when the process began to serve; zero: with Serve. A worker may take the place of one with another config
	Lease   time.Duration // how long a delivery stays with a process that is dead; 0: two minutes
	Notice  func(string)  // tells a person who watches why it takes long; may be missing
	Version string        // of config and program, for the admins
	History History       // what ran; nil: as the Ledger knows it, which for a test is another one
	Past    Observations  // what earlier runs saw of the open deals; nil: nobody looks, and nothing is kept
	Refused Refused       // the changed config that could not be taken; nil: nobody looks for one
	Links   Links         // of the mails to the archive and to the opt-out; nil: there are none

	rehearses bool // it only finds out who would get what, and when (rehearse.go)

	once   sync.Once
	gate   gate
	vitals vitals
	turns  turns
}

// Job is one run of one schedule by hand.
type Job struct {
	Schedule config.Schedule
	Tick     time.Time
	Only     []string // normalised addresses; empty: everybody
	Redirect string   // every mail goes to this address instead
	Out      string   // a folder that gets the mails instead; nothing is recorded
	Force    bool     // what was sent goes again, the same bytes

	AcceptData bool // digests are made although the data look incomplete or stale
}

// Summary is what became of a run.
type Summary struct {
	Schedule, Period string

	Deals, Reps int // that were read; 0 when nothing had to be computed
	People      int // whom the schedule means, Known of them dealt with before
	Known       int
	Digests     int            // made now
	Sent        int            // by this run
	Skipped     int            // recorded now, with a reason
	Reasons     map[string]int // of those
	Again       int            // put back by Force
	Files       int            // written to Out

	// Of all that the run is about, whoever dealt with it; InAll were sent.
	InAll, InSkipped, Pending, Failed, Unknown int

	Meant    []string // of Job.Only's addresses those whom the schedule means
	Problems Failures
	Elapsed  time.Duration
}

func (s *Summary) skip(reason string) {
	if s.Skipped++; s.Reasons == nil {
		s.Reasons = map[string]int{}
	}
	s.Reasons[reason]++
}

// Done says whether everything is sent, skipped or settled.
func (s Summary) Done() bool {
	return s.Pending == 0 && s.Failed == 0 && s.Unknown == 0 && len(s.Problems) == 0
}

// Run carries out the jobs. Schedules of the same instant and window share one computation. Everybody's turn
// comes once before anything is waited for; then all jobs together try what fails for now again for at most
// wait. The admins' digests come after the others. Its error is about the whole (a database out of reach), the first one that there was; what happened to
// single digests stands in the summaries, of each job that was planned or told to stop.
func (w *Worker) Run(ctx context.Context, jobs []Job, wait time.Duration) ([]Summary, error) {
	sums, err := w.runJobs(ctx, jobs, wait)
	w.pingJobs(jobs, sums)
	return sums, err
}

func (w *Worker) runJobs(ctx context.Context, jobs []Job, wait time.Duration) ([]Summary, error) {
	if w.Ledger != nil {
		if err := w.replay(ctx); err != nil {
			return nil, err
		}
	}
	desk, until := w.newDesk(), w.Now().Add(wait)
	var forAdmins []Job
	jobs, forAdmins = admins(jobs)
	all, due, failed := w.runAll(ctx, desk, jobs, until, nil)
	if len(forAdmins) == 0 || ctx.Err() != nil {
		return all, failed
	}
	more, _, err := w.runAll(ctx, desk, forAdmins, until, due)
	if failed == nil {
		failed = err
	}
	return append(all, more...), failed
}

// admins parts the jobs: those for admins come last, so that they tell what became of the others.
func admins(jobs []Job) (audience, forAdmins []Job) {
	for _, j := range jobs {
		if j.Schedule.Digest == config.Admin {
			forAdmins = append(forAdmins, j)
		} else {
			audience = append(audience, j)
		}
	}
	return audience, forAdmins
}

// runAll begins every job, and then finishes them together. It gives what could not be begun; untold is what the
// admins are to be told of it.
func (w *Worker) runAll(ctx context.Context, desk *desk, jobs []Job, until time.Time, untold []digest.DueTick) (all []Summary, due []digest.DueTick, failed error) {
	var rounds []*round
	var relay, held, stuck error
	w.gate.knock() // the first try is at once
	for i, job := range jobs {
		r := w.newRound(job.Schedule, job.Tick)
		r.job, r.byHand, r.began, r.notice.due = job, true, w.Now(), untold
		if job.whole() {
			r.starts = func(r *round) { w.pingStart(r.schedule, r.period) }
		}
		failed = w.begin(ctx, desk, r)
		// A relay or a ledger that is down is not asked for each schedule; finish has more patience.
		if failed == nil && relay == nil && stuck == nil && job.Out == "" {
			stuck = w.send(ctx, r, time.Time{})
			relay = r.relay
		}
		var data *DataError // may be another schedule's no more: its window is longer
		if errors.As(failed, &data) && ctx.Err() == nil {
			due, held, failed = append(due, w.dueTick(job.Schedule.Name, job.Tick, failed)), errors.Join(held, fmt.Errorf("schedule %s: %w", job.Schedule.Name, failed)), nil
			continue
		}
		if failed != nil && ctx.Err() == nil {
			for _, j := range jobs[i:] {
				due = append(due, w.dueTick(j.Schedule.Name, j.Tick, failed))
			}
			break
		}
		if rounds = append(rounds, r); ctx.Err() != nil {
			break
		}
	}
	if !until.After(w.Now()) {
		w.gate.knock() // no time to wait out what a single mail may have caused
	}
	for _, r := range rounds {
		if err := w.finish(ctx, r, until); err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		all = append(all, r.sum)
		w.logEnd(r.sum)
	}
	if failed == nil {
		failed = held
	}
	if errors.Is(stuck, errUnrecorded) { // of all that can go wrong the one thing that somebody must look after
		failed = stuck
	}
	if ctx.Err() != nil && !errors.Is(failed, errUnrecorded) {
		failed = ctx.Err()
	}
	return all, due, failed
}

// begin records what is to be sent, or writes it where it is only to be looked at.
func (w *Worker) begin(ctx context.Context, desk *desk, r *round) error {
	if r.job.Out != "" {
		return w.write(ctx, desk, r, Files{Dir: r.job.Out})
	}
	if err := w.plan(ctx, desk, r); err != nil || !r.job.Force || len(r.wanted) == 0 {
		return err
	}
	// Not those who have left, opted out or are away since: what they got they do not get again.
	filter := r.filter()
	filter.Recipients = r.wanted
	again, err := w.Ledger.ForceAgain(ctx, filter)
	r.sum.Again = again
	return err
}

// send delivers what is recorded, trying again until then.
func (w *Worker) send(ctx context.Context, r *round, until time.Time) error {
	d := w.newDispatch(r.filter(), until)
	d.redirect = r.job.Redirect
	err := d.deliver(ctx)
	r.sum.Sent += d.sent
	r.relay = d.relay
	return err
}

// finish waits for what is left, as long as there is time, and says what became of the round.
func (w *Worker) finish(ctx context.Context, r *round, until time.Time) error {
	if r.job.Out == "" {
		if err := w.send(ctx, r, until); err != nil {
			return err
		}
		if err := w.settleUp(ctx, r.filter(), r.relay, &r.sum); err != nil {
			return err
		}
	}
	r.sum.Elapsed = w.Now().Sub(r.began)
	return nil
}

// settleUp says what is left of a period, whoever dealt with it, and closes the run when nothing is pending.
// relay is why the relay could not be used, nil when it could.
func (w *Worker) settleUp(ctx context.Context, filter ledger.Filter, relay error, s *Summary) error {
	ctx = context.WithoutCancel(ctx)
	if err := w.takeStock(ctx, filter, relay, s); err != nil {
		return err
	}
	if s.Pending > 0 || len(filter.Recipients) > 0 { // a few recipients are not the run
		return nil
	}
	return w.Ledger.FinishRun(ctx, filter.Schedule, filter.Period)
}

// takeStock is settleUp that closes nothing.
func (w *Worker) takeStock(ctx context.Context, filter ledger.Filter, relay error, s *Summary) error {
	rows, err := w.Ledger.List(ctx, filter)
	if err != nil {
		return err
	}
	s.InAll, s.InSkipped, s.Pending, s.Failed, s.Unknown = 0, 0, 0, 0, 0
	var kinds Failures
	for _, row := range rows {
		switch {
		case row.State == ledger.Sent:
			s.InAll++
		case row.State == ledger.Skipped, row.State == ledger.Failed && row.Reason == ledger.Settled:
			s.InSkipped++
		case row.State == ledger.Failed && row.MessageID == "":
			s.Failed++
			kinds.add("not made", row.Reason)
		case row.State == ledger.Failed:
			s.Failed++
			kinds.add("refused for good", row.Reason)
		case row.State == ledger.Unknown:
			s.Unknown++
			kinds.add("perhaps sent, nobody knows", row.Reason)
		case row.State == ledger.Pending && row.Reason == "" && relay != nil:
			s.Pending++
			kinds.add("not sent", relay.Error())
		case row.State == ledger.Pending && row.Reason == "" && row.NotBefore.After(w.Now()):
			s.Pending++
			kinds.add("waiting for the recipient's hour", "")
		case row.State == ledger.Pending:
			s.Pending++
			kinds.add("left pending", row.Reason)
		case row.State == ledger.Sending:
			s.Pending++
			kinds.add("being sent by another process", "")
		}
	}
	s.Problems.Merge(kinds)
	return nil
}

// logEnd writes the one line that ends each run.
func (w *Worker) logEnd(s Summary) {
	level := slog.LevelInfo
	if !s.Done() {
		level = slog.LevelError
	}
	w.Log.Log(context.Background(), level, "run done", "schedule", s.Schedule, "period", s.Period, "deals", s.Deals,
		"reps", s.Reps, "digests", s.Digests, "sent", s.Sent, "failed", s.Failed, "skipped", s.Skipped,
		"pending", s.Pending, "unknown", s.Unknown, "elapsed", s.Elapsed.Round(time.Millisecond))
}

// round is one schedule's work for one period, on its way through the rooms.
type round struct {
	schedule config.Schedule
	tick     time.Time
	end      time.Time // as_of: the local midnight that begins the tick's day
	period   string
	advance  time.Time // moves last_due with the plan; zero: stays (a run by hand)
	job      Job       // of a run by hand
	byHand   bool
	began    time.Time
	starts   func(*round) // called at each try to make something; may be nil
	wanted   []string     // the addresses of those who are to get one
	notice   notice       // of an admins' digest
	made     *figures     // what this run's digests were built from; nil when none was
	relay    error        // why the relay could not be used the last time; nil when it could
	notMade  int          // digests of the plan
	sum      Summary
}

func (r *round) begins() {
	if r.starts != nil {
		r.starts(r)
	}
}

func (r *round) filter() ledger.Filter {
	return ledger.Filter{Schedule: r.schedule.Name, Period: r.period, Recipients: r.job.Only}
}

func (w *Worker) newRound(s config.Schedule, tick time.Time) *round {
	end := schedule.End(tick, w.Config.Zone)
	period := schedule.PeriodKey(end, w.Config.Zone)
	return &round{schedule: s, tick: tick, end: end, period: period, sum: Summary{Schedule: s.Name, Period: period}}
}
