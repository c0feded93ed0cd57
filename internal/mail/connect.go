package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// TLSMode says how a connection becomes private.
type TLSMode string

// The modes. The default port goes with the mode: 587, 465, 25 and 25.
const (
	TLSMandatory     TLSMode = "mandatory"     // STARTTLS, or nothing is sent; the default
	TLSImplicit      TLSMode = "implicit"      // TLS from the first byte
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where the server offers it
	TLSNone          TLSMode = "none"
)

// AuthMethods are the values of SMTPConfig.Auth. With auto (the default) the best that the server offers is
// used; without a user name there is no authentication.
var AuthMethods = []string{"auto", "none", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"}

// Patience of a connection where the config says nothing. RFC 5321 asks for ten minutes after the final
// dot: whoever gives up sooner makes duplicates.
const (
	DefaultTimeout    = 30 * time.Second
	DefaultDotTimeout = 10 * time.Minute
)

// maxReply bounds what one step may make us read, in octets: replies are lines, not streams.
const maxReply = 1 << 20

// SMTPConfig says which relay takes the mail.
type SMTPConfig struct {
	Host       string
	Port       int // 0: by TLS
	TLS        TLSMode
	Auth       string
	Username   string
	Password   string
	CAFile     string        // PEM; the only authorities trusted, instead of the system's; empty: the system's
	Timeout    time.Duration // of each step
	DotTimeout time.Duration // for the answer to the final dot, at least Timeout

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: that of net.Dialer
}

// Sender opens connections to one relay. It holds no connection itself and is safe for concurrent use.
type Sender struct {
	cfg   SMTPConfig
	log   *slog.Logger
	hello string
}

// NewSender fills in the defaults; that the relay answers shows in Connect.
func NewSender(cfg SMTPConfig, log *slog.Logger) *Sender {
	if cfg.TLS == "" {
		cfg.TLS = TLSMandatory
	}
	if cfg.Port == 0 {
		cfg.Port = map[TLSMode]int{TLSMandatory: 587, TLSImplicit: 465}[cfg.TLS]
		if cfg.Port == 0 {
			cfg.Port = 25
		}
	}
	if cfg.Auth == "" {
		cfg.Auth = "auto"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.DotTimeout <= 0 {
		cfg.DotTimeout = DefaultDotTimeout
	}
	cfg.DotTimeout = max(cfg.DotTimeout, cfg.Timeout)
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	hello, err := os.Hostname()
	if err != nil || !isToken(hello, ".-") {
		hello = "localhost"
	}
	return &Sender{cfg: cfg, log: log, hello: hello}
}

// addr is host:port as dialled and as named in errors.
func (s *Sender) addr() string { return net.JoinHostPort(s.cfg.Host, strconv.Itoa(s.cfg.Port)) }

// Connect dials, secures and authenticates a connection that many mails can use. Every error is the
// relay's or the config's, on one line: the step, what happened, what to do.
func (s *Sender) Connect(ctx context.Context) (*Conn, error) {
	c := &Conn{sender: s}
	if r := c.open(ctx); r.Err != nil {
		return nil, r.Err
	}
	return c, nil
}

// wire is the TCP connection below any TLS. It knows whether everything handed to it left the machine,
// which decides whether the final dot can have reached the server, and bounds what is read in a step.
type wire struct {
	net.Conn
	broken  atomic.Bool  // a write did not go out whole
	written atomic.Int64 // writes that did
	unread  atomic.Int64 // what this step may still read
}

var errLongReply = errors.New("the reply has no end")

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if err != nil || n < len(p) {
		w.broken.Store(true)
	} else {
		w.written.Add(1)
	}
	return n, err
}

func (w *wire) Read(p []byte) (int, error) {
	left := w.unread.Load()
	if left <= 0 {
		return 0, errLongReply
	}
	n, err := w.Conn.Read(p[:min(int64(len(p)), left)])
	w.unread.Add(-int64(n))
	return n, err
}

// open dials and gets the connection ready for MAIL; Err is nil when it is, and nothing stays open when it
// is not. The library's own dialling leaks the connection when EHLO, STARTTLS or AUTH fail, and honours the
// context for the TCP part alone.
func (c *Conn) open(ctx context.Context) Result {
	s := c.sender
	at, err := c.dial(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		s.log.Debug("connected to relay", "relay", s.addr(), "tls", string(s.cfg.TLS))
		return Result{}
	}
	c.drop()
	r := failed(at, err)
	r.Err = fmt.Errorf("smtp %s: %w%s", s.addr(), r.Err, advice(at, err))
	return r
}

// dial connects and names the step that it reached.
func (c *Conn) dial(ctx context.Context) (step, error) {
	s := c.sender
	config, err := s.tlsConfig()
	if err != nil {
		return stepConfig, err
	}
	soon, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	conn, err := s.cfg.Dial(soon, "tcp", s.addr())
	if err != nil {
		return stepDial, err
	}
	c.wire = &wire{Conn: conn}
	c.wire.unread.Store(maxReply)
	defer c.closeOn(ctx)()
	by, _ := soon.Deadline() // the greeting shares the time of the dialling
	if err := conn.SetDeadline(by); err != nil {
		return stepDial, err
	}
	conn = c.wire
	if s.cfg.TLS == TLSImplicit {
		conn = tls.Client(c.wire, config)
	}
	if c.client, err = smtp.NewClient(conn, s.cfg.Host); err != nil {
		return stepBanner, err
	}
	return c.handshake(config)
}

// handshake speaks EHLO, STARTTLS and AUTH.
func (c *Conn) handshake(config *tls.Config) (step, error) {
	s := c.sender
	c.begin(s.cfg.Timeout)
	if err := c.client.Hello(s.hello); err != nil {
		return stepHello, err
	}
	if s.cfg.TLS == TLSMandatory || s.cfg.TLS == TLSOpportunistic {
		offered, _ := c.client.Extension("STARTTLS")
		if !offered && s.cfg.TLS == TLSMandatory {
			return stepStartTLS, errNoStartTLS
		}
		if offered {
			c.begin(s.cfg.Timeout)
			if err := c.client.StartTLS(config); err != nil {
				return stepStartTLS, err
			}
		}
	}
	auth, err := s.auth(c.client)
	if err == nil && auth != nil {
		c.begin(s.cfg.Timeout)
		err = c.client.Auth(auth)
	}
	return stepAuth, err
}

var (
	errNoStartTLS = errors.New("the server does not offer it")
	errPlainText  = errors.New("the password would travel unencrypted")
	errNoMethod   = errors.New("the server offers no method that this program speaks")
)

// advice ends an error of the handshake with what to do, where we know.
func advice(at step, err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errNoStartTLS):
		return "; use a port with STARTTLS, or set mail.smtp.tls to implicit or none"
	case errors.As(err, &unknown):
		return "; name the authority's certificate in mail.smtp.ca_file"
	case errors.As(err, &name):
		return "; use the name in the certificate as mail.smtp.host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "; the relay's certificate must be renewed, unless the clock of this machine is wrong"
	case errors.As(err, &record):
		return "; the server does not speak TLS at once, try mail.smtp.tls: mandatory"
	case errors.Is(err, errPlainText):
		return "; set mail.smtp.tls to mandatory or implicit"
	case at == stepAuth && replyCode(err) >= 500:
		return "; check mail.smtp.username and password"
	case at == stepAuth && errors.Is(err, errNoMethod):
		return "; set mail.smtp.auth, or leave out the user name"
	case at == stepBanner && errors.Is(err, os.ErrDeadlineExceeded):
		return "; the server is silent, is this a port for TLS at once (mail.smtp.tls: implicit)?"
	case at == stepDial:
		return "; check mail.smtp.host and port"
	}
	return ""
}

