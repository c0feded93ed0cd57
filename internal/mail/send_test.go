package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drumbeat/internal/mail/mailbox"
)

// Fault 31: lines with lone dots come back as they were.
func TestReceivedBytesAreTheStoredOnes(t *testing.T) {
	m := weekly()
	m.Text += "\n.\n..\n.\r\n...\nlast line without an end ."
	raw := build(t, m)
	for _, opts := range []mailbox.Options{{}, {StartTLS: true, Username: "u", Password: "p"}, {Implicit: true}} {
		box, cfg := startBox(t, opts)
		c := connect(t, cfg)
		for range 3 {
			if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || r.Err != nil ||
				r.Reply != "250 2.0.0 OK: queued" {
				t.Fatalf("%+v", r)
			}
		}
		got := box.Messages()
		if len(got) != 3 || box.Connections() > 2 {
			t.Fatalf("%d mails on %d connections", len(got), box.Connections())
		}
		for _, g := range got {
			if !bytes.Equal(g.Data, raw) || g.From != from || len(g.To) != 1 || g.To[0] != to {
				t.Errorf("envelope %s %s, equal bytes: %t", g.From, g.To, bytes.Equal(g.Data, raw))
			}
			if g.TLS != (opts.StartTLS || opts.Implicit) || g.User != opts.Username {
				t.Errorf("TLS %t, user %q", g.TLS, g.User)
			}
		}
	}
}

// Fault 31: the longest lines that SMTP must carry arrive whole, a dot in front of one too; one octet more is refused.
func TestTheLongestLinesArrive(t *testing.T) {
	line := strings.Repeat("x", MaxLine)
	raw := []byte("Subject: x\r\n\r\n" + line + "\r\n.\r\n." + line[1:] + "\r\n..\r\n")
	box, cfg := startBox(t, mailbox.Options{})
	c := connect(t, cfg)
	if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || !bytes.Equal(box.Messages()[0].Data, raw) {
		t.Errorf("%+v", r)
	}
	longer := []byte("Subject: x\r\n\r\n" + line + "x\r\n")
	if r := c.Send(t.Context(), from, to, longer, always); r.Outcome != Permanent || len(box.Messages()) != 1 {
		t.Errorf("%d mails, %+v", len(box.Messages()), r)
	}
}

// Faults 21 to 23, by a real server.
func TestWhatEachAnswerMeans(t *testing.T) {
	tests := []struct {
		name string
		at   mailbox.Step
		code int
		want Outcome
	}{
		{"server busy", mailbox.Mail, 451, Temporary},
		{"sender refused", mailbox.Mail, 550, Permanent},
		{"login demanded", mailbox.Mail, 530, Relay},
		{"greylisted", mailbox.Rcpt, 450, Temporary},
		{"nobody of that name", mailbox.Rcpt, 550, Permanent},
		{"mailbox name not allowed", mailbox.Rcpt, 553, Permanent},
		{"no space for now", mailbox.Dot, 452, Temporary},
		{"taken for spam", mailbox.Dot, 554, Permanent},
		{"too big", mailbox.Dot, 552, Permanent},
		{"server shuts down at MAIL", mailbox.Mail, 421, Relay},
		{"server shuts down at RCPT", mailbox.Rcpt, 421, Relay},
		{"server shuts down after the dot", mailbox.Dot, 421, Relay},
	}
	raw := build(t, weekly())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mended atomic.Bool
			box, cfg := startBox(t, mailbox.Options{Script: func(e mailbox.Event) mailbox.Fault {
				if mended.Load() || e.Step != tt.at {
					return mailbox.Fault{}
				}
				return mailbox.Fault{Code: tt.code, Text: "said\r\nthe server", Drop: tt.code == 421}
			}})
			c := connect(t, cfg)
			r := c.Send(t.Context(), from, to, raw, always)
			if r.Outcome != tt.want || r.Err == nil || !strings.HasPrefix(r.Reply, strings.Fields(r.Reply)[0]) ||
				!strings.Contains(r.Reply, "said") || strings.ContainsAny(r.Reply, "\r\n") {
				t.Errorf("got %+v, want %s with the server's words", r, tt.want)
			}
			if len(box.Messages()) != 0 {
				t.Error("the server took the mail")
			}
			mended.Store(true) // and the connection, or a new one, serves the next recipient
			if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(box.Messages()) != 1 {
				t.Errorf("the next mail: %+v", r)
			}
		})
	}
}

