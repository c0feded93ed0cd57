package worker

import (
	netmail "net/mail"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/mail"
	"drumbeat/internal/render"
)

// message addresses one digest. A redirected test goes to another address under another Message-ID.
func (w *Worker) message(r *round, p digest.Recipient, c render.Content, date time.Time) mail.Message {
	from := w.Config.Mail.From
	_, domain, _ := strings.Cut(from.Address, "@")
	to := p.Address
	if r.job.Redirect != "" {
		to = r.job.Redirect
	}
	m := mail.Message{
		From:            from,
		To:              netmail.Address{Name: p.Rep.Name, Address: to},
		Subject:         c.Subject,
		Text:            c.Text,
		HTML:            c.HTML,
		MessageID:       w.messageID(r, p),
		Date:            date,
		ListName:        "Drumbeat " + r.schedule.Name,
		ListID:          string(p.Kind) + "." + strings.ToLower(domain),
		UnsubscribeMail: w.replies().Address,
	}
	if _, stop := w.links(r, p, date); strings.HasPrefix(stop, "https://") { // one click needs it (RFC 8058)
		m.UnsubscribeURL = stop
	}
	if name := w.Config.Mail.IdempotencyHeader; name != "" {
		key, _, _ := strings.Cut(m.MessageID, "@")
		m.Extra = []mail.Field{{Name: name, Value: key}}
	}
	if w.Config.Mail.ReplyTo != nil {
		m.ReplyTo = *w.Config.Mail.ReplyTo
	}
	return m
}

// messageID names the mail before anything of it is made: its links are part of its bytes.
func (w *Worker) messageID(r *round, p digest.Recipient) string {
	_, domain, _ := strings.Cut(w.Config.Mail.From.Address, "@")
	test := ""
	if r.job.Redirect != "" { // each test is seen, also where the one before has been
		test = r.job.Redirect + " " + r.began.Format(time.RFC3339Nano)
	}
	return mail.MessageID(r.schedule.Name, r.period, r.key(p).Recipient, p.Rep.ID, domain, test)
}

// links are the addresses in a mail that belong to its reader alone. A redirected test has none: whoever reads it
// must not be able to stop somebody else's mails.
func (w *Worker) links(r *round, p digest.Recipient, date time.Time) (view, stop string) {
	if w.Links == nil || r.job.Redirect != "" {
		return "", ""
	}
	id := w.messageID(r, p)
	return w.Links.View(id, date), w.Links.Stop(id, date)
}

// replies is where a reader's answer arrives.
func (w *Worker) replies() netmail.Address {
	if to := w.Config.Mail.ReplyTo; to != nil {
		return *to
	}
	return w.Config.Mail.From
}
