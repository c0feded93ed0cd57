package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Conn is one connection to the relay, used for one mail after the other by one goroutine. A connection
// that the server closed in between (idle time-out, mails per connection) is opened again without costing
// the mail an attempt.
type Conn struct {
	sender *Sender
	wire   *wire
	client *smtp.Client // nil: closed, opened again by the next Send
}

// Send hands over the stored bytes of one mail to one recipient. The context ends it at any step, by closing
// the connection; the result then is Unknown if the final dot was out, and Relay with the context's cause if
// not. Just before the final dot, after which nothing can be taken back, clear is asked: its error ends the
// attempt with Relay, and the server has no mail.
func (c *Conn) Send(ctx context.Context, from, to string, raw []byte, clear func() error) Result {
	kept := c.client != nil
	r := c.attempt(ctx, from, to, raw, clear)
	if r.Outcome == Relay && kept && ctx.Err() == nil {
		// What a kept connection says is about its age; ask a new one before the relay is called down.
		c.drop()
		r = c.attempt(ctx, from, to, raw, clear)
	}
	return r
}

// attempt is one pass through the conversation, on the open connection or a new one.
func (c *Conn) attempt(ctx context.Context, from, to string, raw []byte, clear func() error) Result {
	if ctx.Err() != nil {
		return Result{Outcome: Relay, Err: fmt.Errorf("%s: %w", stepDial, context.Cause(ctx))}
	}
	for _, address := range []string{from, to} {
		if err := checkAddress(address); err != nil {
			return Result{Outcome: Permanent, Err: err}
		}
	}
	if err := checkLines(raw); err != nil {
		return Result{Outcome: Permanent, Err: err}
	}
	if c.client == nil {
		if r := c.open(ctx); r.Err != nil {
			return r
		}
	}
	if err := c.unable(from, to, raw); err != nil {
		return Result{Outcome: Permanent, Err: fmt.Errorf("%s: %w", stepMail, err)}
	}
	defer c.closeOn(ctx)()
	r, at := c.transact(from, to, raw, clear)
	r.Begun = at == stepData || at == stepBody || at == stepDot
	if ctx.Err() != nil {
		c.drop()
	}
	if r.Outcome == Sent {
		return r
	}
	if ctx.Err() != nil {
		r.Err = fmt.Errorf("%s: %w", at, context.Cause(ctx))
		if r.Outcome != Unknown {
			r.Outcome = Relay
		}
	}
	// A refusal leaves the connection usable; after anything else we may be out of step with the server.
	if c.client == nil || r.Reply == "" || r.Outcome == Relay || r.Outcome == Unknown || c.reset() != nil {
		c.drop()
	}
	return r
}

// unable says what keeps the server from taking a mail, by what it said of itself.
func (c *Conn) unable(from, to string, raw []byte) error {
	if ok, _ := c.client.Extension("SMTPUTF8"); !ok && !(isASCII(from) && isASCII(to)) {
		return errors.New("the server takes only ASCII addresses")
	}
	// RFC 1870. Begun all the same, many servers hang up in the middle, which looks like a line that broke.
	_, size := c.client.Extension("SIZE")
	if most, err := strconv.Atoi(size); err == nil && most > 0 && len(raw) > most {
		return fmt.Errorf("the mail is larger than the %d octets that the server takes", most)
	}
	return nil
}

// transact speaks MAIL, RCPT, DATA and the message, and names the step that it reached.
func (c *Conn) transact(from, to string, raw []byte, clear func() error) (Result, step) {
	c.client.SkipSMTPUTF8(isASCII(from) && isASCII(to))

	c.begin(c.sender.cfg.Timeout)
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return failed(stepMail, err), stepMail
	}
	c.begin(c.sender.cfg.Timeout)
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return failed(stepRcpt, err), stepRcpt
	}
	c.begin(c.sender.cfg.Timeout)
	w, err := c.client.Data()
	if err != nil {
		return failed(stepData, err), stepData
	}
	c.begin(c.sender.cfg.DotTimeout)
	if _, err := w.Write(raw); err != nil {
		return failed(stepBody, err), stepBody
	}
	if err := clear(); err != nil {
		return Result{Outcome: Relay, Err: fmt.Errorf("%s: %w", stepDot, err)}, stepDot
	}
	return c.finish(w)
}

// finish writes the final dot and waits for the verdict. The dot is in the last write, so that unless that
// write left whole the server cannot have the mail.
func (c *Conn) finish(w io.WriteCloser) (Result, step) {
	before := c.wire.written.Load()
	err := w.Close()
	if err == nil {
		reply := "250"
		if data, ok := w.(*smtp.DataCloser); ok {
			reply = replyText(250, data.ServerResponse())
		}
		return Result{Outcome: Sent, Reply: reply}, stepDot
	}
	if replyCode(err) == 0 && (c.wire.broken.Load() || c.wire.written.Load() == before) {
		return failed(stepBody, err), stepBody
	}
	return failed(stepDot, err), stepDot
}

// begin gives the next step its time and its share of reading.
func (c *Conn) begin(timeout time.Duration) {
	c.wire.unread.Store(maxReply)
	_ = c.client.UpdateDeadline(timeout) // fails only on a closed connection, as does what follows
}

// reset ends a refused transaction.
func (c *Conn) reset() error {
	c.begin(c.sender.cfg.Timeout)
	return c.client.Reset()
}

// Close says goodbye and closes. What was sent stays sent whatever the server answers.
func (c *Conn) Close() {
	if c.client == nil {
		return
	}
	c.begin(min(c.sender.cfg.Timeout, time.Second))
	_ = c.client.Quit()
	c.drop()
}

// drop closes without a word.
func (c *Conn) drop() {
	if c.wire != nil {
		_ = c.wire.Close()
	}
	c.wire, c.client = nil, nil
}

// closeOn closes the connection when the context ends, which ends any read or write; call what it returns
// when done.
func (c *Conn) closeOn(ctx context.Context) (release func()) {
	w := c.wire
	stop := context.AfterFunc(ctx, func() { _ = w.Close() })
	return func() { stop() }
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
