package web

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/mail"
)

func TestALinkOpensItsMailUntilItExpires(t *testing.T) {
	id := mail.MessageID("weekly", "2026-11-09", "ada@example.com", "r01", "example.com", "")
	hash, _, _ := strings.Cut(id, "@")
	const day = 24 * time.Hour
	for _, c := range []struct {
		name    string
		keep    time.Duration
		link    func(*Links) string
		purpose string
		expires time.Duration // after the mail's date
	}{
		{"as long as mails are kept", 90 * day, func(l *Links) string { return l.View(id, sentOn) }, forView, 90 * day},
		{"a year, however long they are kept", 4000 * day, func(l *Links) string { return l.View(id, sentOn) }, forView, 365 * day},
		{"an old mail can still be unsubscribed from", 90 * day, func(l *Links) string { return l.Stop(id, sentOn) }, forStop, 730 * day},
		{"also where no mail is kept", 0, func(l *Links) string { return l.Stop(id, sentOn) }, forStop, 730 * day},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLinks(base+"/", secret, c.keep)
			link := c.link(l)
			token, ok := strings.CutPrefix(link, base+"/"+c.purpose+"/")
			if !ok || strings.Contains(link, "example.com/ada") || strings.Contains(token, "@") {
				t.Fatalf("link %s", link)
			}
			if got, err := l.open(c.purpose, token, sentOn.Add(c.expires-time.Second)); err != nil || got != hash {
				t.Errorf("a second before: %q, %v", got, err)
			}
			if got, err := l.open(c.purpose, token, sentOn.Add(c.expires)); !errors.Is(err, errExpired) || got != "" {
				t.Errorf("then: %q, %v", got, err)
			}
			if again := c.link(NewLinks(base, secret, c.keep)); again != link {
				t.Error("the same mail has another link the next time: its bytes would differ")
			}
		})
	}
	if got := NewLinks(base, secret, 0).View(id, sentOn); got != "" {
		t.Errorf("a link to a mail that is not kept: %s", got)
	}
	if got := NewLinks(base, secret, day).View("someone@example.com", sentOn); got != "" {
		t.Errorf("a link to what is no mail of ours: %s", got)
	}
}

// Every bit of a token counts, and so do its purpose, its secret and its length.
func TestATokenThatWasTouchedOpensNothing(t *testing.T) {
	l := NewLinks(base, secret, 24*time.Hour)
	id := func(rep string) string {
		return mail.MessageID("weekly", "2026-11-09", "x@example.com", rep, "example.com", "")
	}
	token := strings.TrimPrefix(l.View(id("r01"), sentOn), base+"/view/")
	other := strings.TrimPrefix(l.View(id("r02"), sentOn), base+"/view/")
	bytes := func(token string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	refused := func(name, purpose, token string, l *Links) {
		t.Helper()
		if hash, err := l.open(purpose, token, sentOn); !errors.Is(err, errForged) || hash != "" {
			t.Errorf("%s: %q, %v", name, hash, err)
		}
	}
	for i := range bytes(token) {
		for bit := range 8 {
			b := bytes(token)
			b[i] ^= 1 << bit
			refused("a bit turned", forView, base64.RawURLEncoding.EncodeToString(b), l)
		}
	}
	refused("another purpose", forStop, token, l)
	refused("another secret", forView, token, NewLinks(base, secret+"!", 24*time.Hour))
	mine, theirs := bytes(token), bytes(other)
	refused("another's mail under my signature", forView, base64.RawURLEncoding.EncodeToString(append(theirs[:hashLen+untilLen:hashLen+untilLen], mine[hashLen+untilLen:]...)), l)
	for _, broken := range []string{"", "A", token[:79], token + "A", token + "=", " " + token, strings.ToLower(token), strings.Repeat("A", 80)} {
		refused("not a token", forView, broken, l)
	}
	if _, err := l.open(forView, token, sentOn); err != nil {
		t.Fatalf("the token itself: %v", err)
	}
}

func FuzzNoTokenIsTakenForOurs(f *testing.F) {
	l := NewLinks(base, secret, 24*time.Hour)
	genuine := strings.TrimPrefix(l.View(mail.MessageID("weekly", "2026-11-09", "a@example.com", "r", "example.com", ""), sentOn), base+"/view/")
	f.Add(genuine)
	f.Add(genuine[:40])
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := l.open(forView, token, sentOn); err == nil && token != genuine {
			t.Errorf("%q was taken for ours", token)
		}
	})
}
