package source

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drumbeat/internal/fault"
	"drumbeat/internal/yamlfile"
)

// sheet is one canonical CSV file on its way in.
type sheet struct {
	name   string // as the user gave it
	layout *layout
	csv    *csv.Reader
	header []int // for each field of the file its column in the layout, -1 for none
	hasSeq bool
	next   int   // the line after the last record
	end    int64 // the byte after it
	faults *faults
}

// faults collects what is wrong, as far as anybody reads.
type faults struct{ list fault.List }

func (f *faults) add(file string, line int, field, what, hint string) {
	if !f.full() {
		f.list = append(f.list, fault.Fault{File: file, Line: line, Field: field, What: what, Hint: hint})
	}
}

func (f *faults) full() bool { return len(f.list) >= fault.Limit }

// row is one row of a sheet that has no fault of its own.
type row struct {
	number int64 // from 1, the header not counted
	record record
	line   func(column int) int // the line on which the value stands
	sound  bool                 // no value of it is at fault
}

// readSheet reads a canonical CSV file and hands every row to each whose fields can be told apart. What is wrong
// goes to the faults, at its line; the error is that of each.
func readSheet(name string, in io.Reader, l *layout, to *faults, each func(row) error) error {
	text, ok := openText(name, in, to)
	if !ok {
		return nil
	}
	limited := &limitedRecords{in: text}
	s := &sheet{name: name, layout: l, csv: csv.NewReader(limited), faults: to, next: 1}
	limited.done = &s.end
	s.csv.FieldsPerRecord = -1 // counted here, for a fault that says both numbers
	s.csv.ReuseRecord = true
	if !s.readHeader() {
		return nil
	}
	return s.readRows(each)
}

// openText refuses what is no UTF-8 text at first sight, and skips a byte order mark.
func openText(name string, in io.Reader, to *faults) (io.Reader, bool) {
	b := bufio.NewReaderSize(in, 64*1024)
	head, err := b.Peek(4)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		to.add(name, 0, "", "cannot be read: "+reason(err), "")
		return nil, false
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}),
		len(head) == 4 && (head[0] == 0) != (head[1] == 0) && (head[2] == 0) != (head[3] == 0):
		to.add(name, 1, "", "is UTF-16, not UTF-8", "save it as CSV UTF-8")
		return nil, false
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		_, _ = b.Discard(3) // just seen
	}
	return b, true
}

// mostRecord bounds the memory that a quote which is never closed can take: it swallows the rest of the file.
const mostRecord = 1 << 20

var errRecordTooLong = errors.New("record too long")

// limitedRecords fails once the reader behind it has been given too much without having found a record's end.
type limitedRecords struct {
	in    io.Reader
	given int64
	done  *int64 // how far the records reach that were found
}

func (r *limitedRecords) Read(p []byte) (int, error) {
	if r.given-*r.done > mostRecord {
		return 0, errRecordTooLong
	}
	n, err := r.in.Read(p)
	r.given += int64(n)
	return n, err
}

func (s *sheet) readHeader() bool {
	fields, err := s.read()
	if errors.Is(err, io.EOF) {
		s.faults.add(s.name, 1, "", "is empty", "its first line names the columns: "+strings.Join(s.layout.names(), ","))
		return false
	}
	if err != nil {
		s.broken(err)
		return false
	}
	line, _ := s.csv.FieldPos(0)
	s.header = make([]int, len(fields))
	known := 0
	for i, name := range fields {
		s.header[i] = s.layout.column(name)
		switch first := slices.Index(s.header[:i], s.header[i]); {
		case s.header[i] < 0:
			s.faults.add(s.name, line, quoteName(name), "is no column of "+string(s.layout.rows), s.likely(fields, name))
		case first >= 0:
			s.faults.add(s.name, line, name, "stands twice in the header", "drop one of the two")
			s.header[i] = -1
		default:
			known++
		}
	}
	for i, c := range s.layout.columns {
		has := slices.Contains(s.header, i)
		if c.required && !has {
			s.faults.add(s.name, line, c.name, "this column is missing", fmt.Sprintf("%s cannot do without it", s.layout.rows))
		}
		s.hasSeq = s.hasSeq || has && c.name == "seq"
	}
	return known > 0 // else the rows would only say the same again
}

