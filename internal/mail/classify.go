package mail

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
)

// Outcome says what an attempt means for the delivery.
type Outcome int

// The outcomes. The zero Outcome is none of them.
const (
	// Sent: the server took the mail. A connection that breaks afterwards changes nothing.
	Sent Outcome = iota + 1
	// Temporary: try this delivery again later, with the same bytes.
	Temporary
	// Permanent: the server refused this mail for good.
	Permanent
	// Unknown: the connection was lost after the final dot had been written. The server may have the mail:
	// resend the same bytes or hold it for a person, but never build a new mail.
	Unknown
	// Relay: the recipient has nothing to do with it (no connection, TLS, password, the server shuts down).
	// Nothing was delivered and no attempt is spent; try again when the relay is back.
	Relay
)

// String gives the outcome's name.
func (o Outcome) String() string {
	names := [...]string{"none", "sent", "temporary", "permanent", "unknown", "relay"}
	if o < 0 || int(o) >= len(names) {
		return fmt.Sprintf("outcome %d", int(o))
	}
	return names[o]
}

// Result of one attempt.
type Result struct {
	Outcome Outcome
	Reply   string // the server's answer that decided, code first, on one line; empty: none came
	Err     error  // names the step and what happened; nil when sent
	Begun   bool   // the server had taken sender and recipient: it works, and what happened then is about this mail, perhaps
}

// step is where in the conversation an attempt stands.
type step string

const (
	stepConfig   step = "config"
	stepDial     step = "connect"
	stepBanner   step = "greeting"
	stepHello    step = "EHLO"
	stepStartTLS step = "STARTTLS"
	stepAuth     step = "AUTH"
	stepMail     step = "MAIL"
	stepRcpt     step = "RCPT"
	stepData     step = "DATA"
	stepBody     step = "message"
	stepDot      step = "end of message" // from the final dot on
)

// classify is the only place that decides what a failed step means. The library's own reading (SendError's
// IsTemp) calls a lost connection permanent and a mail that the server has undelivered: it is not used.
func classify(at step, err error) Outcome {
	code := replyCode(err)
	switch at {
	case stepConfig, stepDial, stepBanner, stepHello, stepStartTLS, stepAuth:
		return Relay
	case stepMail:
		// Without a reply, or asked to log in first: the server, not the mail.
		if code == 0 || code == 530 || code == 534 || code == 535 || code == 538 {
			return Relay
		}
	case stepDot:
		switch {
		case code >= 200 && code <= 299: // any completion, not only 250
			return Sent
		case code < 400: // lost, timed out or no reply that means anything
			return Unknown
		}
	}
	switch {
	case code == 421: // the service closes the connection
		return Relay
	case code >= 500 && code <= 599:
		return Permanent
	}
	return Temporary
}

// replyCode is the code of the server's reply, 0 when the error is none.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// replyText gives a reply on one line without control characters.
func replyText(code int, text string) string {
	return fmt.Sprintf("%03d %s", code, cut(oneLine(text), 500))
}

// failed makes the result of a step that ended with an error.
func failed(at step, err error) Result {
	r := Result{Outcome: classify(at, err), Err: err}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		r.Reply = replyText(reply.Code, reply.Msg)
	}
	if r.Outcome == Sent {
		r.Err = nil
		return r
	}
	if r.Reply != "" {
		r.Err = fmt.Errorf("%s: the server says %q", at, r.Reply)
	} else {
		r.Err = fmt.Errorf("%s: %w", at, plain(err))
	}
	return r
}

// plain says what happened to a connection in words that are the same each time: no port numbers of ours,
// no raw bytes of the server's.
func plain(err error) error {
	var op *net.OpError
	var malformed textproto.ProtocolError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer in time (%w)", os.ErrDeadlineExceeded)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the server closed the connection")
	case errors.As(err, &malformed):
		return errors.New("the server does not speak SMTP: " + cut(oneLine(string(malformed)), maxSubject))
	case errors.As(err, &op) && op.Op != "dial":
		return op.Err
	}
	return err
}
