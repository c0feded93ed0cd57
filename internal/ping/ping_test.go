package ping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// monitor is a real server that writes down what it is told; answer decides on each request, by its number from 1.
type monitor struct {
	*httptest.Server
	mu     sync.Mutex
	said   []string // method, path with query, body
	agents []string
	answer func(n int, w http.ResponseWriter, r *http.Request)
}

func newMonitor(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *monitor {
	t.Helper()
	m := &monitor{answer: answer}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		m.said = append(m.said, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		m.agents = append(m.agents, r.UserAgent())
		n := len(m.said)
		m.mu.Unlock()
		if m.answer != nil {
			m.answer(n, w, r)
		}
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *monitor) heard() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.said)
}

// newPinger does not wait between tries; what became of its signals comes out of the channel.
func newPinger(t *testing.T) (*Pinger, <-chan error) {
	t.Helper()
	told := make(chan error, 100)
	p := New(func(_ string, err error) { told <- err })
	p.waits = []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}
	t.Cleanup(p.Close)
	return p, told
}

func TestSignalsArriveInTheirOrder(t *testing.T) {
	t.Parallel()
	m := newMonitor(t, nil)
	p, told := newPinger(t)
	for _, s := range []struct{ path, kind, body string }{
		{"/ping/key/managers", Start, "begun"}, {"/ping/key/managers", Success, "12 sent"}, {"/ping/key/managers/", Fail, ""},
		{"/ping?key=a%2Fb&x=1", Start, ""}, {"/ping?key=a%2Fb&x=1", Success, ""}, {"", Fail, ""}, {"/a%2Fb", Fail, ""},
	} {
		p.Ping("managers", m.URL+s.path, s.kind, s.body)
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"POST /ping/key/managers/start begun", "POST /ping/key/managers 12 sent", "POST /ping/key/managers/fail ",
		"POST /ping/start?key=a%2Fb&x=1 ", "POST /ping?key=a%2Fb&x=1 ", "POST /fail ", "POST /a%2Fb/fail "}
	if got := m.heard(); !slices.Equal(got, want) {
		t.Errorf("heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if slices.ContainsFunc(m.agents, func(a string) bool { return a != "drumbeat" }) {
		t.Errorf("agents %q", m.agents)
	}
}

func TestAMonitorThatStumblesIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{500, 502, 503, 429, 408} {
		m := newMonitor(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(code)
			}
		})
		p, told := newPinger(t)
		p.Ping("s", m.URL, Success, "")
		if err := <-told; err != nil || len(m.heard()) != 3 {
			t.Errorf("%d: %v after %d requests", code, err, len(m.heard()))
		}
	}
}

// What is said of a ping that fails stands in the log: nothing of the URL but its host, which alone lets nobody in.
func TestWhatHindersAPing(t *testing.T) {
	t.Parallel()
	elsewhere := newMonitor(t, nil)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		name   string
		answer func(n int, w http.ResponseWriter, r *http.Request)
		url    string // in place of the monitor's
		want   string
		tries  int
	}{
		{"an unknown check", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "",
			"the answer was 404 Not Found; look at the schedule's ping in the config", 1},
		{"always broken", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "", "the answer was 500 Internal Server Error", 4},
		{"hangs up", func(_ int, w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "", "EOF", 4},
		{"to another host", func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/geheim", http.StatusTemporaryRedirect)
		}, "", "it redirects to another host or scheme", 4},
		{"in a circle", func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/geheim", http.StatusTemporaryRedirect)
		}, "", "it redirects again and again", 16},
		{"nobody listens", nil, gone.URL, "connection refused", 0},
		{"no such name", nil, "http://monitor.invalid", "lookup monitor.invalid", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMonitor(t, c.answer)
			address := m.URL
			if c.url != "" {
				address = c.url
			}
			p, told := newPinger(t)
			p.Ping("s", address+"/geheim?key=geheim", Success, "")
			err := <-told
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "ping of "+address+": ") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("more than the host: %v", err)
			}
			if got := len(m.heard()); got != c.tries {
				t.Errorf("%d requests, want %d", got, c.tries)
			}
		})
	}
	if n := len(elsewhere.heard()); n > 0 {
		t.Errorf("another host was told %d times", n)
	}
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	t.Parallel()
	m := newMonitor(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
		}
	})
	p, told := newPinger(t)
	p.Ping("s", m.URL+"/old", Success, "text")
	if err := <-told; err != nil || !slices.Equal(m.heard(), []string{"POST /old text", "POST /new text"}) {
		t.Errorf("%v, %q", err, m.heard())
	}
}

