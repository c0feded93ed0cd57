package web

import (
	"context"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/render"
)

const (
	secret = "a secret of at least 32 characters"
	base   = "https://drumbeat.example.com/mails"
)

// sentOn is the date of the mails below; now is what the site's clock says unless a test says otherwise.
var (
	sentOn = time.Date(2026, 11, 9, 6, 30, 0, 0, time.UTC)
	now    = sentOn.Add(time.Hour)
)

// house is a site before a real ledger that holds one sent digest each for Maria (a manager), and Ada and Bo (reps).
type house struct {
	*Site
	t      *testing.T
	ledger *ledger.Ledger
	logs   *strings.Builder
	ids    map[string]string // Message-IDs by rep
}

func newHouse(t *testing.T) *house {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h := &house{t: t, ledger: l, logs: new(strings.Builder), ids: map[string]string{}}
	h.Site = &Site{Archive: l, Links: NewLinks(base, secret, 90*24*time.Hour), Keep: 90 * 24 * time.Hour, Contact: "ops@example.com",
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(h.logs, nil))}
	var planned []ledger.Delivery
	for _, p := range []struct {
		rep  string
		kind digest.Kind
	}{{"m1", digest.Manager}, {"r01", digest.Rep}, {"r02", digest.Rep}} {
		planned = append(planned, h.delivery(p.kind, p.rep, "2026-11-09"))
		h.ids[p.rep] = planned[len(planned)-1].MessageID
	}
	run := ledger.Run{Schedule: "weekly", Period: "2026-11-09", AsOf: sentOn}
	if _, err := l.Plan(t.Context(), run, planned); err != nil {
		t.Fatal(err)
	}
	for range planned {
		d, err := l.Claim(t.Context(), ledger.Claim{Owner: "test", Lease: time.Minute})
		if err == nil {
			err = l.Mark(t.Context(), d, ledger.Result{State: ledger.Sent})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *house) delivery(kind digest.Kind, rep, period string) ledger.Delivery {
	h.t.Helper()
	raw, id := letter(h.t, digesttest.Input(kind, rep), period)
	return ledger.Delivery{Key: ledger.Key{Recipient: rep + "@example.com", RepID: rep, Period: period}, Kind: string(kind), MessageID: id,
		Subject: "Your week", Date: sentOn, Body: raw}
}

// letter is a real digest as a message.
func letter(t testing.TB, in digest.Input, period string) (raw []byte, id string) {
	t.Helper()
	d, err := digest.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.Render(d)
	if err != nil {
		t.Fatal(err)
	}
	id = mail.MessageID("weekly", period, in.Recipient.Address, in.Recipient.Rep.ID, "example.com", "")
	raw, err = mail.Build(mail.Message{From: netmail.Address{Name: "Drumbeat", Address: "digest@example.com"},
		To: netmail.Address{Name: in.Recipient.Rep.Name, Address: in.Recipient.Address}, Subject: c.Subject, Text: c.Text, HTML: c.HTML,
		MessageID: id, Date: sentOn, UnsubscribeMail: "ops@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return raw, id
}

// path is where a link leads on the site.
func path(t testing.TB, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || link == "" {
		t.Fatalf("%q: %v", link, err)
	}
	return u.Path
}

// brokenArchive is a ledger out of reach.
type brokenArchive struct{ Archive }

func (brokenArchive) Find(context.Context, string) (*ledger.Delivery, error) {
	return nil, fmt.Errorf("dial tcp 10.0.0.7:5432: connection refused")
}

func (brokenArchive) Reachable(context.Context) error {
	return fmt.Errorf("dial tcp 10.0.0.7:5432: connection refused")
}
