// Package mailbox is an SMTP server inside the process that keeps every mail it takes. In go the options of
// the connection and a script of faults, out come the envelopes and the exact bytes received. It refuses
// mail without a login where one is set, and relays nothing. Read auth.go for logins and certificates, and
// smtpsink for the same server as a process of its own.
package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Message is one mail that was taken, or is about to be.
type Message struct {
	From string   // of the envelope, without angle brackets
	To   []string // of the envelope
	Data []byte   // as received, dots unstuffed; nil before the message was read
	TLS  bool     // came over TLS
	User string   // who had logged in; empty: nobody
}

// Step is where a script may step in.
type Step string

// The steps of one mail.
const (
	Mail Step = "MAIL"
	Rcpt Step = "RCPT"
	Data Step = "DATA" // before any of the message is read (the 354 is out already)
	Dot  Step = "dot"  // after all of the message was read, before the answer
	Done Step = "done" // after the answer to the message was written; a fault comes too late
)

// Event is what a script is asked about.
type Event struct {
	Step    Step
	Message Message // as far as known
	Taken   int     // mails taken on this connection before
}

// Fault is what a script answers; the zero Fault lets the mail pass.
type Fault struct {
	Delay time.Duration // before anything else
	Code  int           // the reply, instead of the usual one
	Text  string
	Drop  bool // close the connection; after the reply, if there is a code
	Keep  bool // at Dot: the mail counts as taken all the same
}

// Options of a mailbox; the zero Options listen on a free port of 127.0.0.1 and take everything.
type Options struct {
	Addr     string
	Listener net.Listener // instead of one at Addr
	StartTLS bool         // offer STARTTLS
	Implicit bool         // TLS from the first byte
	TLS      *tls.Config  // with a certificate of the caller's; nil: one is made that names this machine
	Username string
	Password string
	SMTPUTF8 bool                  // take addresses beyond ASCII
	Script   func(Event) Fault     // may be called by several connections at once; nil: no faults
	Received func(m Message) error // called for each mail before it is answered; an error refuses it with 451
	Forget   bool                  // keep no mail: Received or the script has seen it
}

// Mailbox is a running server. It is safe for concurrent use.
type Mailbox struct {
	opts     Options
	listener net.Listener
	server   *smtp.Server
	ca       []byte
	closing  chan struct{}
	served   chan struct{}

	mu       sync.Mutex
	messages []Message
	conns    int
	logins   int
}

// Start listens and serves until Close.
func Start(opts Options) (*Mailbox, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	m := &Mailbox{opts: opts, closing: make(chan struct{}), served: make(chan struct{})}
	m.server = smtp.NewServer(smtp.BackendFunc(m.session))
	m.server.Domain = "mailbox.invalid"
	m.server.AllowInsecureAuth = true
	m.server.EnableSMTPUTF8 = opts.SMTPUTF8
	m.server.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what scripts ask for
	listener := opts.Listener
	if listener == nil {
		var err error
		if listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", opts.Addr); err != nil {
			return nil, fmt.Errorf("mailbox: %w", err)
		}
	}
	m.listener = listener
	if opts.StartTLS || opts.Implicit {
		config := opts.TLS
		if config == nil {
			var err error
			if config, m.ca, err = selfSigned(listener.Addr()); err != nil {
				_ = listener.Close()
				return nil, fmt.Errorf("mailbox: certificate: %w", err)
			}
		}
		if opts.StartTLS {
			m.server.TLSConfig = config
		}
		if opts.Implicit {
			listener = tls.NewListener(listener, config)
		}
	}
	go func() {
		defer close(m.served)
		_ = m.server.Serve(listener) // ends with Close
	}()
	return m, nil
}

// Addr gives host:port.
func (m *Mailbox) Addr() string { return m.listener.Addr().String() }

// Host gives the address to connect to and the certificate's name.
func (m *Mailbox) Host() string { return m.listener.Addr().(*net.TCPAddr).IP.String() }

// Port gives the port.
func (m *Mailbox) Port() int { return m.listener.Addr().(*net.TCPAddr).Port }

// CA gives the certificate to trust, as PEM; nil without TLS.
func (m *Mailbox) CA() []byte { return m.ca }

// Messages gives the mails taken so far, in the order of their answers.
func (m *Mailbox) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Message(nil), m.messages...)
}

// Connections counts the connections that said EHLO, once more after STARTTLS.
func (m *Mailbox) Connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conns
}

// Logins counts the attempts to log in, those with a wrong password too.
func (m *Mailbox) Logins() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logins
}

// Close ends the listener and every connection.
func (m *Mailbox) Close() error {
	select {
	case <-m.closing:
		return nil
	default:
	}
	close(m.closing)
	err := m.server.Close()
	_ = m.listener.Close() // the server does not know it yet where Serve has not begun
	<-m.served
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// session begins a connection's conversation.
func (m *Mailbox) session(c *smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns++
	_, secure := c.TLSConnectionState()
	return &session{box: m, conn: c, current: Message{TLS: secure}}, nil
}

// session is one connection; go-smtp calls it from one goroutine.
type session struct {
	box     *Mailbox
	conn    *smtp.Conn
	current Message
	taken   int
}

// Reset is called by go-smtp between mails, and once the answer to a message is written.
func (s *session) Reset() {
	if s.current.Data != nil {
		s.ask(Done)
	}
	s.current = Message{TLS: s.current.TLS, User: s.current.User}
}

func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.box.opts.Username == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error {
			return s.login(username, password)
		}), nil
	case sasl.Login:
		return &loginServer{login: s.login}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) login(username, password string) error {
	s.box.mu.Lock()
	s.box.logins++
	s.box.mu.Unlock()
	if username != s.box.opts.Username || password != s.box.opts.Password {
		return smtp.ErrAuthFailed
	}
	s.current.User = username
	return nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.box.opts.Username != "" && s.current.User == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.current.From = from
	return s.fault(Mail)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.current.To = append(s.current.To, to)
	return s.fault(Rcpt)
}

func (s *session) Data(r io.Reader) error {
	if err := s.fault(Data); err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.current.Data = data
	f := s.ask(Dot)
	if f == (Fault{Delay: f.Delay}) || f.Keep {
		if err := s.take(); err != nil {
			return err
		}
	}
	return s.answer(f)
}

// take keeps the mail.
func (s *session) take() error {
	if s.box.opts.Received != nil {
		if err := s.box.opts.Received(s.current); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
		}
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if !s.box.opts.Forget {
		s.box.messages = append(s.box.messages, s.current)
	}
	s.taken++
	return nil
}

func (s *session) fault(at Step) error { return s.answer(s.ask(at)) }

// ask lets the script decide, and waits as long as it says.
func (s *session) ask(at Step) Fault {
	if s.box.opts.Script == nil {
		return Fault{}
	}
	f := s.box.opts.Script(Event{Step: at, Message: s.current, Taken: s.taken})
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-s.box.closing:
		}
	}
	return f
}

// answer carries out what the script decided.
func (s *session) answer(f Fault) error {
	if f.Drop {
		if f.Code != 0 { // by hand: go-smtp answers only after we return, and keeps the connection
			_, _ = fmt.Fprintf(s.conn.Conn(), "%d %s\r\n", f.Code, f.Text)
		}
		_ = s.conn.Conn().Close()
		return net.ErrClosed
	}
	if f.Code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.NoEnhancedCode, Message: f.Text}
}
