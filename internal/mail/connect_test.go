package mail

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/mail/mailbox"
)

// Fault 24: each of them is the relay's, and no mail pays for it.
func TestConnectSaysWhatAndWhatToDo(t *testing.T) {
	_, plain := startBox(t, mailbox.Options{})
	_, private := startBox(t, mailbox.Options{StartTLS: true, Username: "u", Password: "right"})
	_, implicit := startBox(t, mailbox.Options{Implicit: true})
	busy := startRaw(t, script{reply: map[string]string{"banner": "421 4.3.2 too busy\r\n"}}).config()
	silent := startRaw(t, script{silent: "banner"}).config()
	silent.Timeout = 200 * time.Millisecond
	web := startRaw(t, script{reply: map[string]string{"banner": "HTTP/1.1 400 Bad Request\r\n"}}).config()
	refusing := startRaw(t, script{reply: map[string]string{"EHLO": "550 no\r\n", "HELO": "550 no\r\n"}}).config()
	closing := startRaw(t, script{reply: map[string]string{"banner": ""}}).config()
	loud := startRaw(t, script{reply: map[string]string{"banner": strings.Repeat("220-x\r\n", maxReply/6)}}).config()
	loud.Timeout = time.Minute
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := SMTPConfig{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: TLSNone}
	_ = listener.Close()
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(cfg SMTPConfig, change func(*SMTPConfig)) SMTPConfig { change(&cfg); return cfg }

	tests := []struct {
		name string
		cfg  SMTPConfig
		says []string
	}{
		{"nobody listens", nobody, []string{"connect:", "refused", "mail.smtp.host"}},
		{"421 instead of a greeting", busy, []string{"greeting:", `"421 4.3.2 too busy"`}},
		{"silence", silent, []string{"greeting:", "no answer in time", "implicit"}},
		{"a web server", web, []string{"greeting:", "does not speak SMTP"}},
		{"closed at once", closing, []string{"greeting:", "closed the connection"}},
		{"a greeting without an end", loud, []string{"greeting:", "no end"}},
		{"EHLO and HELO refused", refusing, []string{"EHLO:", `"550 no"`}},
		{"no STARTTLS where it is mandatory", with(plain, func(c *SMTPConfig) { c.TLS = TLSMandatory }),
			[]string{"STARTTLS:", "does not offer", "mail.smtp.tls"}},
		{"TLS at once to a plain port", with(plain, func(c *SMTPConfig) { c.TLS = TLSImplicit }),
			[]string{"greeting:", "mail.smtp.tls: mandatory"}},
		{"plain to a TLS port", with(implicit, func(c *SMTPConfig) { c.TLS = TLSNone; c.Timeout = 200 * time.Millisecond }),
			[]string{"greeting:", "implicit"}},
		{"an authority nobody knows", with(private, func(c *SMTPConfig) { c.CAFile = "" }),
			[]string{"STARTTLS:", "unknown authority", "ca_file"}},
		{"a wrong password", with(private, func(c *SMTPConfig) { c.Password = "wrong" }),
			[]string{"AUTH:", `"535 5.7.8 Authentication failed"`, "mail.smtp.username"}},
		{"a wrong password by LOGIN", with(private, func(c *SMTPConfig) { c.Password = "wrong"; c.Auth = "login" }),
			[]string{"AUTH:", `"535 5.7.8 Authentication failed"`, "mail.smtp.username"}},
		{"a method that is not offered", with(private, func(c *SMTPConfig) { c.Auth = "cram-md5" }),
			[]string{"AUTH:", "PLAIN LOGIN", "mail.smtp.auth"}},
		{"a login for a server without one", with(plain, func(c *SMTPConfig) { c.Username = "u" }),
			[]string{"AUTH:", "none", "mail.smtp.auth"}},
		{"no CA file", with(private, func(c *SMTPConfig) { c.CAFile = "/nowhere/ca.pem" }), []string{"config:", "ca_file"}},
		{"a CA file without a certificate", with(private, func(c *SMTPConfig) { c.CAFile = noPEM }), []string{"config:", "PEM"}},
		{"an unknown mode", with(plain, func(c *SMTPConfig) { c.TLS = "yes" }), []string{"config:", `"yes"`}},
		{"an unknown method", with(plain, func(c *SMTPConfig) { c.Auth = "magic" }), []string{"config:", `"magic"`}},
		{"no host", SMTPConfig{}, []string{"config:", "host"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sender := senderTo(t, tt.cfg)
			c, err := sender.Connect(t.Context())
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			for _, word := range tt.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "wrong") ||
				!strings.HasPrefix(err.Error(), "smtp ") {
				t.Errorf("not one clear line, or a password in it: %q", err)
			}
			r := (&Conn{sender: sender}).Send(t.Context(), from, to, build(t, weekly()), always)
			if r.Outcome != Relay || r.Err == nil || r.Err.Error() != err.Error() {
				t.Errorf("a mail fares otherwise: %+v", r)
			}
		})
	}
}

