// Package mail turns rendered content into the bytes of one message and hands stored bytes to an SMTP
// server. Out come the message, the same to the last byte whenever it is built again, and for each attempt
// one of five outcomes with the server's own words, so that what may be retried is decided in one place. It
// refuses addresses that are none, lines that SMTP cannot carry, and passwords on a line that anybody can
// read. Read message.go for the bytes, classify.go for the outcomes, send.go for one connection.
package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// MaxLine is the longest line that SMTP must carry, in octets without CRLF (RFC 5321, 4.5.3.1.6).
const MaxLine = 998

// Where subjects and names are cut, in characters; readers show about 60.
const (
	maxSubject = 200
	maxName    = 100
)

// Message is one mail to one recipient.
type Message struct {
	From, To netmail.Address
	ReplyTo  netmail.Address // zero: none
	Subject  string
	Text     string // the text part, complete in itself
	HTML     string

	MessageID string    // of MessageID; without angle brackets
	Date      time.Time // the digest's planned time, written in UTC

	ListName string // what a reader's client calls this list; may be empty
	ListID   string // such as weekly.example.com; empty: none

	UnsubscribeMail string // an address that takes unsubscriptions; empty: none
	UnsubscribeURL  string // https, takes POST without login (RFC 8058); empty: none

	Extra []Field // more fields, such as an idempotency key, in this order of precedence: none may repeat ours
}

// Field is a header field.
type Field struct{ Name, Value string }

// standard are the fields of which a mail has one and no more, or none as with Bcc.
var standard = []string{"From", "To", "Reply-To", "Sender", "Cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding"}

// Ours says whether a name is that of a field that mails have anyway, or must not have.
func Ours(name string) bool {
	every := Message{ListID: "x", UnsubscribeURL: "x"}
	same := func(s string) bool { return strings.EqualFold(s, name) }
	return slices.ContainsFunc(standard, same) || slices.ContainsFunc(every.fields(), func(f Field) bool { return same(f.Name) })
}

// MessageID gives the Message-ID (without angle brackets) of a delivery: a hash of its key, so that every
// retry carries the same one and no address shows in it. A redirected test has others, by its name, since it is no copy
// of the real mail; test is empty for that. Domain is that of mail.from.
func MessageID(schedule, period, recipient, repID, domain, test string) string {
	h := sha256.New()
	for _, part := range []string{schedule, period, recipient, repID} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // no two keys run together; a hash never fails
		h.Write([]byte(part))
	}
	if test != "" {
		h.Write([]byte("redirected" + test))
	}
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:20])
	return strings.ToLower(id) + "@" + strings.ToLower(domain)
}

// Build gives the bytes of a message: multipart/alternative, text before HTML, quoted-printable, CRLF, no
// line over MaxLine. They depend on the message alone. Names, subjects and bodies may hold anything: control
// characters become spaces, so that no text from a database can add a field. Addresses must be plain
// local@domain.
func Build(m Message) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("build message: %w", err)
	}
	// The boundary is written unquoted: letters and digits only. Random ones would make each build differ.
	sum := sha256.Sum256([]byte("boundary of " + m.MessageID))
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP),
		gomail.WithCharset(gomail.CharsetUTF8), gomail.WithBoundary(hex.EncodeToString(sum[:20])))
	msg.FromMailAddress(named(m.From))
	msg.ToMailAddress(recipient(m.To))
	if m.ReplyTo.Address != "" {
		msg.ReplyToMailAddress(named(m.ReplyTo))
	}
	msg.Subject(cut(oneLine(m.Subject), maxSubject))
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.Date.UTC())
	for _, f := range m.fields() {
		msg.SetGenHeader(gomail.Header(f.Name), f.Value) // preformatted ones would come in random order
	}
	msg.SetBodyString(gomail.TypeTextPlain, body(m.Text))
	msg.AddAlternativeString(gomail.TypeTextHTML, body(m.HTML))

	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("build message: %w", err)
	}
	raw := b.Bytes()
	if err := checkLines(raw); err != nil {
		return nil, fmt.Errorf("build message: %w", err)
	}
	return raw, nil
}

