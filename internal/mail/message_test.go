package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

// weekly is an ordinary digest mail; tests change what they are about.
func weekly() Message {
	return Message{
		From:            netmail.Address{Name: "Drumbeat", Address: "digest@example.com"},
		To:              netmail.Address{Name: "Jörg Müller", Address: "joerg@example.com"},
		ReplyTo:         netmail.Address{Name: "Sales Ops", Address: "ops@example.com"},
		Subject:         "North: 3 deals wait for a buyer's word, week to 2 February",
		Text:            "Three deals wait.\n.\n..\nFrom here on: ärgerlich = ja\n",
		HTML:            "<!doctype html><html lang=\"en\"><body><p>Three deals wait.</p>\n.\n</body></html>",
		MessageID:       MessageID("weekly", "2026-02-02", "joerg@example.com", "7", "Example.com", ""),
		Date:            time.Date(2026, 2, 2, 6, 0, 0, 0, time.UTC),
		ListName:        "Weekly team digest",
		ListID:          "weekly.example.com",
		UnsubscribeMail: "ops@example.com",
	}
}

func build(t testing.TB, m Message) []byte {
	t.Helper()
	raw, err := Build(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parsed is a mail as another program reads it.
type parsed struct {
	header     netmail.Header
	types      []string
	bodies     []string
	decodedSub string
}

func parse(t testing.TB, raw []byte) parsed {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{header: m.Header}
	if p.decodedSub, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q: %v", m.Header.Get("Content-Type"), err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		if enc := part.Header.Get("Content-Transfer-Encoding"); enc != "quoted-printable" {
			t.Errorf("encoding %q", enc)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		p.types = append(p.types, part.Header.Get("Content-Type"))
		p.bodies = append(p.bodies, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}

func TestBuildIsReadByOthersAsMeant(t *testing.T) {
	m := weekly()
	p := parse(t, build(t, m))
	want := map[string]string{
		"From":                     `"Drumbeat" <digest@example.com>`,
		"To":                       `=?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.com>`,
		"Reply-To":                 `"Sales Ops" <ops@example.com>`,
		"Date":                     "Mon, 02 Feb 2026 06:00:00 +0000",
		"Message-Id":               "<" + m.MessageID + ">",
		"Mime-Version":             "1.0",
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Precedence":               "bulk",
		"List-Id":                  `"Weekly team digest" <weekly.example.com>`,
		"List-Unsubscribe":         "<mailto:ops@example.com?subject=unsubscribe>",
	}
	for name, value := range want {
		if got := p.header[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	for name := range p.header {
		if !Ours(name) {
			t.Errorf("field %s could be configured a second time", name)
		}
		if _, ok := want[name]; !ok && !slices.Contains([]string{"Subject", "Content-Type"}, name) {
			t.Errorf("field %s: nobody asked for it", name)
		}
	}
	if p.decodedSub != m.Subject {
		t.Errorf("subject %q", p.decodedSub)
	}
	if !slices.Equal(p.types, []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"}) {
		t.Errorf("parts %q", p.types)
	}
	if !slices.Equal(p.bodies, []string{m.Text, m.HTML}) {
		t.Errorf("bodies %q", p.bodies)
	}
}

func TestBuildIsTheSameEachTime(t *testing.T) {
	m := weekly()
	m.UnsubscribeURL = "https://example.com/u/abc"
	m.Extra = []Field{{"Resend-Idempotency-Key", "abc"}, {"X-Drumbeat-Period", "2026-02-02"}}
	first := build(t, m)
	for range 100 {
		if !bytes.Equal(first, build(t, m)) {
			t.Fatal("two builds differ")
		}
	}
	m.Date = m.Date.In(time.FixedZone("elsewhere", 3600))
	if !bytes.Equal(first, build(t, m)) {
		t.Error("the zone of the same instant shows in the bytes")
	}
}

func TestOneClickUnsubscribeOnlyWithAURL(t *testing.T) {
	m := weekly()
	m.UnsubscribeURL = "https://example.com/u/abc"
	h := parse(t, build(t, m)).header
	if got := h.Get("List-Unsubscribe"); got != "<https://example.com/u/abc>, <mailto:ops@example.com?subject=unsubscribe>" {
		t.Errorf("List-Unsubscribe %q", got)
	}
	if got := h.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post %q", got)
	}
}

// Fault 31.
func TestNothingFromADatabaseAddsAField(t *testing.T) {
	attacks := []string{
		"a\r\nBcc: thief@example.net", "a\nBcc: thief@example.net", "a\rBcc: thief@example.net",
		"a\r\n\r\n<html>other body", "a\x00b", "ä\r\nBcc: thief@example.net", "=?utf-8?q?a=0D=0ABcc:_thief@example.net?=",
		"x" + strings.Repeat(" ", 300) + "\r\n \r\nBcc: thief@example.net", "a\u2028Bcc: thief@example.net",
		"\"\r\nBcc: thief@example.net", "a\u0085Bcc: b", strings.Repeat("long", 2000), strings.Repeat("ü", 3000),
		"\xff\xfe broken", `a" <thief@example.net>, "b`, "\u202egnp.exe",
	}
	clean := parse(t, build(t, weekly()))
	for _, attack := range attacks {
		t.Run(fmt.Sprintf("%.20q", attack), func(t *testing.T) {
			m := weekly()
			m.Subject, m.From.Name, m.To.Name, m.ReplyTo.Name, m.ListName = attack, attack, attack, attack, attack
			m.Text, m.HTML = attack, attack
			p := parse(t, build(t, m))
			if len(p.header) != len(clean.header) || p.header.Get("Bcc") != "" || len(p.bodies) != 2 {
				t.Errorf("fields %v, %d parts", p.header, len(p.bodies))
			}
			for _, field := range []string{"From", "To", "Reply-To"} {
				want, _ := clean.header.AddressList(field)
				got, err := p.header.AddressList(field)
				if err != nil || len(got) != 1 || got[0].Address != want[0].Address {
					t.Errorf("%s: %v, %v", field, got, err)
				}
				// As a mail program reads it that decodes first and looks for addresses then.
				if field != "To" {
					continue
				}
				if decoded, err := new(mime.WordDecoder).DecodeHeader(p.header.Get(field)); err != nil || strings.Count(decoded, "@") != 1 {
					t.Errorf("%s: %q, %v: more than one address to the careless", field, decoded, err)
				}
			}
			if strings.ContainsAny(p.decodedSub, "\r\n\x00") {
				t.Errorf("subject %q", p.decodedSub)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Message)
		says   string
	}{
		{"a recipient with a line break", func(m *Message) { m.To.Address = "a@example.com\r\nBcc: b@example.com" }, "To"},
		{"two recipients in one", func(m *Message) { m.To.Address = "a@example.com, b@example.com" }, "To"},
		{"a recipient with a name", func(m *Message) { m.To.Address = "A <a@example.com>" }, "To"},
		{"a quoted recipient", func(m *Message) { m.To.Address = `"a b"@example.com` }, "To"},
		{"no recipient", func(m *Message) { m.To.Address = "" }, "To"},
		{"no sender", func(m *Message) { m.From.Address = "" }, "From"},
		{"a broken reply address", func(m *Message) { m.ReplyTo.Address = "nobody" }, "Reply-To"},
		{"a broken Message-ID", func(m *Message) { m.MessageID = "a@b>\r\nX: y" }, "Message-ID"},
		{"no date", func(m *Message) { m.Date = time.Time{} }, "date"},
		{"no text part", func(m *Message) { m.Text = "" }, "empty"},
		{"a list id with a space", func(m *Message) { m.ListID = "a b" }, "List-Id"},
		{"an unsubscribe URL in the clear", func(m *Message) { m.UnsubscribeURL = "http://example.com/u" }, "https"},
		{"an unsubscribe URL that breaks out", func(m *Message) { m.UnsubscribeURL = "https://a>\r\nBcc: x" }, "https"},
		{"a field of the same name twice", func(m *Message) { m.Extra = []Field{{"precedence", "list"}} }, "set already"},
		{"a Bcc by the back door", func(m *Message) { m.Extra = []Field{{"Bcc", "a@example.com"}} }, "set already"},
		{"a field name with a colon", func(m *Message) { m.Extra = []Field{{"X: a\r\nBcc", "b"}} }, "letters"},
		{"a key that no line can hold", func(m *Message) { m.Extra = []Field{{"X-Key", strings.Repeat("k", 1000)}} }, "998"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := weekly()
			tt.change(&m)
			if raw, err := Build(m); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v and %d bytes, want an error with %q", err, len(raw), tt.says)
			}
		})
	}
}

// Fault 31.
func TestNoLineIsTooLong(t *testing.T) {
	m := weekly()
	m.Text = strings.Repeat("x", 100_000)
	m.HTML = "<p>" + strings.Repeat("ü", 50_000)
	raw := build(t, m)
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 78 {
			t.Fatalf("a line of %d octets", len(line))
		}
	}
	if p := parse(t, raw); p.bodies[0] != m.Text || p.bodies[1] != m.HTML {
		t.Error("the bodies changed")
	}
}

func TestMessageIDNamesTheDeliveryAndNobody(t *testing.T) {
	seen := map[string]string{}
	for _, key := range [][4]string{
		{"weekly", "2026-02-02", "a@example.com", "1"}, {"weekly", "2026-02-09", "a@example.com", "1"},
		{"monthly", "2026-02-02", "a@example.com", "1"}, {"weekly", "2026-02-02", "b@example.com", "1"},
		{"weekly", "2026-02-02", "a@example.com", "2"}, {"weekl", "y2026-02-02", "a@example.com", "1"},
	} {
		for _, test := range []string{"", "me", "me again"} {
			id := MessageID(key[0], key[1], key[2], key[3], "example.com", test)
			if id != MessageID(key[0], key[1], key[2], key[3], "EXAMPLE.com", test) {
				t.Errorf("%v: not the same twice", key)
			}
			if other, twice := seen[id]; twice {
				t.Errorf("%v has the id of %s", key, other)
			}
			seen[id] = fmt.Sprint(key, test)
			if !strings.HasSuffix(id, "@example.com") || strings.Contains(id, "a@ex") || checkAddress(id) != nil {
				t.Errorf("id %q", id)
			}
		}
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("subject", "name", "text", "<p>html")
	f.Add("a\r\nBcc: b@example.com", "\"\\", ".\r\n.", "\x00")
	f.Add("subject", "Jörg\\Ops", "text", "html")
	f.Fuzz(func(t *testing.T, sub, name, text, html string) {
		m := weekly()
		m.Subject, m.To.Name, m.ListName = sub, name, name
		m.Text, m.HTML = text+" ", html+" "
		raw, err := Build(m)
		if err != nil {
			t.Fatal(err)
		}
		p := parse(t, raw)
		if got, err := p.header.AddressList("To"); err != nil || len(got) != 1 || got[0].Address != m.To.Address {
			t.Fatalf("To: %v, %v", got, err)
		}
		if len(p.header) != 13 || len(p.bodies) != 2 {
			t.Fatalf("fields %v, %d parts", p.header, len(p.bodies))
		}
	})
}
