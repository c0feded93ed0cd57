package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail/mailbox"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
)

// trial is a made-up company whose digests of many weeks are due at once: a pipeline, a ledger, a relay that records,
// and workers that are processes of their own, so that they can be killed.
type trial struct {
	trialSize
	t      *testing.T
	dir    string
	state  string // the ledger's DSN
	ledger *ledger.Ledger
	post   *post
	onDot  func(*mortal) // called when a mail is with the relay and nobody knows it yet; may be missing

	mu        sync.Mutex
	processes []*mortal
}

type trialSize struct {
	reps, weeks int
	connections int
	rate        string        // mail.rate of each process
	lease       time.Duration // of each process
	cron, zone  string        // of both schedules; empty: weekly, UTC
}

// spell is a team's size: every so many reps report to the first of them.
const spell = 20

func (s trialSize) teams() int { return (s.reps + spell - 1) / spell }

// digests is how many there have to be in the end: everybody's own and each manager's, of every week.
func (s trialSize) digests() int { return (s.reps + s.teams()) * s.weeks }

// people is how many a schedule's digest goes to.
func (s trialSize) people(schedule string) int {
	if schedule == "team" {
		return s.teams()
	}
	return s.reps
}

func repID(i int) string    { return fmt.Sprintf("r%03d", i) }
func repEmail(i int) string { return repID(i) + "@example.com" }

