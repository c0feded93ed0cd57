package mailbox

import (
	"crypto/tls"
	"crypto/x509"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

const mail = "Subject: hello\r\n\r\n.\r\n..two\r\nend\r\n"

// send uses the standard library's client, so that the mailbox is not judged by the sender it tests.
func send(t *testing.T, box *Mailbox, auth smtp.Auth) error {
	t.Helper()
	c, err := smtp.Dial(box.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(box.CA())
		if err := c.StartTLS(&tls.Config{RootCAs: roots, ServerName: box.Host()}); err != nil {
			return err
		}
	}
	if auth != nil {
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := c.Mail("a@example.com"); err != nil {
		return err
	}
	if err := c.Rcpt("b@example.com"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(mail)); err != nil {
		return err
	}
	return w.Close()
}

func start(t *testing.T, opts Options) *Mailbox {
	t.Helper()
	box, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return box
}

func TestKeepsEnvelopeAndBytes(t *testing.T) {
	box := start(t, Options{StartTLS: true, Username: "u", Password: "p"})
	if err := send(t, box, smtp.PlainAuth("", "u", "p", box.Host())); err != nil {
		t.Fatal(err)
	}
	got := box.Messages()
	if len(got) != 1 || got[0].From != "a@example.com" || got[0].To[0] != "b@example.com" ||
		string(got[0].Data) != mail || !got[0].TLS || got[0].User != "u" {
		t.Errorf("%+v", got)
	}
}

func TestForgetsWhatItAnswers(t *testing.T) {
	refuse := false
	box := start(t, Options{Forget: true, Script: func(e Event) Fault {
		if e.Step == Dot && refuse {
			return Fault{Code: 452, Text: "full"}
		}
		return Fault{}
	}})
	if err := send(t, box, nil); err != nil {
		t.Error(err)
	}
	refuse = true
	if err := send(t, box, nil); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("it answers as its script says: %v", err)
	}
	if got := len(box.Messages()); got != 0 {
		t.Errorf("%d mails kept", got)
	}
}

func TestDemandsTheLogin(t *testing.T) {
	box := start(t, Options{Username: "u", Password: "p"})
	if err := send(t, box, nil); err == nil || !strings.HasPrefix(err.Error(), "530") {
		t.Errorf("without a login: %v", err)
	}
	if err := send(t, box, smtp.PlainAuth("", "u", "wrong", box.Host())); err == nil || !strings.HasPrefix(err.Error(), "535") {
		t.Errorf("with a wrong one: %v", err)
	}
	if got := len(box.Messages()); got != 0 {
		t.Errorf("%d mails taken", got)
	}
}

func TestTheScriptSeesEachStepOnce(t *testing.T) {
	steps := make(chan Step, 10)
	box := start(t, Options{Forget: true, Script: func(e Event) Fault {
		steps <- e.Step
		return Fault{}
	}})
	if err := send(t, box, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Step{Mail, Rcpt, Data, Dot, Done} {
		if got := <-steps; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if n := len(box.Messages()); n != 0 || len(steps) != 0 {
		t.Errorf("%d mails kept, %d steps more", n, len(steps))
	}
}

func TestScript(t *testing.T) {
	tests := []struct {
		name  string
		at    Step
		fault Fault
		says  string
		taken int
	}{
		{"a refusal", Rcpt, Fault{Code: 550, Text: "no such user"}, "no such user", 0},
		{"a refusal after the dot", Dot, Fault{Code: 452, Text: "full"}, "full", 0},
		{"taken, but the answer is lost", Dot, Fault{Drop: true, Keep: true}, "EOF", 1},
		{"a last word", Mail, Fault{Code: 421, Text: "bye", Drop: true}, "bye", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			box := start(t, Options{Script: func(e Event) Fault {
				if e.Step == tt.at {
					return tt.fault
				}
				return Fault{}
			}})
			if err := send(t, box, nil); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			if got := len(box.Messages()); got != tt.taken {
				t.Errorf("%d mails taken", got)
			}
		})
	}
}

// It may be closed before the goroutine that serves has begun, as on a machine that is busy.
func TestAMailboxThatWasJustOpenedCloses(t *testing.T) {
	closed := make(chan error)
	for range 100 {
		box, err := Start(Options{})
		if err != nil {
			t.Fatal(err)
		}
		go func() { closed <- box.Close() }()
		select {
		case err := <-closed:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("it does not close")
		}
	}
}
