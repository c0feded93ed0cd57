package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/sheet"
)

var delimiters = map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t'}

// file is one CSV file of an export.
type file struct {
	name      string // as the user gave it
	rows      pipeline.Rows
	mapping   *mapping
	settings  settings
	delimiter string
	preamble  bool // its first line is Excel's sep=
	header    []string
	forms     [][]string     // what each part of it may be matched by
	line      int            // of the header
	columns   map[string]int // what is told → the place in the header
	entered   []enteredColumn
	criteria  []enteredColumn
	dates     habit
	decimals  habit
	percent   bool // probabilities are in percent
	broken    bool // some of it is no CSV, which a fault says
	cut       bool // and it could not be read to its end
	n         int  // rows
	skipped   skipped
	flow      flow // of a history of stages
}

// enteredColumn is a column with the dates on which deals entered one stage, or met one criterion.
type enteredColumn struct {
	column int
	stage  string
}

// habit is how a file writes something, and how we know.
type habit struct {
	name string
	by   witness // the value that tells; none: the settings said so, or nothing depends on it
	set  bool    // by the map or the command line
	used bool    // some value depends on it

	unsettled bool // the values do not tell, or do not fit: a fault says so
}

// skipped counts what a file has between its rows.
type skipped struct {
	empty, notes int
	first        Place
	text         string
}

// openFile reads the header of a file. A file that cannot be read is a fault.
func openFile(name string, m *mapping) (*file, *fault.Fault) {
	f := &file{name: name, mapping: m, settings: m.of(name)}
	if bad := f.sniff(); bad != nil {
		return nil, bad
	}
	var bad *fault.Fault
	note := func(broken fault.Fault) {
		if bad == nil {
			bad = &broken
		}
	}
	_ = f.records(note, func(r *sheet.Reader, fields []string) error { // its only error is the one below
		f.header, f.line = slices.Clone(fields), r.Line(0)
		for i := range f.header {
			f.header[i] = clean(f.header[i])
			f.forms = append(f.forms, m.forms(f.header[i]))
		}
		return io.EOF
	})
	if len(f.header) == 0 {
		note(fault.Fault{File: name, Line: 1, What: "is empty", Hint: "its first line has to name the columns"})
		return nil, bad
	}
	return f, nil // what is broken below is found by whoever reads on
}

// sniff finds out what separates the fields, from the first line: the sign that stands there most often.
func (f *file) sniff() *fault.Fault {
	in, err := os.Open(f.name)
	if err != nil {
		return &fault.Fault{File: f.name, What: "cannot be read: " + sheet.Reason(err)}
	}
	defer func() { _ = in.Close() }() // it was only read
	line, err := bufio.NewReaderSize(io.LimitReader(in, 64*1024), 64*1024).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return &fault.Fault{File: f.name, What: "cannot be read: " + sheet.Reason(err)}
	}
	line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
	if sep, ok := strings.CutPrefix(line, "sep="); ok && len(sep) <= 1 {
		f.preamble = true
		line = sep
	}
	f.delimiter = f.settings.delimiter
	if f.delimiter != "" {
		return nil
	}
	f.delimiter = "comma"
	most, quoted := map[string]int{}, false
	for _, c := range line {
		quoted = quoted != (c == '"')
		for name, sign := range delimiters {
			if c == sign && !quoted {
				most[name]++
			}
		}
	}
	for _, name := range []string{"semicolon", "tab"} {
		if most[name] > most[f.delimiter] {
			f.delimiter = name
		}
	}
	return nil
}

// record is one row of a file.
type record struct {
	file   *file
	sheet  *sheet.Reader
	fields []string
}

// get gives what a row tells, without outer blanks; empty where it does not.
func (r record) get(key string) string {
	if i, ok := r.file.columns[key]; ok {
		return trim(r.fields[i])
	}
	return ""
}

// place says where it tells it; of what the file has no column for, where the row begins.
func (r record) place(key string) Place {
	if i, ok := r.file.columns[key]; ok {
		return r.placeOf(i)
	}
	return Place{File: r.file.name, Line: r.sheet.Line(0)}
}

func (r record) placeOf(column int) Place {
	return Place{File: r.file.name, Line: r.sheet.Line(column), Column: r.file.header[column]}
}

// has says whether the file tells something at all.
func (f *file) has(key string) bool {
	_, ok := f.columns[key]
	return ok
}

func (f *file) titleOf(key string) string {
	if i, ok := f.columns[key]; ok {
		return f.header[i]
	}
	return ""
}

// each hands over every row. What is broken goes to bad, and the rows behind it still come; the error is that of do.
func (f *file) each(bad func(fault.Fault), do func(record) error) error {
	row := record{file: f}
	header := true
	f.n, f.skipped = 0, skipped{}
	return f.records(bad, func(r *sheet.Reader, fields []string) error {
		if header {
			header = false
			return nil
		}
		row.sheet, row.fields = r, fields
		if f.skip(row) {
			return nil
		}
		f.n++
		if len(fields) != len(f.header) {
			bad(fault.Fault{File: f.name, Line: r.Line(0), What: fmt.Sprintf("%d fields, where the header has %d", len(fields), len(f.header)),
				Hint: "quote a field that holds a " + f.delimiter})
			return nil
		}
		return do(row)
	})
}

// records hands over every record, the header first. What is broken goes to bad, and reading goes on behind it as far
// as that is possible; the error is that of each.
func (f *file) records(bad func(fault.Fault), each func(r *sheet.Reader, fields []string) error) error {
	in, err := os.Open(f.name)
	if err != nil {
		bad(fault.Fault{File: f.name, What: "cannot be read: " + sheet.Reason(err)})
		return nil
	}
	defer func() { _ = in.Close() }() // it was only read
	r, broken := sheet.New(f.name, in, delimiters[f.delimiter])
	if broken != nil {
		bad(broken.Fault)
		return nil
	}
	for first := true; ; first = false {
		fields, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			if bad(broken.Fault); broken.Final {
				f.cut = true
				return nil
			}
			continue
		case first && f.preamble:
			continue
		}
		if err := each(r, fields); err != nil {
			return err
		}
	}
}

// summary is how lines begin that reports put below their rows.
var summary = regexp.MustCompile(`(?i)^(copyright|confidential|grand totals?|sub-?totals?|totals?|sum of|count|record count|generated by|filtered by|report|as of)\b`)

// skip says whether a record is no row but empty, or one of the lines that reports put below their rows.
func (f *file) skip(r record) bool {
	filled, text := 0, ""
	for _, v := range r.fields {
		if v = trim(v); v != "" {
			if filled++; filled == 1 {
				text = v
			}
		}
	}
	note := filled == 1 && len(r.fields) == 1 && len(f.header) > 1 || (len(r.fields) != len(f.header) || !f.told(r)) && summary.MatchString(text)
	switch {
	case filled == 0:
		f.skipped.empty++
	case note:
		if f.skipped.notes++; f.skipped.notes == 1 {
			f.skipped.first, f.skipped.text = Place{File: f.name, Line: r.sheet.Line(0)}, text
		}
	default:
		return false
	}
	return true
}

// told says whether a record tells what a row of its kind is about, which a sum does not.
func (f *file) told(r record) bool {
	for _, key := range []string{"stage", "outcome", "rep_id", "at", "manager_id", "team"} {
		if r.get(key) != "" {
			return true
		}
	}
	return false
}
