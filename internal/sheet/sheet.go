// Package sheet reads a CSV file record by record.
// In goes the text of a file and the sign between its fields; out comes one record after the other, each value with
// its line, in constant memory, and what is broken as a fault at its place.
// It refuses what is not UTF-8, quoting that RFC 4180 does not know, and a record that no one would write; it knows no column.
// Read source (canonical files) or export (what CRMs write) next: both read their files through it.
package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"drumbeat/internal/fault"
)

// mostRecord bounds the memory that a quote which is never closed can take: it swallows the rest of the file.
const mostRecord = 1 << 20

// Broken is a place of a file that cannot be read.
type Broken struct {
	Fault fault.Fault
	Final bool // nothing behind it can be read either
}

func (b *Broken) Error() string { return b.Fault.String() }

// Reader reads one file.
type Reader struct {
	name string
	csv  *csv.Reader
	next int   // the line after the last record
	end  int64 // the byte after it
}

// New begins a file, whose name stands in the faults. A byte order mark is skipped.
func New(name string, in io.Reader, comma rune) (*Reader, *Broken) {
	text := bufio.NewReaderSize(in, 64*1024)
	head, err := text.Peek(4)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, &Broken{Final: true, Fault: fault.Fault{File: name, What: "cannot be read: " + Reason(err)}}
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}),
		len(head) == 4 && (head[0] == 0) != (head[1] == 0) && (head[2] == 0) != (head[3] == 0):
		return nil, &Broken{Final: true, Fault: fault.Fault{File: name, Line: 1, What: "is UTF-16, not UTF-8", Hint: "save it as CSV UTF-8"}}
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		_, _ = text.Discard(3) // just seen
	}
	r := &Reader{name: name, next: 1}
	r.csv = csv.NewReader(&limited{in: text, done: &r.end})
	r.csv.Comma = comma
	r.csv.FieldsPerRecord = -1 // whoever reads counts, for a fault that says both numbers
	r.csv.ReuseRecord = true
	return r, nil
}

// Next gives the next record, valid until the one after it; io.EOF at the end, else a *Broken.
func (r *Reader) Next() ([]string, error) {
	fields, err := r.csv.Read()
	r.end = r.csv.InputOffset()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, r.broken(err)
	}
	if bad := r.foreign(fields); bad != nil {
		return nil, bad
	}
	last := len(fields) - 1
	r.next = r.Line(last) + strings.Count(fields[last], "\n") + 1
	return fields, nil
}

// Line says on which line the i-th field of the last record begins.
func (r *Reader) Line(i int) int {
	line, _ := r.csv.FieldPos(i)
	return line
}

// broken says what encoding/csv could not make sense of.
func (r *Reader) broken(err error) *Broken {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p) && errors.Is(p.Err, csv.ErrBareQuote):
		r.next = p.Line + 1
		return &Broken{Fault: fault.Fault{File: r.name, Line: p.Line, What: "a quote stands inside a field that is not quoted",
			Hint: `quote the whole field and double the quotes in it: "a ""b"" c"`}}
	case errors.As(err, &p) && errors.Is(p.Err, csv.ErrQuote):
		r.next = p.Line + 1
		what := "broken quoting"
		if p.Line != p.StartLine {
			what = fmt.Sprintf("broken quoting: a quote of this row is not closed as far as line %d", p.Line)
		}
		return &Broken{Fault: fault.Fault{File: r.name, Line: p.StartLine, What: what,
			Hint: `close every quote, and double those inside a quoted field: "a ""b"" c"`}}
	case errors.Is(err, errRecordTooLong):
		return &Broken{Final: true, Fault: fault.Fault{File: r.name, Line: r.next,
			What: fmt.Sprintf("the row is longer than %d bytes", mostRecord), Hint: "somewhere a quote is not closed"}}
	}
	return &Broken{Final: true, Fault: fault.Fault{File: r.name, Line: r.next, What: "cannot be read: " + Reason(err)}}
}

var errRecordTooLong = errors.New("record too long")

// limited fails once the reader behind it has been given too much without having found a record's end.
type limited struct {
	in    io.Reader
	given int64
	done  *int64 // how far the records reach that were found
}

func (r *limited) Read(p []byte) (int, error) {
	if r.given-*r.done > mostRecord {
		return 0, errRecordTooLong
	}
	n, err := r.in.Read(p)
	r.given += int64(n)
	return n, err
}

// Reason is an error without the path, which a fault names already.
func Reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