// Faults 25 to 29, in which no proper reply comes; the raw server counts what it has, so that a loss and a duplicate
// both show.
func TestLostConnections(t *testing.T) {
	tests := []struct {
		name   string
		script script
		want   Outcome
		taken  int
	}{
		{"lost at MAIL", script{reply: map[string]string{"MAIL": ""}}, Relay, 0},
		{"lost at RCPT", script{reply: map[string]string{"RCPT": ""}}, Temporary, 0},
		{"lost at DATA", script{reply: map[string]string{"DATA": ""}}, Temporary, 0},
		// The mail fits into the sockets' buffers: that the server never read it cannot be told from here.
		{"lost after 354", script{after: map[string]string{"DATA": ""}}, Unknown, 0},
		{"lost after the dot", script{reply: map[string]string{"dot": ""}}, Unknown, 1},
		{"250, then lost", script{after: map[string]string{"dot": ""}}, Sent, 1},
		{"silent after the dot", script{silent: "dot"}, Unknown, 1},
		{"silent at RCPT", script{silent: "RCPT"}, Temporary, 0},
		{"garbage at MAIL", script{reply: map[string]string{"MAIL": "\x00\x01what?\r\n"}}, Relay, 0},
		{"garbage at RCPT", script{reply: map[string]string{"RCPT": "HTTP/1.1 400 Bad Request\r\n"}}, Temporary, 0},
		{"garbage after the dot", script{reply: map[string]string{"dot": "fine\r\n"}}, Unknown, 1},
		{"half a reply after the dot", script{reply: map[string]string{"dot": "250-queu"}, after: map[string]string{"dot": ""}},
			Unknown, 1},
		{"another completion after the dot", script{reply: map[string]string{"dot": "251 forwarded\r\n"}}, Sent, 1},
		{"many lines after the dot", script{reply: map[string]string{"dot": "250-a\r\n250-b\r\n250 c\r\n"}}, Sent, 1},
		{"a refusal of many lines", script{reply: map[string]string{"RCPT": "550-no\r\n550 such user\r\n"}}, Permanent, 0},
		{"a reply without an end", script{reply: map[string]string{"RCPT": strings.Repeat("x", maxReply+1)}}, Temporary, 0},
		{"no answer to EHLO but HELO", script{reply: map[string]string{"EHLO": "502 no\r\n"}}, Sent, 1},
	}
	raw := build(t, weekly())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := startRaw(t, tt.script)
			cfg := server.config()
			cfg.Timeout, cfg.DotTimeout = 500*time.Millisecond, 500*time.Millisecond
			if strings.Contains(tt.name, "without an end") {
				cfg.Timeout = 30 * time.Second // the bound is the length, not the time
			}
			c := connect(t, cfg)
			r := c.Send(t.Context(), from, to, raw, always)
			if r.Outcome != tt.want || (r.Err == nil) != (tt.want == Sent) || r.Err != nil &&
				strings.ContainsAny(r.Err.Error(), "\x00\r\n") {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
			if got := server.messages(); len(got) != tt.taken || tt.taken > 0 && got[0] != string(raw) {
				t.Errorf("the server has %d mails, want %d", len(got), tt.taken)
			}
		})
	}
}

func TestCutBeforeTheDotLeftIsNeverUnknown(t *testing.T) {
	// More than the sockets buffer, so that the last write cannot leave before the cut is seen.
	raw := []byte("Subject: long\r\n\r\n" + strings.Repeat("a line of a long digest\r\n", 1<<19))
	for _, cut := range []int{1, 1 << 20} {
		server := startRaw(t, script{cutAt: cut})
		r := connect(t, server.config()).Send(t.Context(), from, to, raw, always)
		if r.Outcome != Temporary || len(server.messages()) != 0 {
			t.Errorf("cut after %d of %d octets: %+v", cut, len(raw), r)
		}
	}
}