// check refuses what cannot be a message.
func (m Message) check() error {
	for _, a := range []struct{ field, address string }{{"From", m.From.Address}, {"To", m.To.Address},
		{"Reply-To", m.ReplyTo.Address}, {"List-Unsubscribe", m.UnsubscribeMail}} {
		optional := a.field == "Reply-To" || a.field == "List-Unsubscribe"
		if optional && a.address == "" {
			continue
		}
		if err := checkAddress(a.address); err != nil {
			return fmt.Errorf("%s: %w", a.field, err)
		}
	}
	if err := checkAddress(m.MessageID); err != nil {
		return fmt.Errorf("Message-ID: %w", err)
	}
	if m.Date.IsZero() {
		return errors.New("no date")
	}
	if m.Text == "" || m.HTML == "" {
		return errors.New("the text or the HTML part is empty")
	}
	if !isToken(m.ListID, ".-") && m.ListID != "" {
		return fmt.Errorf("List-Id %q: only letters, digits, dots and hyphens", m.ListID)
	}
	if u := m.UnsubscribeURL; u != "" && (!strings.HasPrefix(u, "https://") || strings.ContainsFunc(u, badInURL)) {
		return fmt.Errorf("List-Unsubscribe: %q is no https URL", u)
	}
	seen := slices.Clone(standard)
	for _, f := range m.fields() {
		if !isToken(f.Name, "-") {
			return fmt.Errorf("header %q: only letters, digits and hyphens", f.Name)
		}
		if slices.ContainsFunc(seen, func(s string) bool { return strings.EqualFold(s, f.Name) }) {
			return fmt.Errorf("header %q is set already", f.Name)
		}
		seen = append(seen, f.Name)
	}
	return nil
}

// fields are the header fields beside those that every mail has.
func (m Message) fields() []Field {
	out := []Field{
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no vacation answers
		{"X-Auto-Response-Suppress", "All"},  // the same for Exchange
		{"Precedence", "bulk"},
	}
	if m.ListID != "" {
		name := cut(oneLine(m.ListName), maxName)
		if name != "" {
			// The whole value would be encoded with its angle brackets; encode the name alone.
			if encoded := mime.QEncoding.Encode("utf-8", name); encoded != name {
				name = encoded
			} else {
				name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
			}
			name += " "
		}
		out = append(out, Field{"List-Id", name + "<" + m.ListID + ">"})
	}
	var unsubscribe []string
	if m.UnsubscribeURL != "" {
		unsubscribe = append(unsubscribe, "<"+m.UnsubscribeURL+">")
		out = append(out, Field{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"})
	}
	if m.UnsubscribeMail != "" {
		unsubscribe = append(unsubscribe, "<mailto:"+m.UnsubscribeMail+"?subject=unsubscribe>")
	}
	if len(unsubscribe) > 0 {
		out = append(out, Field{"List-Unsubscribe", strings.Join(unsubscribe, ", ")})
	}
	for _, f := range m.Extra {
		out = append(out, Field{f.Name, oneLine(f.Value)})
	}
	return out
}

// named is an address with a display name of one line. A name that has to be encoded loses its backslashes: the
// standard library would leave them in the encoded word, which RFC 2047 (section 5, rule 3) forbids and readers refuse.
func named(a netmail.Address) *netmail.Address {
	name := cut(oneLine(a.Name), maxName)
	if strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return &netmail.Address{Name: name, Address: a.Address}
}

// recipient is a named address. A name that looks like an address itself is left out: mail programs that are careless
// with encoded words take it for a second recipient, and filters for a forgery.
func recipient(a netmail.Address) *netmail.Address {
	if strings.Contains(a.Name, "@") {
		a.Name = ""
	}
	return named(a)
}

// cut shortens to at most n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// oneLine makes text safe for a header field: one line of valid UTF-8 without control characters, without
// characters that turn the direction of reading, and without what a reader would take for an encoded word.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "=?", "= ?")
	return strings.Join(strings.Fields(s), " ") // runs of spaces could fold into an empty line
}

// body gives lines that end in LF, which quoted-printable writes as CRLF.
func body(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// checkAddress accepts local@domain as it may stand between angle brackets. Quoted local parts are refused:
// nobody has one, and they are how a second address is smuggled in.
func checkAddress(address string) error {
	local, domain, found := strings.Cut(address, "@")
	bad := func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar ||
			strings.ContainsRune(`<>()[],;:\"@`, r)
	}
	if !found || local == "" || domain == "" || strings.ContainsFunc(local, bad) || strings.ContainsFunc(domain, bad) ||
		len(address) > 254 {
		return fmt.Errorf("%q is no address of the form name@example.com", address)
	}
	if _, err := netmail.ParseAddress("<" + address + ">"); err != nil {
		return fmt.Errorf("%q is no address of the form name@example.com", address)
	}
	return nil
}

// CanMail says whether mails can go to or come from an address.
func CanMail(address string) bool { return checkAddress(address) == nil }

// isToken says whether s is made of ASCII letters, digits and the given marks, and not empty.
func isToken(s, marks string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(marks, r)
	})
}

func badInURL(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"`, r) }

// checkLines refuses bytes that SMTP cannot carry unchanged.
func checkLines(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errors.New("the last line does not end in CRLF")
	}
	n := 0
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		n++
		if len(line) > MaxLine {
			return fmt.Errorf("line %d has %d octets, more than %d", n, len(line), MaxLine)
		}
		if bytes.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("line %d holds a bare CR, LF or NUL", n)
		}
	}
	return nil
}
