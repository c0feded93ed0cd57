package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"drumbeat/internal/ledger"
)

// Status is the page of whoever is on call: what is wrong and what to do, what comes next, what ran, what is running.
// It names schedules, counts and ids of the ledger, never a person, an address or an amount.
type Status struct {
	Ledger             Overseen
	Memory             *Memory // what the ledger said last: it outlives a reload of the config
	Schedules          []Scheduled
	Pulse              func() Pulse
	Reload             func() (faults []string, at time.Time) // of the config, the last one, as others may read them; zero time: none since the start
	Running            Running
	Zone               *time.Location      // of every hour on the page that is no schedule's
	Plain              func(string) string // takes out of an error's words what others must not read
	Username, Password string              // asked for where there is a username; else the page is for this machine alone
	Proxied            bool                // readers come from elsewhere: without a username nobody sees the page
	Now                func() time.Time
	Log                *slog.Logger
}

// Overseen is what the ledger tells whoever is on call.
type Overseen interface {
	Overview(ctx context.Context, last int, since time.Time) (*ledger.Overview, error)
}

// Memory keeps what the ledger said last, and when.
type Memory struct {
	lookout lookout[*ledger.Overview]
}

// Scheduled is a schedule of the config that is in force.
type Scheduled struct {
	Clockwork
	Zone    *time.Location
	OwnHour bool // the hour is each recipient's own
}

// Pulse is what this process knows, beside what the ledger tells.
type Pulse struct {
	RelayFailures int
	RelayWords    string
	RelaySince    time.Time
	SourceAge     map[string]time.Duration // by schedule
	Hindered      map[string]Hindrance     // by schedule
}

// Hindrance is why this process cannot make a schedule's digests.
type Hindrance struct {
	Words string
	Held  bool // the data were read, and are not to be trusted
	Setup bool // the config does not fit the pipeline
}

// Running is the program and its setup, while one config is in force.
type Running struct {
	Config      string // the file, as the worker was given it
	Version     string // of the config
	Commit      string
	Environment string
	Worker      string // names this process in the ledger
	Database    string // of the ledger: PostgreSQL, SQLite
	Alone       bool   // nobody else may run schedules beside the worker
	Since       time.Time
	InForce     time.Time // since when the config is
	Unreached   []string  // the reasons for which the ledger says that somebody has no address that works
	NothingToDo string    // the reason of somebody who is meant and had nothing to be told
}

// Handler answers whoever may look.
func (s *Status) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !knows(r, s.Username, s.Password):
			w.Header().Set("WWW-Authenticate", `Basic realm="Drumbeat status", charset="UTF-8"`)
			tell(w, http.StatusUnauthorized, notice{Title: "Who are you?", Lines: []string{"Name and password are those of web.auth in Drumbeat's config."}})
		case s.Username == "" && s.Proxied:
			tell(w, http.StatusForbidden, notWithoutName)
		case s.Username == "" && !local(r):
			tell(w, http.StatusForbidden, notThisMachine)
		default:
			show(w, http.StatusOK, "status", s.page())
		}
	})
}

// What those read who may not look. A proxy on this machine need not say for whom it asks (nginx does not by itself), so
// where readers come through one nobody can be told by the request.
var (
	notThisMachine = notice{Title: toOthers, Lines: []string{
		"Without a name and a password it is shown to the machine alone that the worker runs on, by its own address (such as http://127.0.0.1:8080/status), and not through a proxy.", setAuth}}
	notWithoutName = notice{Title: toOthers, Lines: []string{
		"Readers come to this server from elsewhere (web.base_url), and who asks cannot be told from who asks for them. So nobody sees it without a name and a password.", setAuth}}
)

const (
	toOthers = "This page is for whoever runs Drumbeat"
	setAuth  = "To read it, set web.auth (username, and password_file) in Drumbeat's config. The worker takes it by itself."
)

// local says whether the request was made on this machine, for this machine. A page elsewhere that lets its own name lead
// here (DNS rebinding) still sends that name; most proxies say for whom they ask, or speak HTTP/1.0, which no browser has
// done for twenty years.
func local(r *http.Request) bool {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(from) || !r.ProtoAtLeast(1, 1) {
		return false
	}
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return false
		}
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.EqualFold(host, "localhost") || loopback(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
}

// toStatus leads whoever opens the worker's address on its own machine to the page; for readers there is nothing.
func toStatus(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		tell(w, http.StatusNotFound, nothingHere)
		return
	}
	http.Redirect(w, r, "/status", http.StatusSeeOther)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// shownRuns is how many runs of a schedule the page shows.
const shownRuns = 4

// lately is how far back what failed or was left out still needs somebody.
const lately = 7 * 24 * time.Hour

// look gathers what the page is made of.
func (s *Status) look() *scene {
	seen, failed := s.Memory.lookout.look(s.Now, func(ctx context.Context) (*ledger.Overview, error) {
		return s.Ledger.Overview(ctx, shownRuns, s.Now().Add(-lately))
	})
	if failed {
		s.Log.Warn("status: the ledger does not answer", "error", seen.err)
	}
	c := &scene{Status: s, now: s.Now(), sighting: seen, pulse: s.Pulse()}
	c.clock = c.now
	if seen.said != nil {
		c.clock = seen.said.At.Add(c.now.Sub(seen.at))
	} else {
		c.said = new(ledger.Overview)
	}
	return c
}

// scene is everything that one page tells of.
type scene struct {
	*Status
	sighting[*ledger.Overview] // what the ledger said; empty where it never answered
	pulse                      Pulse
	now                        time.Time
	clock                      time.Time // the same by the ledger's clock, which decides what is due
}

// due is the first tick of a schedule that has not been made, and by how much it is late, 0 where it is still to come;
// the zero time where none is known.
func (c *scene) due(s Scheduled) (tick time.Time, late time.Duration) {
	progress, seen := c.said.Progress[s.Name]
	if !seen {
		return time.Time{}, 0
	}
	tick = s.Next(progress.LastDue)
	if tick.IsZero() {
		return tick, 0
	}
	return tick, max(0, c.clock.Sub(tick))
}

// last is the newest run of a schedule, nil where there was none.
func (c *scene) last(schedule string) *ledger.RunRecord {
	for i := range c.said.Runs {
		if c.said.Runs[i].Schedule == schedule {
			return &c.said.Runs[i]
		}
	}
	return nil
}
