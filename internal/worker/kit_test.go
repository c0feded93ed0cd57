package worker

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/sample"
)

// monday is a tick of the schedules below.
var monday = time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)

// kit is a worker between a made-up pipeline, a real ledger in a file, and a relay that does as it is told.
type kit struct {
	*Worker
	t      *testing.T
	source *fakeSource
	relay  *fakeRelay
	ledger *ledger.Ledger
	logs   *bytes.Buffer
	dsn    string
}

func newKit(t *testing.T, asOf time.Time, extra string) *kit {
	t.Helper()
	dir := t.TempDir()
	text := `
time_zone: UTC
process: process.yaml
source: {dsn: "sqlite:unused.db"}
mail:
  from: Drumbeat <drumbeat@example.com>
  smtp: {host: localhost, tls: none}
  rate: 1000/s
` + extra
	if extra == "" {
		text += `
schedules:
  - {name: team, digest: manager, cron: "0 7 * * 1"}
  - {name: own, digest: rep, cron: "0 7 * * 1"}
`
	}
	write(t, filepath.Join(dir, "process.yaml"), files.ProcessYAML)
	write(t, filepath.Join(dir, "drumbeat.yaml"), []byte(text))
	cfg, faults := config.Load(filepath.Join(dir, "drumbeat.yaml"), os.LookupEnv)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	k := &kit{t: t, relay: &fakeRelay{}, logs: new(bytes.Buffer), dsn: "sqlite:" + filepath.Join(dir, "state.db"),
		source: &fakeSource{p: sample.Generate(sample.Options{Seed: 1, Reps: 12, Deals: 150, AsOf: asOf, Process: cfg.Process})}}
	var err error
	if k.ledger, err = ledger.Open(context.Background(), k.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.ledger.Close() })
	k.Worker = &Worker{Config: cfg, Source: k.source, Render: render.Render, Ledger: k.ledger, Connect: k.relay.connect,
		Now: time.Now, Log: slog.New(slog.NewTextHandler(k.logs, nil)), Owner: "test"}
	return k
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// schedule gives one of the config's by name.
func (k *kit) schedule(name string) config.Schedule {
	i := slices.IndexFunc(k.Config.Schedules, func(s config.Schedule) bool { return s.Name == name })
	if i < 0 {
		k.t.Fatalf("no schedule %s", name)
	}
	return k.Config.Schedules[i]
}

// smtp puts a real server in the place of the made-up relay, and a real sender before it.
func (k *kit) smtp(opts mailbox.Options) *mailbox.Mailbox {
	k.t.Helper()
	box, err := mailbox.Start(opts)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = box.Close() })
	k.sends(smtp.SMTPConfig{Host: box.Host(), Port: box.Port(), TLS: smtp.TLSNone})
	return box
}

func (k *kit) sends(cfg smtp.SMTPConfig) {
	sender := smtp.NewSender(cfg, slog.New(slog.DiscardHandler))
	k.Connect = func(ctx context.Context) (Conn, error) {
		conn, err := sender.Connect(ctx)
		if err != nil {
			return nil, err // not a nil *Conn in an interface
		}
		return conn, nil
	}
}

// do runs one job and fails the test when the run as a whole fails.
func (k *kit) do(job Job, wait ...time.Duration) Summary {
	k.t.Helper()
	if job.Tick.IsZero() {
		job.Tick = monday
	}
	all, err := k.Run(context.Background(), []Job{job}, append(wait, 0)[0])
	if err != nil {
		k.t.Fatal(err)
	}
	return all[0]
}

func (k *kit) rows(f ledger.Filter) []ledger.Delivery {
	k.t.Helper()
	rows, err := k.ledger.List(context.Background(), f)
	if err != nil {
		k.t.Fatal(err)
	}
	return rows
}

// body is the stored mail of a delivery.
func (k *kit) body(id int64) []byte {
	k.t.Helper()
	d, err := k.ledger.Get(context.Background(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return d.Body
}

// fakeSource counts how often it is asked for anything, and for deals.
type fakeSource struct {
	mu    sync.Mutex // guards err, which tests change while a worker runs
	p     *sample.Pipeline
	reads int
	deals int
	only  func(*pipeline.History) bool // the deals that are there; nil: all
	lacks int                          // every so manieth deal is missing; 0: none
	err   error
}

// people changes what the source says of each.
func (s *fakeSource) people(change func(*pipeline.Rep)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.p.Reps {
		change(&s.p.Reps[i])
	}
}

// loses lets every so manieth deal be missing; 0: none is.
func (s *fakeSource) loses(every int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lacks = every
}

// breaks lets every reading fail, with nil none any more.
func (s *fakeSource) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *fakeSource) ReadFor(_ context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.err != nil {
		return nil, nil, s.err
	}
	r := s.p.Reading(needs.AsOf)
	r.Reps = slices.Clone(r.Reps)
	deals, lacks, only := r.Deals, s.lacks, s.only
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		s.mu.Lock() // several replicas may read at once
		s.deals++
		s.mu.Unlock()
		n := 0
		deals(func(h *pipeline.History, err error) bool {
			n++
			if err == nil && only != nil && !only(h) {
				return true
			}
			return lacks > 0 && n%lacks == 0 || yield(h, err)
		})
	}
	return r, func() error { return nil }, nil
}

// fakeRelay takes mails; answer says otherwise.
type fakeRelay struct {
	mu     sync.Mutex
	down   error
	answer func(to string, try int) smtp.Result
	got    []letter
	onSend func(sent int) // after each mail that was taken
	tries  map[string]int
}

type letter struct {
	to, id, toHeader string
	raw              []byte
}

// answers says what becomes of mails from now on.
func (r *fakeRelay) answers(answer func(to string, try int) smtp.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// breaks lets no connection come about, with nil they do again.
func (r *fakeRelay) breaks(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = why
}

func (r *fakeRelay) connect(context.Context) (Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return nil, r.down
	}
	return fakeConn{r}, nil
}

type fakeConn struct{ *fakeRelay }

func (fakeConn) Close() {}

func (c fakeConn) Send(_ context.Context, from, to string, raw []byte, clear func() error) smtp.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tries == nil {
		c.tries = map[string]int{}
	}
	c.tries[to]++
	result := smtp.Result{Outcome: smtp.Sent, Reply: "250 2.0.0 queued"}
	if c.answer != nil {
		result = c.answer(to, c.tries[to])
	}
	if err := clear(); err != nil {
		return smtp.Result{Outcome: smtp.Relay, Err: err}
	}
	if result.Outcome == smtp.Sent || result.Outcome == smtp.Unknown {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return smtp.Result{Outcome: smtp.Permanent, Err: fmt.Errorf("not a mail: %w", err)}
		}
		c.got = append(c.got, letter{to: to, id: m.Header.Get("Message-Id"), toHeader: m.Header.Get("To"), raw: bytes.Clone(raw)})
		if c.onSend != nil {
			c.onSend(len(c.got))
		}
	}
	return result
}

func (r *fakeRelay) letters() []letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *fakeRelay) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = nil
}

func (r *fakeRelay) addresses() []string {
	var out []string
	for _, l := range r.letters() {
		out = append(out, l.to)
	}
	slices.Sort(out)
	return out
}
