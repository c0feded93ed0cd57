package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/ping"
	"drumbeat/internal/schedule"
)

// What the monitor behind a schedule's ping URL hears, so that silence is noticed: that digests are being made, that a
// run has ended and how, and that a tick cannot be made or will not be. The last word is to be about the newest period:
// whoever makes up for an old one says nothing of it, unless it failed. Only numbers are said, since monitors are
// somebody else's.

// Pinger tells the monitors of schedules. It returns at once, and whatever happens to a signal hinders nothing.
type Pinger interface {
	Ping(schedule, url, kind, body string) // of the kinds of internal/ping
}

func (w *Worker) ping(sched config.Schedule, kind, body string) {
	if to := w.process().Pings; to != nil && sched.Ping != "" {
		to.Ping(sched.Name, sched.Ping, kind, sched.Name+" "+body+"\n")
	}
}

// pingStart says that the digests of a period are being made.
func (w *Worker) pingStart(sched config.Schedule, period string) {
	if w.newest(sched, period) {
		w.process().pings.begin(sched, period)
		w.ping(sched, ping.Start, period+": begun")
	}
}

// pingEnd says how a run ended that is dealt with: to the monitor of its schedule and, where a reload has changed that or
// taken it away meanwhile, to the one that was told that it has begun.
func (w *Worker) pingEnd(sched config.Schedule, sum Summary) {
	begunAt := w.process().pings.end(sched.Name, sum.Period)
	kind := ping.Success
	if !sum.Done() {
		kind = ping.Fail
	}
	if isAlarm(sum.Period) || kind == ping.Success && !w.newest(sched, sum.Period) {
		return
	}
	body := fmt.Sprintf("%s: digests %d, sent %d, failed %d, unknown %d, skipped %d, pending %d, elapsed %s", sum.Period,
		sum.Digests, sum.InAll, sum.Failed, sum.Unknown, sum.InSkipped, sum.Pending, sum.Elapsed.Round(time.Millisecond))
	w.ping(sched, kind, body)
	if begunAt != sched.Ping {
		sched.Ping = begunAt
		w.ping(sched, kind, body)
	}
}

// newest says whether no tick of a later period has come.
func (w *Worker) newest(sched config.Schedule, period string) bool {
	if isAlarm(period) {
		return false
	}
	latest := sched.Spec.Last(w.Now(), sched.Zone)
	return latest.IsZero() || period >= schedule.PeriodKey(schedule.End(latest, w.Config.Zone), w.Config.Zone)
}

// whole says whether a job is the run of a schedule, and no test or part of it.
func (j Job) whole() bool { return len(j.Only) == 0 && j.Redirect == "" && j.Out == "" }

// pingJobs says how runs by hand ended; one that has no summary could not be made or finished. Who makes an old period by
// hand sees how that ends.
func (w *Worker) pingJobs(jobs []Job, sums []Summary) {
	ended := map[string]Summary{}
	for _, s := range sums {
		ended[s.Schedule] = s
	}
	for _, j := range jobs {
		period := w.newRound(j.Schedule, j.Tick).period
		if !j.whole() || !w.newest(j.Schedule, period) {
			continue
		}
		if sum, ok := ended[j.Schedule.Name]; ok {
			w.pingEnd(j.Schedule, sum)
		} else {
			w.ping(j.Schedule, ping.Fail, period+": not made")
		}
	}
}

// pings is what a process has said to monitors and has not ended yet; a worker takes it over from the one before it. The
// zero value is ready.
type pings struct {
	mu    sync.Mutex
	beats map[string]beat      // by schedule
	begun map[[2]string]string // by schedule and period: the URL that was told that a run has begun
}

// beat is what was said of a schedule's period that is not recorded yet.
type beat struct {
	period          string
	started, failed bool
}

// say notes that something is said of a period, and whether that is news.
func (p *pings) say(schedule, period string, which func(*beat) *bool) (news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.beats == nil {
		p.beats = map[string]beat{}
	}
	b := p.beats[schedule]
	if b.period != period {
		b = beat{period: period}
	}
	said := which(&b)
	news, *said = !*said, true
	p.beats[schedule] = b
	return news
}

// recorded forgets what was said of a schedule's period, and gives it.
func (p *pings) recorded(schedule string) beat {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.beats[schedule]
	delete(p.beats, schedule)
	return b
}

