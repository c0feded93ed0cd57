package mail

import (
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Every step of the conversation with everything that can go wrong at it, in a bubble of time and with the patience
// of production. After each fault the next connection is a healthy one, and the mail goes again over it where
// that is allowed.
func TestEveryFaultAtEveryStep(t *testing.T) {
	const garbage = "\x00\x01 HTTP/1.1 400 Bad Request\r\n"
	kinds := []struct {
		name  string
		fault func(verb string) script
		want  map[string]Outcome // by step; "" is for all others
	}{
		{"4xx", answering("451-4.3.0 not\r\n451 4.3.0 now\r\n"), // Fault 21
			map[string]Outcome{"MAIL": Temporary, "RCPT": Temporary, "DATA": Temporary, "dot": Temporary, "": Relay}},
		{"5xx", answering("550-5.7.1 not\r\n550 5.7.1 you\r\n"), // Fault 22
			map[string]Outcome{"MAIL": Permanent, "RCPT": Permanent, "DATA": Permanent, "dot": Permanent, "": Relay}},
		{"421", func(verb string) script { // Fault 23
			sc := answering("421 4.3.2 closing\r\n")(verb)
			sc.after = map[string]string{verb: "", "HELO": ""}
			return sc
		}, map[string]Outcome{"": Relay}},
		{"closed", answering(""), // Fault 25
			map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
		{"silent", func(verb string) script { return script{silent: verb} }, // Fault 28
			map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
		{"an octet a second, for hours", func(verb string) script { // Fault 28
			sc := answering(strings.Repeat("250-and\r\n", 1000))(verb)
			sc.slow, sc.slowAt = time.Second, verb
			return sc
		}, map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
		{"garbage", answering(garbage), // Fault 29
			map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
		{"a line without an end", answering(strings.Repeat("2", maxReply+2)), // Fault 29
			map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
		{"lines without an end", answering(strings.Repeat("250-more\r\n", maxReply/9)), // Fault 29
			map[string]Outcome{"RCPT": Temporary, "DATA": Temporary, "dot": Unknown, "": Relay}},
	}
	raw := build(t, weekly())
	for _, kind := range kinds {
		for _, verb := range []string{"banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "dot"} {
			t.Run(kind.name+" at "+verb, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					want, listed := kind.want[verb]
					if !listed {
						want = kind.want[""]
					}
					sc := kind.fault(verb)
					server := startRawInside(t, offering(sc, verb), offering(script{}, "AUTH"))
					cfg := server.config()
					cfg.Username, cfg.Password = "u", "p"
					if verb == "STARTTLS" {
						cfg.TLS = TLSOpportunistic
					}
					began := time.Now()
					c := &Conn{sender: NewSender(cfg, quiet)}
					r := c.Send(t.Context(), from, to, raw, always)
					if r.Outcome != want || r.Err == nil || strings.ContainsAny(r.Err.Error(), "\x00\r\n") {
						t.Errorf("got %s (%v), want %s", r.Outcome, r.Err, want)
					}
					patience := DefaultTimeout
					if verb == "dot" {
						patience = DefaultDotTimeout
					}
					if took := time.Since(began); took > patience {
						t.Errorf("given up after %v, later than %v", took, patience)
					}
					had := len(server.messages()) // of whom the dot was read
					if verb != "dot" && had != 0 {
						t.Errorf("the server has %d mails", had)
					}
					c.Close()
					if r = c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(server.messages()) != had+1 {
						t.Errorf("over a new connection: %+v", r)
					}
					c.Close()
				})
			})
		}
	}
}

// Faults 25 and 28 in the middle of the message: whatever happens, the server has half of it at most.
func TestFaultsInTheMiddleOfTheMessage(t *testing.T) {
	m := weekly()
	m.Text = strings.Repeat("A line of a long digest.\n", 1000) // more than one write
	raw := build(t, m)
	for name, sc := range map[string]script{"closed": {cutAt: 100}, "reads no more": {cutAt: 100, stuck: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := startRawInside(t, sc, script{})
				c := &Conn{sender: NewSender(server.config(), quiet)}
				began := time.Now()
				if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Temporary || time.Since(began) > DefaultDotTimeout {
					t.Errorf("after %v: %+v", time.Since(began), r)
				}
				if r := c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(server.messages()) != 1 {
					t.Errorf("%d mails, the last one %+v", len(server.messages()), r)
				}
				c.Close()
			})
		})
	}
}

// Fault 26: what comes after the 250 changes nothing, at RSET and QUIT as little as on the kept connection. A mail
// that was refused stays refused, whatever becomes of the RSET that follows.
func TestFaultsAfterTheLastWord(t *testing.T) {
	raw := build(t, weekly())
	for name, fault := range map[string]func(verb string) script{
		"4xx": answering("451 no\r\n"), "5xx": answering("550 no\r\n"), "421": answering("421 bye\r\n"), "closed": answering(""),
		"garbage": answering("what?\r\n"), "without an end": answering(strings.Repeat("2", maxReply+2)),
		"silent": func(verb string) script { return script{silent: verb} },
	} {
		for _, verb := range []string{"RSET", "QUIT"} {
			t.Run(name+" at "+verb, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sc := fault(verb)
					if verb == "RSET" {
						if sc.reply == nil {
							sc.reply = map[string]string{}
						}
						sc.reply["RCPT"] = "550 5.1.1 nobody\r\n"
					}
					server := startRawInside(t, sc, script{})
					c := &Conn{sender: NewSender(server.config(), quiet)}
					r := c.Send(t.Context(), from, to, raw, always)
					if verb == "RSET" && (r.Outcome != Permanent || r.Reply != "550 5.1.1 nobody") || verb == "QUIT" && r.Outcome != Sent {
						t.Errorf("got %+v", r)
					}
					began, had := time.Now(), len(server.messages())
					if verb == "QUIT" {
						c.Close()
					}
					if took := time.Since(began); took > time.Second {
						t.Errorf("the goodbye took %v", took)
					}
					if r = c.Send(t.Context(), from, to, raw, always); r.Outcome != Sent || len(server.messages()) != had+1 {
						t.Errorf("the next mail: %+v", r)
					}
					c.Close()
				})
			})
		}
	}
}

// answering gives the script of a server that says this at one step.
func answering(reply string) func(verb string) script {
	return func(verb string) script {
		replies := map[string]string{verb: reply}
		if verb == "EHLO" {
			replies["HELO"] = reply // or the client would go on without extensions
		}
		return script{reply: replies}
	}
}

// offering adds what leads to a step.
func offering(sc script, verb string) script {
	replies := map[string]string{"EHLO": "250-raw.invalid\r\n250 AUTH PLAIN\r\n", "AUTH": "235 2.7.0 welcome\r\n"}
	if verb == "STARTTLS" {
		replies["EHLO"] = "250-raw.invalid\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"
	}
	maps.Copy(replies, sc.reply)
	sc.reply = replies
	return sc
}