// newTrial makes the company and its ledger. Weekly schedules are known there since just before their first week.
func newTrial(t *testing.T, state string, size trialSize, nasty *rand.Rand) *trial {
	t.Helper()
	tr := &trial{trialSize: size, t: t, dir: t.TempDir(), state: state, post: newPost(nasty)}
	call(t, "import", tr.pipeline().write(t), "--into", "sqlite:"+filepath.Join(tr.dir, "pipeline.db"))
	if err := os.WriteFile(filepath.Join(tr.dir, "process.yaml"), files.ProcessYAML, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if tr.ledger, err = ledger.Open(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range tr.processes {
			p.kill()
			_ = p.box.Close() // its connections are broken by now, which is no news
		}
		if err := tr.ledger.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			tr.tellLog()
		}
	})
	for _, name := range []string{"own", "team"} {
		if tr.cron != "" {
			break
		}
		if err := tr.ledger.SetLastDue(t.Context(), name, tr.tick(0).Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

// tick is when a week's digests are due: at seven in the morning, the last time three days ago, so that none falls due
// while the trial lasts.
func (tr *trial) tick(week int) time.Time {
	day := pipeline.DateOf(time.Now(), time.UTC) - 3
	return (day - pipeline.Date(7*(tr.weeks-1-week))).Start(time.UTC).Add(7 * time.Hour)
}

func (tr *trial) period(week int) string {
	return schedule.PeriodKey(schedule.End(tr.tick(week), time.UTC), time.UTC)
}

// pipeline is small, so that most of the time goes into planning and sending: an open deal for each rep.
func (tr *trial) pipeline() tables {
	reps := table{head: []string{"id", "name", "email", "manager_id"}}
	deals := table{head: []string{"id", "name", "rep_id", "amount", "created_at", "outcome", "stage"}}
	moves := table{head: []string{"deal_id", "stage", "at"}}
	began := tr.tick(0).AddDate(0, 0, -30).Format(time.RFC3339)
	for i := range tr.reps {
		deal := fmt.Sprintf("d%03d", i)
		manager := repID(i / spell * spell)
		if i%spell == 0 {
			manager = ""
		}
		reps.rows = append(reps.rows, []string{repID(i), fmt.Sprintf("Rep Number %d", i), repEmail(i), manager})
		deals.rows = append(deals.rows, []string{deal, fmt.Sprintf("Deal of %d", i), repID(i), fmt.Sprint(1000 + i), began, "open", "Discovery"})
		moves.rows = append(moves.rows, []string{deal, "Discovery", began})
	}
	for week := range tr.weeks { // something happens in every week: of data that stand still no digests are made
		stage := []string{"Evaluation", "Discovery"}[week%2]
		moves.rows = append(moves.rows, []string{"d000", stage, tr.tick(week).AddDate(0, 0, -2).Format(time.RFC3339)})
	}
	return tables{pipeline.Reps: reps, pipeline.Deals: deals, pipeline.StageChanges: moves}
}

// config writes the config of a process whose relay listens there.
func (tr *trial) config(port int) string {
	tr.t.Helper()
	cron := cmp.Or(tr.cron, fmt.Sprintf("0 7 * * %d", tr.tick(0).Weekday()))
	text := fmt.Sprintf(`
process: process.yaml
time_zone: %s
source: {dsn: "sqlite:pipeline.db"}
state: {dsn: %q}
mail: {from: drumbeat@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none}, connections: %d, rate: %s}
schedules:
  - {name: own, digest: rep, cron: %q, catch_up: all, max_age: 600d, skip_empty: false}
  - {name: team, digest: manager, cron: %q, catch_up: all, max_age: 600d, skip_empty: false}
`, cmp.Or(tr.zone, "UTC"), tr.state, port, tr.connections, tr.rate, cron, cron)
	path := filepath.Join(tr.dir, fmt.Sprintf("drumbeat-%d.yaml", port))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tr.t.Fatal(err)
	}
	return path
}

// mortal is a worker process with a relay of its own, by which its connections are known.
type mortal struct {
	trial  *trial
	cmd    *exec.Cmd
	box    *mailbox.Mailbox
	point  string        // where it dies, by its own hand or by the relay's
	left   atomic.Int64  // passings of the point that the relay still lets go by
	how    string        // what killed it in the end, for the table
	born   chan struct{} // closed when the process is there, since its relay is first
	gone   chan struct{}
	status syscall.WaitStatus // once it is gone
}

// start starts a worker that dies at the nth passing of a point, or not of itself.
func (tr *trial) start(point string, nth int) *mortal {
	tr.t.Helper()
	byItself := point
	if seenByRelay[point] || point == anyMoment {
		byItself = noDeath
	}
	p := tr.spawn(point, nth, func(config string) []string {
		return []string{"crash-worker", config, tr.lease.String(), byItself, fmt.Sprint(nth)}
	})
	return p
}

// planAll lets every run be planned, by a worker that has no relay and dies of the last plan, so that those who come
// after it find everything at once.
func (tr *trial) planAll() {
	tr.t.Helper()
	nowhere := tr.config(1)
	p := tr.spawn(planned, 0, func(string) []string {
		return []string{"crash-worker", nowhere, tr.lease.String(), planned, fmt.Sprint(2 * tr.weeks)}
	})
	p.ended("with the last plan", died)
	if !tr.wholeOrNot() {
		tr.t.Fatal("not everything is planned")
	}
}

// serve starts the program itself.
func (tr *trial) serve() *mortal {
	tr.t.Helper()
	return tr.spawn(noDeath, 0, func(config string) []string { return []string{"drumbeat", "serve", "--config", config} })
}

func (tr *trial) spawn(point string, nth int, args func(config string) []string) *mortal {
	tr.t.Helper()
	p := &mortal{trial: tr, point: point, how: point, born: make(chan struct{}), gone: make(chan struct{})}
	p.left.Store(int64(nth))
	var err error
	if p.box, err = mailbox.Start(mailbox.Options{Forget: true, Script: p.script}); err != nil {
		tr.t.Fatal(err)
	}
	log, err := os.OpenFile(tr.logName(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	self, err := os.Executable()
	if err != nil {
		tr.t.Fatal(err)
	}
	p.cmd = exec.CommandContext(context.WithoutCancel(tr.t.Context()), self) // it is ended by Cleanup, not in the middle of a check
	p.cmd.Args = args(tr.config(p.box.Port()))
	p.cmd.Stderr, p.cmd.Stdout = log, log
	if err := p.cmd.Start(); err != nil {
		tr.t.Fatal(err)
	}
	close(p.born)
	go func() {
		defer close(p.gone)
		_ = p.cmd.Wait() // the status says it all
		p.status, _ = p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	}()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.processes = append(tr.processes, p)
	return p
}

// pass is called by the relay at each point that it sees.
func (p *mortal) pass(point string) {
	if point == p.point && p.left.Add(-1) == 0 {
		p.kill()
	}
}

// kill is kill -9, and returns when the process is gone.
func (p *mortal) kill() {
	p.signal(syscall.SIGKILL)
	<-p.gone
}

func (p *mortal) signal(s syscall.Signal) {
	<-p.born
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.trial.t.Errorf("%v to %d: %v", s, p.cmd.Process.Pid, err)
	}
}

func (p *mortal) isGone() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// killed says whether it has died of a kill -9.
func (p *mortal) killed() bool { return p.isGone() && died(p.status) }

// cutShort says whether it ended without finishing what it had begun: killed, or by a second SIGTERM.
func (p *mortal) cutShort() bool {
	return p.isGone() && (died(p.status) || exited(exitFailed)(p.status))
}

// ended waits for the process and demands how it ends.
func (p *mortal) ended(what string, want func(syscall.WaitStatus) bool) {
	p.trial.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(patience):
		p.trial.t.Fatalf("%s: the process has not ended after %v", what, patience)
	}
	if !want(p.status) {
		p.trial.t.Fatalf("%s: exit status %d, signal %v", what, p.status.ExitStatus(), p.status.Signal())
	}
}

// stopped stops a worker as an operator does, and demands that it ends well.
func (p *mortal) stopped() {
	p.trial.t.Helper()
	p.running() // before that a signal would simply end it
	p.signal(syscall.SIGTERM)
	p.ended("after SIGTERM", exited(exitDone))
}

// running waits until the worker says that it is.
func (p *mortal) running() {
	p.trial.t.Helper()
	<-p.born
	p.trial.until("the worker started", func() bool { return p.trial.logged(fmt.Sprintf("pid=%d\n", p.cmd.Process.Pid)) > 0 })
}

func exited(status int) func(syscall.WaitStatus) bool {
	return func(s syscall.WaitStatus) bool { return s.Exited() && s.ExitStatus() == status }
}

func died(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == syscall.SIGKILL }

// patience is how long a trial waits for what has to happen before it calls it a failure; it is no measure of speed.
const patience = 2 * time.Minute

// until waits for something that shows only when one looks.
func (tr *trial) until(what string, there func() bool) {
	tr.t.Helper()
	for end := time.Now().Add(patience); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tr.t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

func (tr *trial) logName() string { return filepath.Join(tr.dir, "workers.log") }

// logged counts how often the workers wrote that.
func (tr *trial) logged(words string) int {
	tr.t.Helper()
	text, err := os.ReadFile(tr.logName())
	if err != nil {
		tr.t.Fatal(err)
	}
	return strings.Count(string(text), words)
}

// tellLog shows the last that the workers wrote.
func (tr *trial) tellLog() {
	text, err := os.ReadFile(tr.logName())
	if err != nil {
		return // there was no worker
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	tr.t.Logf("the workers' last words:\n%s", strings.Join(lines[max(0, len(lines)-40):], "\n"))
}