// Fault 27.
func TestASlowAnswerIsWaitedFor(t *testing.T) {
	raw := build(t, weekly())
	box, cfg := startBox(t, mailbox.Options{Script: func(e mailbox.Event) mailbox.Fault {
		if e.Step == mailbox.Dot {
			return mailbox.Fault{Delay: 700 * time.Millisecond}
		}
		return mailbox.Fault{}
	}})
	cfg.Timeout, cfg.DotTimeout = 300*time.Millisecond, 5*time.Second
	if r := connect(t, cfg).Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(box.Messages()) != 1 {
		t.Errorf("%+v, %d mails", r, len(box.Messages()))
	}
}

// Fault 28.
func TestATrickleEndsWithTheStepsTime(t *testing.T) {
	server := startRaw(t, script{slow: 10 * time.Millisecond, reply: map[string]string{"RCPT": strings.Repeat("250-x\r\n", 99)}})
	cfg := server.config()
	cfg.Timeout = time.Second
	if r := connect(t, cfg).Send(t.Context(), from, to, build(t, weekly()), always); r.Outcome != Temporary ||
		!strings.Contains(r.Err.Error(), "no answer in time") {
		t.Errorf("%+v", r)
	}
}

// Faults 23 and 26: a connection has its age, and its limits, which is no mail's business.
func TestAKeptConnectionIsRenewedWithoutAnAttempt(t *testing.T) {
	raw := build(t, weekly())
	tests := []struct {
		name   string
		script script
	}{
		{"closed while idle", script{after: map[string]string{"dot": ""}}},
		{"one mail per connection", script{after: map[string]string{"dot": ""}, reply: map[string]string{"dot": "250 ok\r\n421 idle\r\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := startRaw(t, tt.script)
			c := connect(t, server.config())
			for i := range 4 {
				if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent {
					t.Fatalf("mail %d: %+v", i+1, r)
				}
			}
			if got := server.connections(); got != 4 || len(server.messages()) != 4 {
				t.Errorf("%d mails on %d connections", len(server.messages()), got)
			}
		})
	}
	t.Run("421 after two mails", func(t *testing.T) {
		box, cfg := startBox(t, mailbox.Options{Script: func(e mailbox.Event) mailbox.Fault {
			if e.Step == mailbox.Rcpt && e.Taken == 2 {
				return mailbox.Fault{Code: 421, Text: "4.7.0 too many mails on this connection", Drop: true}
			}
			return mailbox.Fault{}
		}})
		c := connect(t, cfg)
		for i := range 6 {
			if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent {
				t.Fatalf("mail %d: %+v", i+1, r)
			}
		}
		if len(box.Messages()) != 6 || box.Connections() != 3 {
			t.Errorf("%d mails on %d connections", len(box.Messages()), box.Connections())
		}
	})
	t.Run("the relay is gone for good", func(t *testing.T) {
		box, cfg := startBox(t, mailbox.Options{})
		c := connect(t, cfg)
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
		if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Relay || r.Err == nil {
			t.Errorf("%+v", r)
		}
	})
}

// always is clear to be sent.
func always() error { return nil }

func TestWhoeverMayNotSendAnyMoreStopsBeforeTheDot(t *testing.T) {
	box, cfg := startBox(t, mailbox.Options{})
	c, raw := connect(t, cfg), build(t, weekly())
	lapsed := errors.New("the lease has ended")
	if r := c.Send(t.Context(), from, to, raw, func() error { return lapsed }); r.Outcome != Relay || !errors.Is(r.Err, lapsed) {
		t.Errorf("%+v", r)
	}
	if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(box.Messages()) != 1 {
		t.Errorf("%d mails, the last one %+v", len(box.Messages()), r)
	}
}

func TestTheContextEndsEveryStep(t *testing.T) {
	why := errors.New("told to stop")
	raw := build(t, weekly())
	for _, verb := range []string{"MAIL", "RCPT", "DATA", "dot"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			server := startRaw(t, script{silent: verb})
			cfg := server.config()
			cfg.Timeout, cfg.DotTimeout = time.Minute, time.Minute
			c := connect(t, cfg)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
			r := c.Send(ctx, from, to, raw, always)
			want := Relay
			if verb == "dot" {
				want = Unknown
			}
			if r.Outcome != want || !errors.Is(r.Err, why) {
				t.Errorf("got %+v, want %s", r, want)
			}
		})
	}
	for _, verb := range []string{"banner", "EHLO"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			server := startRaw(t, script{silent: verb})
			cfg := server.config()
			cfg.Timeout = time.Minute
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
			if _, err := senderTo(t, cfg).Connect(ctx); !errors.Is(err, why) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Fault 31: neither does what would be a second command.
func TestAddressesThatAreNoneNeverReachTheServer(t *testing.T) {
	box, cfg := startBox(t, mailbox.Options{})
	c := connect(t, cfg)
	raw := build(t, weekly())
	for _, bad := range []string{"", "nobody", "a@b@c", "a@example.com> SIZE=9", "a@example.com\r\nRCPT TO:<b@example.com>", "<a@example.com>"} {
		if r := c.Send(t.Context(), from, bad, raw, always); r.Outcome != Permanent || r.Err == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
	if r := c.Send(t.Context(), from, to, []byte("Subject: bare\n\nline ends\n"), always); r.Outcome != Permanent {
		t.Errorf("bytes that would change on the way: %+v", r)
	}
	if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(box.Messages()) != 1 {
		t.Errorf("%+v", r)
	}
}

// Fault 29: what the server offers. A mail over its SIZE is not even begun; SIZE without a number or of 0 means that
// there is no fixed limit. Mails are 7-bit: neither 8BITMIME nor PIPELINING is needed.
func TestExtensionsThatAreMissingOrTooSmall(t *testing.T) {
	raw := build(t, weekly())
	for _, tt := range []struct {
		name, ehlo string
		want       Outcome
	}{
		{"no extension", "250 raw.invalid\r\n", Sent},
		{"all of them", "250-raw.invalid\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n", Sent},
		{"no fixed size", "250-raw.invalid\r\n250 SIZE\r\n", Sent},
		{"size 0", "250-raw.invalid\r\n250 SIZE 0\r\n", Sent},
		{"size no number", "250-raw.invalid\r\n250 SIZE -5 big\r\n", Sent},
		{"large enough", fmt.Sprintf("250-raw.invalid\r\n250 SIZE %d\r\n", len(raw)), Sent},
		{"too small", fmt.Sprintf("250-raw.invalid\r\n250 SIZE %d\r\n", len(raw)-1), Permanent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startRaw(t, script{reply: map[string]string{"EHLO": tt.ehlo}})
			c := connect(t, server.config())
			r := c.Send(t.Context(), from, to, raw, always)
			if taken := len(server.messages()); r.Outcome != tt.want || (taken == 1) != (tt.want == Sent) {
				t.Errorf("%d mails, %+v", taken, r)
			}
			if r.Err != nil && !strings.Contains(r.Err.Error(), fmt.Sprintf("larger than the %d octets", len(raw)-1)) {
				t.Errorf("the reason is not clear: %v", r.Err)
			}
			small := []byte("Subject: x\r\n\r\nsmall\r\n")
			if r := c.Send(t.Context(), from, to, small, always); r.Outcome != Sent || server.connections() != 1 {
				t.Errorf("a small one afterwards: %+v on %d connections", r, server.connections())
			}
		})
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	const wide = "jörg@bücher.example"
	m := weekly()
	m.To.Address = wide
	raw := build(t, m)
	_, cfg := startBox(t, mailbox.Options{})
	if r := connect(t, cfg).Send(t.Context(), from, wide, raw, always); r.Outcome != Permanent {
		t.Errorf("a server without SMTPUTF8: %+v", r)
	}
	box, cfg := startBox(t, mailbox.Options{SMTPUTF8: true})
	if r := connect(t, cfg).Send(t.Context(), from, wide, raw, always); r.Outcome != Sent {
		t.Errorf("a server with SMTPUTF8: %+v", r)
	}
	if got := box.Messages(); len(got) != 1 || got[0].To[0] != wide || !bytes.Equal(got[0].Data, raw) {
		t.Errorf("%d mails, not the one sent", len(got))
	}
}