// A monitor that hangs keeps nobody waiting: not who pings, not the schedule that another one watches, and the end of
// the program no longer than five seconds.
func TestAMonitorThatHangsKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hangs := newMonitor(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	works := newMonitor(t, nil)
	told := make(chan string, 100)
	p := New(func(schedule string, err error) { told <- fmt.Sprint(schedule, " ", err) })
	for range 10 * waiting {
		p.Ping("slow", hangs.URL, Success, "")
	}
	p.Ping("quick", works.URL, Success, "")
	if got := <-told; got != "quick <nil>" {
		t.Errorf("the first that was told: %s", got)
	}
	began := time.Now()
	p.Close()
	if took := time.Since(began); took > 2*lastWords {
		t.Errorf("the end took %s", took)
	}
	p.Ping("late", works.URL, Success, "")
	p.Close()
	if got := works.heard(); len(got) != 1 {
		t.Errorf("after the end: %q", got)
	}
}

func TestWhatIsLeftAtTheEndIsSaid(t *testing.T) {
	t.Parallel()
	m := newMonitor(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 3 {
			w.WriteHeader(500)
		}
	})
	told := make(chan error, 100)
	p := New(func(_ string, err error) { told <- err }) // with its own waits, for which there is no time
	p.Ping("a", m.URL, Start, "")
	p.Ping("a", m.URL, Success, "")
	<-told
	<-told
	p.Ping("a", m.URL, Fail, "")
	p.Close()
	if err := <-told; err != nil || !slices.Equal(m.heard(), []string{"POST /start ", "POST / ", "POST /fail ", "POST /fail "}) {
		t.Errorf("%v, %q", err, m.heard())
	}
}

// round answers requests without a network, so that time may be made up.
type round func(r *http.Request) (*http.Response, error)

func (f round) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewsTakeThePlaceOfWhatCouldNotBeSaid(t *testing.T) {
	t.Parallel()
	told := make(chan error, 10)
	p := New(func(_ string, err error) { told <- err })
	defer p.Close()
	p.waits = []time.Duration{time.Hour}
	tried := make(chan string, 10)
	p.client.Transport = round(func(r *http.Request) (*http.Response, error) {
		tried <- r.URL.Path
		if r.URL.Path == "/x/start" {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	p.Ping("s", "http://monitor.example.com/x", Start, "")
	if got := <-tried; got != "/x/start" {
		t.Fatal(got)
	}
	p.Ping("s", "http://monitor.example.com/x", Success, "")
	if got := <-tried; got != "/x" {
		t.Error(got)
	}
	if first, second := <-told, <-told; first == nil || second != nil {
		t.Errorf("%v, then %v", first, second)
	}
}

func TestATryEndsAfterItsTime(t *testing.T) {
	t.Parallel()
	p, told := newPinger(t)
	p.client.Transport = round(func(r *http.Request) (*http.Response, error) {
		if end, ok := r.Context().Deadline(); !ok || time.Until(end) > patience {
			t.Errorf("no end to it: %v", end)
		}
		return nil, context.DeadlineExceeded
	})
	p.Ping("s", "http://monitor.example.com", Success, "")
	if err := <-told; err == nil || err.Error() != "ping of http://monitor.example.com: no answer in time" {
		t.Error(err)
	}
}
