package source

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drumbeat/internal/fault"
	"drumbeat/internal/sheet"
	"drumbeat/internal/yamlfile"
)

// csvFile is one canonical CSV file on its way in.
type csvFile struct {
	name   string // as the user gave it
	layout *layout
	sheet  *sheet.Reader
	header []int // for each field of the file its column in the layout, -1 for none
	hasSeq bool
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

// broken takes what the reader of a file says; goOn is false where nothing more can be read.
func (f *faults) broken(err error) (goOn bool) {
	var b *sheet.Broken
	if !errors.As(err, &b) {
		f.add("", 0, "", err.Error(), "") // cannot be: the reader says nothing else
		return false
	}
	f.add(b.Fault.File, b.Fault.Line, b.Fault.Field, b.Fault.What, b.Fault.Hint)
	return !b.Final
}

func reason(err error) string { return sheet.Reason(err) }

// row is one row whose values have been read.
type row struct {
	number int64 // from 1, the header not counted
	record record
	place  func(column int) Place
	sound  bool // no value of it is at fault
}

// line says on which line of its file a value stands.
func (r row) line(column int) int { return r.place(column).Line }

// readSheet reads a canonical CSV file and hands every row to each whose fields can be told apart. What is wrong
// goes to the faults, at its line; the error is that of each.
func readSheet(name string, in io.Reader, l *layout, to *faults, each func(row) error) error {
	text, broken := sheet.New(name, in, ',')
	if broken != nil {
		to.broken(broken)
		return nil
	}
	s := &csvFile{name: name, layout: l, sheet: text, faults: to}
	if !s.readHeader() {
		return nil
	}
	return s.readRows(each)
}

func (s *csvFile) readHeader() bool {
	fields, err := s.sheet.Next()
	if errors.Is(err, io.EOF) {
		s.faults.add(s.name, 1, "", "is empty", "its first line names the columns: "+strings.Join(s.layout.names(), ","))
		return false
	}
	if err != nil {
		s.faults.broken(err)
		return false
	}
	line := s.sheet.Line(0)
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
func (s *csvFile) likely(header []string, name string) string {
	if len(header) == 1 {
		for _, other := range []string{";", "\t", "|"} {
			if strings.Contains(name, other) {
				return fmt.Sprintf("fields are separated by commas here, not by %q; is it a CRM's export? Then --preset csv reads it", other)
			}
		}
	}
	missing := slices.DeleteFunc(s.layout.names(), func(known string) bool { return slices.Contains(header, known) })
	return yamlfile.Suggest(strings.TrimSpace(name), missing)
}

func (s *csvFile) readRows(each func(row) error) error {
	r := row{record: newRecord(s.layout), place: s.placeOf}
	seq := s.layout.column("seq")
	for !s.faults.full() {
		fields, err := s.sheet.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		r.number++
		if err != nil {
			if !s.faults.broken(err) {
				return nil
			}
			continue
		}
		if len(fields) != len(s.header) {
			s.faults.add(s.name, s.sheet.Line(0), "", fmt.Sprintf("%d fields, where the header has %d", len(fields), len(s.header)),
				"quote a field that holds a comma")
			continue
		}
		r.sound = s.layout.parse(fields, s.header, r.record, s.faults, s.placeOf)
		if seq >= 0 && !s.hasSeq {
			r.record[seq] = cell{int: r.number}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *csvFile) placeOf(column int) Place {
	return Place{File: s.name, Line: s.sheet.Line(max(slices.Index(s.header, column), 0)), Column: s.layout.columns[column].name}
}

// parse reads every value of a row, so that all its faults show at once. columns says for each value its column in
// the layout, -1 for none.
func (l *layout) parse(values []string, columns []int, into record, to *faults, place func(column int) Place) bool {
	into.clear()
	sound := true
	for i, value := range values {
		c := columns[i]
		if c < 0 {
			continue
		}
		if err := into[c].parse(&l.columns[c], value); err != nil {
			var w wrong
			if !errors.As(err, &w) {
				w.what = err.Error()
			}
			at := place(c)
			to.add(at.File, at.Line+linesBefore(value), at.Column, w.what, w.hint)
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
