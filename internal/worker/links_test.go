package worker

import (
	"bytes"
	"context"
	"net/mail"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// fakeLinks are plain, so that a test can read them.
type fakeLinks string

func (f fakeLinks) View(id string, date time.Time) string { return f.link("view", id, date) }
func (f fakeLinks) Stop(id string, date time.Time) string { return f.link("stop", id, date) }
func (f fakeLinks) How() string                           { return string(f) + "/how" }
func (f fakeLinks) link(what, id string, date time.Time) string {
	hash, _, _ := strings.Cut(id, "@")
	return string(f) + "/" + what + "/" + hash + "/" + date.UTC().Format("20060102T1504")
}

func TestAMailLinksToItsOwnPageAndToItsOwnOptOut(t *testing.T) {
	k := newKit(t, monday, "")
	k.Links = fakeLinks("https://drumbeat.example.com")
	k.do(Job{Schedule: k.schedule("own")})
	seen := map[string]bool{}
	for _, l := range k.relay.letters() {
		hash, _, _ := strings.Cut(strings.Trim(l.id, "<>"), "@")
		row, err := k.ledger.Find(context.Background(), hash)
		if err != nil || row.Recipient != l.to {
			t.Fatalf("the link of %s names %+v, %v", l.to, row, err)
		}
		parts, err := smtp.Read(l.raw)
		if err != nil {
			t.Fatal(err)
		}
		view, stop := "https://drumbeat.example.com/view/"+hash+"/20260601T0700", "https://drumbeat.example.com/stop/"+hash+"/20260601T0700"
		for _, part := range []string{parts.HTML, parts.Text} {
			if !strings.Contains(part, view) || !strings.Contains(part, stop) || strings.Contains(part, "nsubscribe: write") {
				t.Errorf("%s: the foot lacks a link:\n%s", l.to, part[max(0, len(part)-900):])
			}
		}
		if got := parts.Field("List-Unsubscribe"); got != "<"+stop+">, <mailto:drumbeat@example.com?subject=unsubscribe>" {
			t.Errorf("List-Unsubscribe: %s", got)
		}
		if got := parts.Field("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
			t.Errorf("List-Unsubscribe-Post: %s", got)
		}
		if seen[stop] {
			t.Errorf("two people share %s", stop)
		}
		seen[stop] = true
	}
	if len(seen) == 0 {
		t.Fatal("nobody got anything")
	}
}

// Whoever gets a redirected test must not be able to stop the mails of the person whom it was made for.
func TestARedirectedTestHasNoLinksOfItsReader(t *testing.T) {
	k := newKit(t, monday, "")
	k.Links = fakeLinks("https://drumbeat.example.com")
	k.do(Job{Schedule: k.schedule("own"), Redirect: "me@example.com"})
	for _, l := range k.relay.letters() {
		raw := bytes.ReplaceAll(l.raw, []byte("drumbeat.example.com/how"), nil) // how figures are computed is for everybody
		if bytes.Contains(raw, []byte("drumbeat.example.com")) || bytes.Contains(l.raw, []byte("One-Click")) {
			t.Fatalf("a link in a test:\n%s", l.raw)
		}
	}
}

func TestOneClickNeedsTLS(t *testing.T) {
	for base, want := range map[string]string{"http://localhost:8080": "", "https://localhost:8080": "List-Unsubscribe=One-Click"} {
		k := newKit(t, monday, "")
		k.Links = fakeLinks(base)
		k.do(Job{Schedule: k.schedule("team")})
		for _, l := range k.relay.letters() {
			m, err := mail.ReadMessage(bytes.NewReader(l.raw))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Header.Get("List-Unsubscribe-Post"); got != want {
				t.Errorf("%s: %q", base, got)
			}
		}
	}
}

func TestWhoOptedOutOfOneKindGetsTheOther(t *testing.T) {
	k := newKit(t, monday, "")
	k.do(Job{Schedule: k.schedule("team")})
	boss := k.relay.addresses()[0]
	k.relay.forget()
	if err := k.ledger.OptOut(context.Background(), boss, "manager"); err != nil {
		t.Fatal(err)
	}
	next := monday.AddDate(0, 0, 7)
	k.do(Job{Schedule: k.schedule("team"), Tick: next})
	rows := k.rows(ledger.Filter{Schedule: "team", Recipients: []string{boss}, State: ledger.Skipped})
	if len(rows) != 1 || rows[0].Period != "2026-06-08" || rows[0].Reason != digest.SkipOptedOut {
		t.Errorf("skipped: %+v", rows)
	}
	if ledger.OptedOut != digest.SkipOptedOut {
		t.Error("two words for one reason")
	}
	if to := k.relay.addresses(); len(to) == 0 || to[0] == boss {
		t.Errorf("the team digest went to %v", to)
	}
	k.do(Job{Schedule: k.schedule("own"), Tick: next})
	for _, row := range k.rows(ledger.Filter{Schedule: "own", Recipients: []string{boss}}) {
		if row.Reason == digest.SkipOptedOut {
			t.Errorf("the own digest was stopped too: %+v", row)
		}
	}
}

func TestAPreviewComputesAnInstantOnceAndTouchesNothing(t *testing.T) {
	k := newKit(t, monday, "")
	k.Ledger = nil
	p := k.NewPreview()
	team, err := p.Look(context.Background(), k.schedule("team"), monday)
	if err != nil {
		t.Fatal(err)
	}
	own, err := p.Look(context.Background(), k.schedule("own"), monday)
	if err != nil {
		t.Fatal(err)
	}
	asked := k.source.deals
	shown := 0
	for _, l := range []*Look{team, own} {
		l.All(func(m Looked) {
			again := l.Mail(m.To)
			if m.Err != nil || m.Skip == "" && (m.Subject == "" || !bytes.Equal(m.Raw, again.Raw)) || m.Skip != again.Skip {
				t.Errorf("%s: %+v, then %+v", m.To.Rep.ID, m, again)
			}
			if m.Skip == "" {
				shown++
			}
		})
	}
	if _, err := p.Look(context.Background(), k.schedule("own"), monday); err != nil || k.source.deals != asked || shown == 0 {
		t.Errorf("the deals were read %d times, %d before, %d mails shown, %v", k.source.deals, asked, shown, err)
	}
	if len(k.rows(ledger.Filter{})) > 0 || len(k.relay.letters()) > 0 {
		t.Error("a preview was recorded or sent")
	}
	// The same bytes as those that are sent.
	k.Ledger = k.ledger
	k.do(Job{Schedule: k.schedule("team")})
	for _, l := range k.relay.letters() {
		found := false
		team.All(func(m Looked) { found = found || bytes.Equal(m.Raw, l.raw) })
		if !found {
			t.Errorf("%s got another mail than the preview shows", l.to)
		}
	}
}
