// Package fault describes what is wrong in a file that a person wrote.
// In goes where it stands, what it is and what to do; out comes one line per fault in the form that
// editors jump to. It refuses nothing and knows no file format.
// Read config, process and source next: they collect faults and hand all of them over at once.
package fault

import (
	"fmt"
	"strings"
)

// Limit is the most faults that one call reports; more of them help nobody.
const Limit = 100

// Fault is one thing wrong at one place of one file.
type Fault struct {
	File   string // as the user gave it
	Line   int    // from 1; 0 where the file as a whole is meant
	Column int    // in bytes from 1; 0 where there is none
	Field  string // the dotted key or the CSV column; may be empty
	What   string // what is wrong
	Hint   string // what to do; may be empty
}

// String gives `file:line:column: field: what; hint`, leaving out what is empty.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
		if f.Column > 0 {
			fmt.Fprintf(&b, ":%d", f.Column)
		}
	}
	b.WriteString(": ")
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.What)
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// List is every fault found, in the order of their places. As an error it means that the input was
// wrong and that nothing was done (exit status 2).
type List []Fault

// Error joins the faults, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err gives the list as an error, nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}