// quoteName keeps a column's name readable in a fault: mostly it is a plain word.
func quoteName(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0xFFFD || r == ':' }) {
		return quote(name)
	}
	return name
}

// likely is the hint after an unknown column.
func (s *sheet) likely(header []string, name string) string {
	if len(header) == 1 {
		for _, other := range []string{";", "\t", "|"} {
			if strings.Contains(name, other) {
				return fmt.Sprintf("fields are separated by commas here, not by %q", other)
			}
		}
	}
	missing := slices.DeleteFunc(s.layout.names(), func(known string) bool { return slices.Contains(header, known) })
	return yamlfile.Suggest(strings.TrimSpace(name), missing)
}

// broken says what encoding/csv could not make sense of; goOn is false where nothing more can be read.
func (s *sheet) broken(err error) (goOn bool) {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p) && errors.Is(p.Err, csv.ErrBareQuote):
		s.next = p.Line + 1
		s.faults.add(s.name, p.Line, "", "a quote stands inside a field that is not quoted",
			`quote the whole field and double the quotes in it: "a ""b"" c"`)
	case errors.As(err, &p) && errors.Is(p.Err, csv.ErrQuote):
		s.next = p.Line + 1
		what := "broken quoting"
		if p.Line != p.StartLine {
			what = fmt.Sprintf("broken quoting: a quote of this row is not closed as far as line %d", p.Line)
		}
		s.faults.add(s.name, p.StartLine, "", what, `close every quote, and double those inside a quoted field: "a ""b"" c"`)
	case errors.Is(err, errRecordTooLong):
		s.faults.add(s.name, s.next, "", fmt.Sprintf("the row is longer than %d bytes", mostRecord),
			"somewhere a quote is not closed")
		return false
	default:
		s.faults.add(s.name, s.next, "", "cannot be read: "+reason(err), "")
		return false
	}
	return true
}

// reason is an error without the path, which the fault names already.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

func (s *sheet) readRows(each func(row) error) error {
	r := row{record: newRecord(s.layout)}
	seq := s.layout.column("seq")
	for !s.faults.full() {
		fields, err := s.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		r.number++
		if err != nil {
			if !s.broken(err) {
				return nil
			}
			continue
		}
		if len(fields) != len(s.header) {
			line, _ := s.csv.FieldPos(0)
			s.faults.add(s.name, line, "", fmt.Sprintf("%d fields, where the header has %d", len(fields), len(s.header)),
				"quote a field that holds a comma")
			continue
		}
		r.sound = s.parseRow(fields, r.record)
		if seq >= 0 && !s.hasSeq {
			r.record[seq] = cell{int: r.number}
		}
		r.line = s.lineOf
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// read gives the next record and notes where it ends.
func (s *sheet) read() ([]string, error) {
	fields, err := s.csv.Read()
	s.end = s.csv.InputOffset()
	if err == nil {
		last := len(fields) - 1
		line, _ := s.csv.FieldPos(last)
		s.next = line + strings.Count(fields[last], "\n") + 1
	}
	return fields, err
}

// parseRow reads every value of a row, so that all its faults show at once.
func (s *sheet) parseRow(fields []string, into record) bool {
	into.clear()
	sound := true
	for i, value := range fields {
		c := s.header[i]
		if c < 0 {
			continue
		}
		col := &s.layout.columns[c]
		if err := into[c].parse(col, value); err != nil {
			line, _ := s.csv.FieldPos(i)
			var w wrong
			if !errors.As(err, &w) {
				w.what = err.Error()
			}
			s.faults.add(s.name, line+linesBefore(value), col.name, w.what, w.hint)
			sound = false
		}
	}
	return sound
}

// linesBefore counts the line breaks of a quoted field before the place that is at fault in it, which only
// broken bytes have.
func linesBefore(value string) int {
	for i, r := range value {
		if r == 0xFFFD || r == 0 {
			return strings.Count(value[:i], "\n")
		}
	}
	return 0
}

func (s *sheet) lineOf(column int) int {
	line, _ := s.csv.FieldPos(max(slices.Index(s.header, column), 0))
	return line
}
