package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	netmail "net/mail"
	"sync"

	"drumbeat/internal/mail/mailbox"
)

// post is what a relay took, of all processes together: each copy at the moment of its final dot.
type post struct {
	mu     sync.Mutex
	copies map[string][]letterCopy // by Message-ID
	nasty  *rand.Rand              // decides on faults; nil: there are none
	faults map[string]int          // that were scripted
}

// letterCopy is one arrival of a mail.
type letterCopy struct {
	by       *mortal
	to       string
	sum      [sha256.Size]byte
	answered bool // nothing but its death kept the sender from hearing so
}

func newPost(nasty *rand.Rand) *post {
	return &post{copies: map[string][]letterCopy{}, nasty: nasty, faults: map[string]int{}}
}

// distinct counts the mails that arrived at least once.
func (p *post) distinct() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.copies)
}

// arrivals gives the copies of one mail so far.
func (p *post) arrivals(id string) []letterCopy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letterCopy(nil), p.copies[id]...)
}

// take records a copy.
func (p *post) take(by *mortal, m mailbox.Message, answered bool) error {
	head, err := netmail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil || len(m.To) != 1 {
		return fmt.Errorf("no mail, or to %d recipients: %w", len(m.To), err)
	}
	id := head.Header.Get("Message-Id")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.copies[id] = append(p.copies[id], letterCopy{by: by, to: m.To[0], sum: sha256.Sum256(m.Data), answered: answered})
	return nil
}

// The faults of a bad day at the relay, each for a mail in two hundred.
var badDay = map[mailbox.Step][]struct {
	name  string
	fault mailbox.Fault
}{
	mailbox.Mail: {
		{"451 at MAIL", mailbox.Fault{Code: 451, Text: "4.3.2 try again"}},
		{"421 at MAIL", mailbox.Fault{Code: 421, Text: "4.3.2 going down", Drop: true}},
	},
	mailbox.Rcpt: {
		{"450 at RCPT", mailbox.Fault{Code: 450, Text: "4.2.0 greylisted"}},
	},
	mailbox.Data: {
		{"gone in DATA", mailbox.Fault{Drop: true}},
	},
	mailbox.Dot: {
		{"451 after the dot", mailbox.Fault{Code: 451, Text: "4.3.0 not now"}},
		{"gone after the dot, mail lost", mailbox.Fault{Drop: true}},
		{"gone after the dot, mail taken", mailbox.Fault{Drop: true, Keep: true}},
		{"gone after the 250", mailbox.Fault{Code: 250, Text: "2.0.0 taken", Drop: true, Keep: true}},
	},
}

// fault says what the relay does at a step; mostly nothing out of the ordinary.
func (p *post) fault(at mailbox.Step) mailbox.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nasty == nil {
		return mailbox.Fault{}
	}
	dice := p.nasty.IntN(200)
	if bad := badDay[at]; dice < len(bad) {
		p.faults[bad[dice].name]++
		return bad[dice].fault
	}
	return mailbox.Fault{}
}

// script is the relay's side of one process: it counts points, kills, and records.
func (p *mortal) script(e mailbox.Event) mailbox.Fault {
	switch e.Step {
	case mailbox.Mail:
		p.pass(saidMail)
	case mailbox.Done:
		p.pass(answering)
	case mailbox.Dot:
		if p.trial.onDot != nil {
			p.trial.onDot(p)
		}
		p.pass(afterDot)
	}
	fault := p.trial.post.fault(e.Step)
	if e.Step == mailbox.Dot && (fault == (mailbox.Fault{}) || fault.Keep) {
		if err := p.trial.post.take(p, e.Message, !fault.Drop || fault.Code == 250); err != nil {
			p.trial.t.Error(err)
		}
	}
	return fault
}
