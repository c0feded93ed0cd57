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
	"strings"
)

// Parts is a message taken apart as its reader's program would.
type Parts struct {
	Fields     []Field // of the header, as they stand, unfolded and decoded
	Text, HTML string  // lines end in LF

	header netmail.Header
}

// Raw is Field as it stands in the message, for who parses addresses.
func (p *Parts) Raw(name string) string { return p.header.Get(name) }

// Field gives the value of the first header field of that name, whatever its case; empty where there is none.
func (p *Parts) Field(name string) string {
	for _, f := range p.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Read takes apart what Build has made.
func Read(raw []byte) (*Parts, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	p := &Parts{Fields: fieldsOf(raw), header: m.Header}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("read message: content type: %w", err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read message: %w", err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return nil, fmt.Errorf("read message: %w", err)
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			p.HTML = text
		} else {
			p.Text = text
		}
	}
}

// fieldsOf reads the header in its own order, which net/mail forgets.
func fieldsOf(raw []byte) []Field {
	head, _, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n") // net/mail takes both ends of lines, too
	var out []Field
	for line := range strings.SplitSeq(head, "\n") {
		if last := len(out) - 1; strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if last >= 0 {
				out[last].Value += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.ContainsRune(name, '\r') {
			continue // no field, and nothing to be shown as one
		}
		out = append(out, Field{name, strings.TrimSpace(value)})
	}
	for i, f := range out {
		f.Value = strings.TrimSpace(f.Value) // a long first word is folded away from its name
		out[i].Value = f.Value
		if decoded, err := new(mime.WordDecoder).DecodeHeader(f.Value); err == nil {
			out[i].Value = decoded
		}
	}
	return out
}