// The library's own dialling forgets the connection when a step after the greeting fails.
func TestAFailedConnectLeavesNothingOpen(t *testing.T) {
	for _, sc := range []script{
		{reply: map[string]string{"banner": "554 no\r\n"}},
		{reply: map[string]string{"EHLO": "550 no\r\n", "HELO": "550 no\r\n"}},
		{}, // no STARTTLS
	} {
		server := startRaw(t, sc)
		cfg := server.config()
		cfg.TLS = TLSMandatory
		if _, err := senderTo(t, cfg).Connect(t.Context()); err == nil {
			t.Fatal("connected")
		}
		select {
		case <-server.closed:
		case <-time.After(5 * time.Second):
			t.Errorf("%v: the connection stayed open", sc.reply)
		}
	}
}

func TestLoginMethods(t *testing.T) {
	for _, method := range []string{"auto", "plain", "login"} {
		for _, opts := range []mailbox.Options{{StartTLS: true}, {Implicit: true}, {}} { // {}: to this machine
			opts.Username, opts.Password = "u", "p\u00e4ss word"
			box, cfg := startBox(t, opts)
			cfg.Auth = method
			if r := connect(t, cfg).Send(t.Context(), from, to, build(t, weekly()), always); r.Outcome != Sent ||
				box.Messages()[0].User != "u" {
				t.Errorf("%s, %s: %+v", method, cfg.TLS, r)
			}
		}
	}
	_, cfg := startBox(t, mailbox.Options{Username: "u", Password: "p"})
	cfg.Auth = "none"
	if r := connect(t, cfg).Send(t.Context(), from, to, build(t, weekly()), always); r.Outcome != Relay ||
		!strings.Contains(r.Reply, "530") {
		t.Errorf("a login is demanded at MAIL: %+v", r)
	}
}

func TestChooseAuth(t *testing.T) {
	tests := []struct {
		name, want, offered string
		private             bool
		method              string
	}{
		{"the best of many", "auto", "LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256 NTLM", true, "SCRAM-SHA-256"},
		{"the usual pair", "auto", "LOGIN PLAIN", true, "PLAIN"},
		{"only LOGIN", "auto", "LOGIN XOAUTH2", true, "LOGIN"},
		{"no password on an open line", "auto", "LOGIN PLAIN", false, ""},
		{"a proof instead of the password", "auto", "LOGIN PLAIN CRAM-MD5", false, "CRAM-MD5"},
		{"the one asked for", "login", "LOGIN PLAIN", true, "LOGIN"},
		{"the one asked for, open line", "plain", "LOGIN PLAIN", false, ""},
		{"not offered", "cram-md5", "LOGIN PLAIN", true, ""},
		{"nothing offered", "auto", "", true, ""},
	}
	for _, tt := range tests {
		if got := chooseAuth(tt.want, tt.offered, tt.private); got != tt.method {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.method)
		}
	}
}

func TestDefaults(t *testing.T) {
	for mode, port := range map[TLSMode]int{"": 587, TLSMandatory: 587, TLSImplicit: 465, TLSOpportunistic: 25, TLSNone: 25} {
		s := NewSender(SMTPConfig{TLS: mode}, nil)
		if s.cfg.Port != port || s.cfg.Timeout != DefaultTimeout || s.cfg.DotTimeout != DefaultDotTimeout {
			t.Errorf("%q: %+v", mode, s.cfg)
		}
	}
	opportune, cfg := startBox(t, mailbox.Options{StartTLS: true})
	cfg.TLS = TLSOpportunistic
	if r := connect(t, cfg).Send(t.Context(), from, to, build(t, weekly()), always); r.Outcome != Sent || !opportune.Messages()[0].TLS {
		t.Errorf("offered but not used: %+v", r)
	}
	_, cfg = startBox(t, mailbox.Options{})
	cfg.TLS = TLSOpportunistic
	if r := connect(t, cfg).Send(t.Context(), from, to, build(t, weekly()), always); r.Outcome != Sent {
		t.Errorf("not offered: %+v", r)
	}
}
