package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// State is where a delivery stands.
type State string

// The states. A plan writes pending and skipped; Claim makes sending of pending; Mark ends it.
const (
	Pending State = "pending" // waits for its time
	Sending State = "sending" // somebody has it on lease
	Sent    State = "sent"    // a server took it
	Failed  State = "failed"  // given up
	Unknown State = "unknown" // perhaps sent, perhaps not: an operator decides
	Skipped State = "skipped" // on purpose; Reason says why
)

// States lists all of them.
var States = []State{Pending, Sending, Sent, Failed, Unknown, Skipped}

// Key is what can exist once: a person's digest of one schedule and period.
type Key struct {
	Schedule  string
	Period    string // the period's end, YYYY-MM-DD
	Recipient string // by NormalAddress; empty: the person has none
	RepID     string
}

// Delivery is one digest for one recipient. Times are UTC, to the microsecond; a zero time is none.
type Delivery struct {
	ID int64
	Key
	Kind          string // manager, rep or admin
	State         State
	Reason        string // why it was skipped, failed, is unknown or has to wait
	MessageID     string
	Subject       string
	Date          time.Time // of the Date header
	NotBefore     time.Time // earliest time of sending; zero: at once
	Body          []byte    // the whole message, sent as it is; List leaves it out
	Attempts      int       // that counted, the present one included
	NextAttemptAt time.Time
	Owner         string    // who sends or sent it
	Fence         int64     // grows with every change of hands
	LeaseUntil    time.Time // by the ledger's clock, not the sender's
	Reply         string    // the server's last words
	PlannedAt     time.Time // when it was recorded, by the ledger's clock
	UpdatedAt     time.Time
}

// NormalAddress is the form in which an address keys a delivery: without spaces around it, the domain in
// lower case. The part before the @ is the mail server's business and stays as it is.
func NormalAddress(address string) string {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	return address[:at] + strings.ToLower(address[at:])
}

// Filter chooses deliveries; what is empty does not narrow the choice.
type Filter struct {
	Schedule   string
	Period     string
	Recipients []string
	State      State
}

func (f Filter) args() args {
	recipients := make([]string, 0, len(f.Recipients)+1)
	for _, r := range f.Recipients {
		recipients = append(recipients, NormalAddress(r))
	}
	everyone := len(recipients) == 0
	if everyone {
		recipients = append(recipients, "") // an empty list is no SQL
	}
	return args{"schedule": f.Schedule, "period": f.Period, "everyone": everyone, "recipients": recipients,
		"state": string(f.State)}
}

// scanDelivery reads the columns of claim.sql, list.sql and get.sql.
func scanDelivery(scan func(...any) error) (*Delivery, error) {
	d := new(Delivery)
	err := scan(&d.ID, &d.Schedule, &d.Period, &d.Recipient, &d.RepID, &d.Kind, &d.State, &d.Reason, &d.MessageID,
		&d.Subject, (*instant)(&d.Date), (*instant)(&d.NotBefore), &d.Attempts, (*instant)(&d.NextAttemptAt), &d.Owner,
		&d.Fence, (*instant)(&d.LeaseUntil), &d.Reply, (*instant)(&d.PlannedAt), (*instant)(&d.UpdatedAt), &d.Body)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// planned checks a delivery that is to be planned for a run and completes its key.
func (d Delivery) planned(run Run) (Delivery, error) {
	if d.Schedule == "" {
		d.Schedule = run.Schedule
	}
	if d.Period == "" {
		d.Period = run.Period
	}
	if d.State == "" {
		d.State = Pending
	}
	d.Recipient = NormalAddress(d.Recipient)
	switch {
	case d.Schedule != run.Schedule || d.Period != run.Period:
		return d, fmt.Errorf("it is of %s %s, not of this run", d.Schedule, d.Period)
	case d.State != Pending && d.State != Skipped && d.State != Failed:
		return d, fmt.Errorf("a plan cannot say that it is %s", d.State)
	case d.State == Failed && (d.MessageID != "" || len(d.Body) > 0 || d.Reason == ""):
		return d, errors.New("a mail that was never made has a reason, and neither message id nor body")
	case d.State == Pending && (d.Recipient == "" || d.MessageID == "" || len(d.Body) == 0):
		return d, errors.New("address, message id or body is missing")
	}
	for _, s := range []string{d.Schedule, d.Period, d.Recipient, d.RepID, d.Kind, d.MessageID} {
		if !storable(s) {
			return d, fmt.Errorf("%q is no text: not UTF-8, or with a NUL byte", s)
		}
	}
	d.Reason, d.Subject = cleaned(d.Reason), cleaned(d.Subject)
	return d, nil
}

// storable says whether both databases keep the text.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// cleaned makes text of what a server or an error said, in any bytes and at any length: a mark must not fail
// over the words it comes with.
func cleaned(s string) string {
	const most = 2000
	s = strings.Map(func(r rune) rune {
		if r == 0 {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// final says whether nothing more happens to a delivery by itself.
func (s State) final() bool { return slices.Contains([]State{Sent, Failed, Unknown, Skipped}, s) }