// auth picks the method. Passwords travel in the clear only to this machine.
func (s *Sender) auth(client *smtp.Client) (smtp.Auth, error) {
	if s.cfg.Username == "" || s.cfg.Auth == "none" {
		return nil, nil
	}
	_, secure := client.TLSConnectionState()
	_, offered := client.Extension("AUTH")
	method := chooseAuth(s.cfg.Auth, offered, secure || isLoopback(s.cfg.Host))
	user, password, host := s.cfg.Username, s.cfg.Password, s.cfg.Host
	switch method {
	case "PLAIN":
		return smtp.PlainAuth("", user, password, host, true), nil
	case "LOGIN":
		return smtp.LoginAuth(user, password, host, true), nil
	case "CRAM-MD5":
		return smtp.CRAMMD5Auth(user, password), nil
	case "SCRAM-SHA-1":
		return smtp.ScramSHA1Auth(user, password), nil
	case "SCRAM-SHA-256":
		return smtp.ScramSHA256Auth(user, password), nil
	}
	if chooseAuth(s.cfg.Auth, offered, true) != "" {
		return nil, errPlainText
	}
	if offered == "" {
		return nil, fmt.Errorf("%w (none)", errNoMethod)
	}
	return nil, fmt.Errorf("%w (%s)", errNoMethod, replyText(0, offered)[4:])
}

// chooseAuth gives the method to use, by the server's spelling; empty when there is none. On a private
// line PLAIN goes before CRAM-MD5, which makes servers keep passwords readable and proves nothing more.
func chooseAuth(want, offered string, private bool) string {
	methods := strings.Fields(strings.ToUpper(offered))
	order := []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}
	if private {
		order = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"}
	}
	for _, method := range order {
		if slices.Contains(methods, method) && (want == "auto" || strings.EqualFold(want, method)) {
			return method
		}
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// tlsConfig names a setting that no relay could satisfy. It reads the authorities at each connection, so
// that a renewed file needs no restart.
func (s *Sender) tlsConfig() (*tls.Config, error) {
	switch {
	case s.cfg.Host == "":
		return nil, errors.New("mail.smtp.host is empty")
	case !slices.Contains([]TLSMode{TLSMandatory, TLSImplicit, TLSOpportunistic, TLSNone}, s.cfg.TLS):
		return nil, fmt.Errorf("mail.smtp.tls %q is none of mandatory, implicit, opportunistic, none", s.cfg.TLS)
	case !slices.Contains(AuthMethods, s.cfg.Auth):
		return nil, fmt.Errorf("mail.smtp.auth %q is none of %s", s.cfg.Auth, strings.Join(AuthMethods, ", "))
	}
	config := &tls.Config{ServerName: s.cfg.Host, MinVersion: tls.VersionTLS12}
	if s.cfg.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(s.cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail.smtp.ca_file: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("mail.smtp.ca_file %s holds no PEM certificate", s.cfg.CAFile)
	}
	return config, nil
}
