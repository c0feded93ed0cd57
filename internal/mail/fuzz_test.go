package mail

import (
	"bytes"
	"strings"
	"testing"
)

// Whatever lies in the ledger as a mail: it is taken apart or refused, always in the same way, and nothing is made up.
func FuzzReadMail(f *testing.F) {
	raw, err := Build(weekly())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
	f.Add([]byte("Subject: =?utf-8?q?a=0D=0ABcc:_b?=\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n=\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=\"\"\r\n\r\n----\r\n"))
	f.Add([]byte(" folded before any name\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Read(raw)
		if err != nil {
			return
		}
		again, err := Read(raw)
		if err != nil || again.Text != p.Text || again.HTML != p.HTML || len(again.Fields) != len(p.Fields) {
			t.Fatalf("read differently the second time: %v", err)
		}
		if len(p.Text)+len(p.HTML) > len(raw) {
			t.Errorf("%d bytes were made %d", len(raw), len(p.Text)+len(p.HTML))
		}
		for _, field := range p.Fields {
			if strings.ContainsAny(field.Name, "\r\n:") {
				t.Errorf("a field called %q", field.Name)
			}
			p.Raw(field.Name)
		}
		if p.Field("subject") != p.Field("SUBJECT") {
			t.Error("the case of a field's name matters")
		}
	})
}

// An address that a mail is built for is the one that it goes to.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"ada@example.com", "a@b", "\"a b\"@example.com", "ada@example.com\r\nBcc: b@example.com", "ä@exämple.com", "a@[127.0.0.1]", "", "@", "a@b@c",
		strings.Repeat("a", 300) + "@example.com", "Ada <ada@example.com>", "a@b,c@d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		m := weekly()
		m.To.Address = address
		raw, err := Build(m)
		if err != nil {
			return
		}
		p := parse(t, raw)
		to, err := p.header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != address {
			t.Fatalf("for %q: %v, %v", address, to, err)
		}
		if len(p.header["Bcc"])+len(p.header["Cc"]) > 0 {
			t.Errorf("for %q others are written to: %v", address, p.header)
		}
	})
}
