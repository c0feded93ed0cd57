package sheet

import (
	"strings"
	"unicode/utf8"

	"drumbeat/internal/fault"
)

// foreign gives the fault of a record that is not UTF-8. It ends the file: whoever saved it so did it with every line,
// and what could be read of the rest would only mislead.
func (r *Reader) foreign(fields []string) *Broken {
	for i, field := range fields {
		if utf8.ValidString(field) {
			continue
		}
		return &Broken{Final: true, Fault: fault.Fault{File: r.name, Line: r.Line(i) + strings.Count(valid(field), "\n"),
			What: "is not UTF-8 (Windows-1252 perhaps)", Hint: `save it as "CSV UTF-8"`}}
	}
	return nil
}

// valid is what stands before the first byte that is not UTF-8.
func valid(s string) string {
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return s[:i]
		}
	}
	return s
}
