package mail

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/mail/mailbox"
)

const from, to = "digest@example.com", "joerg@example.com"

var quiet = slog.New(slog.DiscardHandler)

// senderTo gives a sender with the patience of a test on a busy machine.
func senderTo(t testing.TB, cfg SMTPConfig) *Sender {
	t.Helper()
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Second
	}
	if cfg.DotTimeout == 0 {
		cfg.DotTimeout = 20 * time.Second
	}
	return NewSender(cfg, quiet)
}

// startBox starts a mailbox and gives the config to reach it.
func startBox(t testing.TB, opts mailbox.Options) (*mailbox.Mailbox, SMTPConfig) {
	t.Helper()
	box, err := mailbox.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	cfg := SMTPConfig{Host: box.Host(), Port: box.Port(), TLS: TLSNone, Username: opts.Username, Password: opts.Password}
	if opts.StartTLS {
		cfg.TLS = TLSMandatory
	}
	if opts.Implicit {
		cfg.TLS = TLSImplicit
	}
	if box.CA() != nil {
		cfg.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(cfg.CAFile, box.CA(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return box, cfg
}

// connect opens a connection that is closed with the test.
func connect(t testing.TB, cfg SMTPConfig) *Conn {
	t.Helper()
	c, err := senderTo(t, cfg).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// script is what a raw server does on one connection, for faults that no SMTP library would commit.
type script struct {
	reply  map[string]string // by verb (banner, EHLO, MAIL, RCPT, DATA, dot, RSET); "" closes the connection
	silent string            // a verb that is never answered
	after  map[string]string // verb: closes the connection after the reply
	cutAt  int               // closes after so many octets of the message; 0: never
	stuck  bool              // with cutAt: stops reading there instead
	slow   time.Duration     // between the octets of each reply
	slowAt string            // of this verb only; empty: of all
}

// rawServer answers each connection by the next script, the last one for ever; it counts what it was given.
type rawServer struct {
	addr    *net.TCPAddr
	dial    func(context.Context, string, string) (net.Conn, error) // nil: TCP
	over    <-chan struct{}
	scripts []script
	closed  chan struct{} // a value for each connection that ended, as far as there is room

	mu       sync.Mutex
	accepted int      // connections
	taken    []string // messages whose dot was read
}

func startRaw(t testing.TB, scripts ...script) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startRawOn(t, listener, scripts...)
}

// startRawInside starts one without sockets, for a bubble of time.
func startRawInside(t testing.TB, scripts ...script) *rawServer {
	t.Helper()
	pipes := mailbox.NewPipes()
	s := startRawOn(t, pipes, scripts...)
	s.dial = pipes.Dial
	return s
}

func startRawOn(t testing.TB, listener net.Listener, scripts ...script) *rawServer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &rawServer{addr: listener.Addr().(*net.TCPAddr), scripts: scripts, over: ctx.Done(),
		closed: make(chan struct{}, 1)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			sc := s.scripts[min(s.accepted, len(s.scripts)-1)]
			s.accepted++
			s.mu.Unlock()
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			wg.Go(func() {
				defer stop()
				defer conn.Close()
				s.talk(conn, sc)
				select {
				case s.closed <- struct{}{}:
				default:
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		cancel()
		wg.Wait()
	})
	return s
}

func (s *rawServer) config() SMTPConfig {
	return SMTPConfig{Host: s.addr.IP.String(), Port: s.addr.Port, TLS: TLSNone, Dial: s.dial}
}

func (s *rawServer) messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.taken...)
}

func (s *rawServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

var usual = map[string]string{
	"banner": "220 raw.invalid ESMTP\r\n",
	"EHLO":   "250-raw.invalid\r\n250 8BITMIME\r\n", "HELO": "250 raw.invalid\r\n", "MAIL": "250 ok\r\n", "RCPT": "250 ok\r\n",
	"DATA": "354 go on\r\n", "dot": "250 2.0.0 queued as 42\r\n", "RSET": "250 ok\r\n", "QUIT": "221 bye\r\n",
}

// talk is the server's side of one connection.
func (s *rawServer) talk(conn net.Conn, sc script) {
	r := bufio.NewReader(conn)
	say := func(verb string) bool {
		if sc.silent == verb {
			_, _ = io.Copy(io.Discard, r) // until the client gives up
			return false
		}
		text, scripted := sc.reply[verb]
		if !scripted {
			text = usual[verb]
		}
		pieces := []string{text}
		if sc.slow > 0 && (sc.slowAt == "" || sc.slowAt == verb) {
			pieces = strings.Split(text, "")
		}
		for _, piece := range pieces {
			if len(pieces) > 1 {
				time.Sleep(sc.slow)
			}
			if _, err := io.WriteString(conn, piece); err != nil {
				return false
			}
		}
		_, last := sc.after[verb]
		return text != "" && !last
	}
	if !say("banner") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " ?")[0])
		if !say(verb) || verb == "QUIT" {
			return
		}
		if verb == "DATA" && !s.body(r, sc) {
			return
		}
		if verb == "DATA" && !say("dot") {
			return
		}
	}
}

// body reads a message up to the dot, or as much of it as the script allows.
func (s *rawServer) body(r *bufio.Reader, sc script) bool {
	if text := sc.reply["DATA"]; text != "" && !strings.HasPrefix(text, "354") {
		return false
	}
	if sc.cutAt > 0 {
		_, _ = io.CopyN(io.Discard, r, int64(sc.cutAt))
		if sc.stuck {
			<-s.over
		}
		return false
	}
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			s.mu.Lock()
			s.taken = append(s.taken, b.String())
			s.mu.Unlock()
			return true
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}
