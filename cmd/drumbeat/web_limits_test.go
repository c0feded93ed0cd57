package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// piped is a listener for one visitor.
type piped struct {
	visits chan net.Conn
	closed chan struct{}
}

func (p piped) Accept() (net.Conn, error) {
	select {
	case c := <-p.visits:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p piped) Close() error { close(p.closed); return nil }
func (piped) Addr() net.Addr { return &net.TCPAddr{} }

// Whoever sends slowly, or too much, is let go, and hears why where that can be said.
func TestAVisitorWhoKeepsTheServerBusyIsLetGo(t *testing.T) {
	const head = "POST /stop/x HTTP/1.1\r\nHost: localhost\r\n"
	for name, c := range map[string]struct {
		sends string
		after time.Duration // at the latest
		hears string
	}{
		"half a header":           {head, 10 * time.Second, ""},
		"nothing at all":          {"", 10 * time.Second, ""},
		"a body that never comes": {head + "Content-Length: 5\r\n\r\n", 30 * time.Second, "read: true"},
		"an endless header":       {head + "X: " + strings.Repeat("x", 1<<17), time.Second, "431 Request Header Fields Too Large"},
		"one who comes no more":   {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 2 * time.Minute, "read: false"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := piped{make(chan net.Conn), make(chan struct{})}
				stop := serveHTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, err := io.ReadAll(r.Body)
					_, _ = io.WriteString(w, "read: "+map[bool]string{true: "true", false: "false"}[err != nil]) // whether that failed
				}), slog.New(slog.DiscardHandler))
				defer stop()
				ours, theirs := net.Pipe()
				l.visits <- theirs
				began := time.Now()
				go func() { _, _ = io.WriteString(ours, c.sends) }()
				said, err := io.ReadAll(ours)
				if took := time.Since(began); took > c.after || c.after > 0 && took < c.after-time.Second || err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("let go after %s, want %s: %v", took, c.after, err)
				}
				if !strings.Contains(string(said), c.hears) {
					t.Errorf("heard %q, want %q", said, c.hears)
				}
				_ = ours.Close()
			})
		})
	}
}
