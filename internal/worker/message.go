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
		MessageID:       mail.MessageID(r.schedule.Name, r.period, r.key(p).Recipient, p.Rep.ID, domain, r.job.Redirect != ""),
		Date:            date,
		ListName:        "Drumbeat " + r.schedule.Name,
		ListID:          string(p.Kind) + "." + strings.ToLower(domain),
		UnsubscribeMail: w.replies().Address,
	}
	if w.Config.Mail.ReplyTo != nil {
		m.ReplyTo = *w.Config.Mail.ReplyTo
	}
	return m
}

// replies is where a reader's answer arrives.
func (w *Worker) replies() netmail.Address {
	if to := w.Config.Mail.ReplyTo; to != nil {
		return *to
	}
	return w.Config.Mail.From
}