// begin notes who hears that a run begins.
func (p *pings) begin(sched config.Schedule, period string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun == nil {
		p.begun = map[[2]string]string{}
	}
	p.begun[[2]string{sched.Name, period}] = sched.Ping
}

// end gives the URL that heard of the beginning; empty: none has.
func (p *pings) end(schedule, period string) (url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{schedule, period}
	url = p.begun[key]
	delete(p.begun, key)
	return url
}

// starts is called when there is something to make for a tick, at each try.
func (s *server) starts(r *round) {
	if s.w.process().pings.say(r.schedule.Name, r.period, func(b *beat) *bool { return &b.started }) {
		s.w.pingStart(r.schedule, r.period)
	}
}

// pingHindered says of ticks that could not be made for a minute that they wait; a database that restarts is no news.
func (s *server) pingHindered(ctx context.Context, now time.Time) {
	for _, sched := range s.schedules {
		due, waits := s.due[sched.Name]
		if !waits || now.Sub(due.At) <= punctual {
			continue
		}
		// Trying may have taken minutes, in which another replica made it.
		if last, err := s.w.Ledger.LastDue(ctx, sched.Name); err != nil || !last.Before(due.At) {
			continue
		}
		if s.w.process().pings.say(sched.Name, s.day(due.At), func(b *beat) *bool { return &b.failed }) {
			s.w.ping(sched, ping.Fail, s.day(due.At)+": "+hindrance(due)+"; the log says why, and success follows when it is made")
		}
	}
}

func hindrance(due digest.DueTick) string {
	if due.Data != nil {
		return "not made, the data cannot be trusted"
	}
	return "not made, the pipeline cannot be read"
}

// pingMade ends what was said of a tick that is recorded now. Where everybody was dealt with before, by another tick of
// the day, there is no round whose end is still to come, unless somebody has it open. A worker that was stopped meanwhile
// leaves it to the one that takes its place, which may have looked for open rounds a moment before this was recorded.
func (s *server) pingMade(ctx context.Context, r *round, opened bool) {
	if ctx.Err() != nil {
		return
	}
	s.w.process().pings.recorded(r.schedule.Name)
	if opened || r.schedule.Ping == "" {
		return
	}
	filter := ledger.Filter{Schedule: r.schedule.Name, Period: r.period}
	left, err := s.w.Ledger.Waiting(ctx, filter)
	if err == nil && left.Pending+left.Sending > 0 {
		return
	}
	sum := r.sum
	if err == nil {
		err = s.w.takeStock(ctx, filter, nil, &sum)
	}
	if err != nil {
		s.w.Log.Warn("no ping, what became of the period is not known", "schedule", r.schedule.Name, "period", r.period, "error", err)
		return
	}
	s.w.pingEnd(r.schedule, sum)
}

// pingTaken is called when nothing of a schedule is due: a run that this process said it had begun was recorded by another
// replica, whose last word may have come before, or by the worker before a reload. It is kept in view, so that something
// follows.
func (s *server) pingTaken(sched config.Schedule) {
	b := s.w.process().pings.recorded(sched.Name)
	if !b.started || slices.ContainsFunc(s.openRounds(), func(o *openRound) bool { return o.sum.Schedule == sched.Name && o.sum.Period == b.period }) {
		return
	}
	s.mu.Lock()
	s.open = append(s.open, &openRound{sum: Summary{Schedule: sched.Name, Period: b.period}, tick: s.w.Now(), began: s.w.Now()})
	s.mu.Unlock()
}

// pingLeftOut says that nobody makes up for a period; where a newer one is made, its end is the last word.
func (s *server) pingLeftOut(sched config.Schedule, period string, newerIsMade bool) {
	if newerIsMade {
		return
	}
	s.w.process().pings.recorded(sched.Name)
	s.w.ping(sched, ping.Fail, period+": not made, and nobody makes up for it; catch_up and max_age say so")
}

// pingRound says how a round ended, whose schedule may be gone since.
func (s *server) pingRound(sum Summary) {
	sched := config.Schedule{Name: sum.Schedule, Zone: s.w.Config.Zone}
	if i := slices.IndexFunc(s.w.Config.Schedules, func(c config.Schedule) bool { return c.Name == sum.Schedule }); i >= 0 {
		sched = s.w.Config.Schedules[i]
	}
	s.w.pingEnd(sched, sum)
}
