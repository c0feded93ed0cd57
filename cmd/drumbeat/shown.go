package main

import (
	"io"
	"slices"
	"strings"
)

// shown is where people read what a command says: what their terminal would obey, or what would turn the text around, is
// written as a sign instead. Names and servers' words may hold anything.
func shown(w io.Writer) io.Writer { return visible{w} }

type visible struct{ io.Writer }

// Write implements io.Writer. Each call is to hold whole characters.
func (v visible) Write(p []byte) (int, error) {
	if !slices.ContainsFunc(p, func(b byte) bool { return b >= 0x7f || b < ' ' && b != '\n' && b != '\t' }) {
		return v.Writer.Write(p) // as nearly all is
	}
	if _, err := io.WriteString(v.Writer, strings.Map(sign, string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// sign gives the picture of a control character, and a question mark for what has none.
func sign(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r < ' ':
		return '\u2400' + r
	case r == 0x7f:
		return '\u2421'
	case r >= 0x80 && r <= 0x9f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return '\ufffd'
	}
	return r
}
