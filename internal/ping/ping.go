// Package ping tells a monitor, as healthchecks.io and its like expect, that a schedule's run has begun, went well or
// did not. In go signals, each with the schedule's URL; out go short POST requests, in their order, tried again for a few
// minutes. It refuses to keep anybody waiting, to follow a redirect to another host, and to show more of a URL than its
// host: who knows it can speak in our name. Read internal/worker/ping.go for when what is said.
package ping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// What a signal adds to the path of a schedule's URL; Success adds nothing.
const (
	Success = ""
	Start   = "start"
	Fail    = "fail"
)

const (
	patience  = 10 * time.Second // with one try
	lastWords = 5 * time.Second  // with all that is left at the end
	waiting   = 8                // signals of a schedule at most: of more than that the oldest have nothing to say any more
	redirects = 3                // in a row, on one host
)

// waits are the times between the tries of one signal: a monitor that is away for a minute must not cost the only word
// of a week.
var waits = []time.Duration{2 * time.Second, 15 * time.Second, 2 * time.Minute}

// Pinger sends signals until it is closed. The zero value is not ready: see New.
type Pinger struct {
	client *http.Client
	told   func(schedule string, err error)
	waits  []time.Duration
	ctx    context.Context // ends with the last words
	cancel context.CancelFunc

	mu     sync.Mutex
	over   bool
	queues map[string]chan signal // by schedule
	lines  sync.WaitGroup
}

// signal is one to be sent; url is the schedule's own.
type signal struct{ schedule, url, kind, body string }

// New makes a Pinger. told hears what became of each signal, nil: it was taken; else what hinders, in words that may be
// logged. It may be called from several goroutines.
func New(told func(schedule string, err error)) *Pinger {
	transport := http.DefaultTransport.(*http.Transport).Clone() // the host's roots, the environment's proxies
	p := &Pinger{told: told, waits: waits, queues: map[string]chan signal{},
		client: &http.Client{Transport: transport, CheckRedirect: near}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// near lets redirects lead to a place on the same host, with TLS where there was TLS.
func near(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
		return errors.New("it redirects to another host or scheme")
	}
	if len(before) > redirects {
		return errors.New("it redirects again and again")
	}
	return nil
}

// Ping queues a signal and returns at once. Signals of one schedule go in their order; what is newer takes the place of
// what could not be said.
func (p *Pinger) Ping(schedule, address, kind, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	queue := p.queues[schedule]
	if queue == nil {
		queue = make(chan signal, waiting)
		p.queues[schedule] = queue
		p.lines.Go(func() { p.serve(queue) })
	}
	for {
		select {
		case queue <- signal{schedule, address, kind, body}:
			return
		default:
		}
		select {
		case <-queue: // its line is slow: the oldest makes room
		default:
		}
	}
}

// Close sends what is left, for five seconds at most.
func (p *Pinger) Close() {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		return
	}
	p.over = true
	for _, queue := range p.queues {
		close(queue)
	}
	p.mu.Unlock()
	defer time.AfterFunc(lastWords, p.cancel).Stop()
	p.lines.Wait()
	p.cancel()
	p.client.CloseIdleConnections()
}

// serve is one schedule's line.
func (p *Pinger) serve(queue <-chan signal) {
	for s, more := <-queue; more; {
		s, more = p.say(s, queue)
	}
}

// say sends a signal, again and again until it is taken or something newer is to be said, and gives what comes next;
// false: nothing any more, which leaves it a last try.
func (p *Pinger) say(s signal, queue <-chan signal) (next signal, more bool) {
	err, more := p.send(s), true
	tell := func() {
		if err != nil {
			err = fmt.Errorf("ping of %s: %w", host(s.url), err)
		}
		p.told(s.schedule, err)
	}
	for _, wait := range p.waits {
		if err == nil || lasting(err) || !more {
			break
		}
		rest := time.NewTimer(wait)
		select {
		case next, more = <-queue:
			if more {
				rest.Stop()
				tell()
				return next, true
			}
		case <-rest.C:
		}
		rest.Stop()
		err = p.send(s)
	}
	tell()
	if more {
		next, more = <-queue
	}
	return next, more
}

// statusError is an answer that is none of 2xx.
type statusError struct{ code int }

// Error names the answer, and what to do about one that stays.
func (e statusError) Error() string {
	words := strings.TrimSpace(fmt.Sprintf("the answer was %d %s", e.code, http.StatusText(e.code)))
	if lasting(e) {
		words += "; look at the schedule's ping in the config"
	}
	return words
}

// lasting says whether the same request has no other answer in a moment.
func lasting(err error) bool {
	var answer statusError
	return errors.As(err, &answer) && answer.code < 500 && answer.code != http.StatusRequestTimeout && answer.code != http.StatusTooManyRequests
}

// send makes one try.
func (p *Pinger) send(s signal) error {
	address, err := target(s.url, s.kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(s.body))
	if err != nil {
		return reason(err)
	}
	r.Header.Set("User-Agent", "drumbeat")
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := p.client.Do(r)
	if err != nil {
		return reason(err)
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again
	_ = answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return statusError{answer.StatusCode}
	}
	return nil
}

// target is where a signal goes: the kind is the end of the path, and a query stays.
func target(address, kind string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", reason(err)
	}
	if kind != Success {
		u = u.JoinPath(kind)
	}
	return u.String(), nil
}

// host is what may be shown of a URL.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "[redacted]"
	}
	return u.Scheme + "://" + u.Host
}

// reason is an error of HTTP without the URL that it was about.
func reason(err error) error {
	var about *url.Error
	if !errors.As(err, &about) {
		return err
	}
	if about.Timeout() {
		return errors.New("no answer in time")
	}
	return about.Err
}
