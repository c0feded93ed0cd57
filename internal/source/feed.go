package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"slices"
	"strconv"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// Place is where a value stands in the file that a person can look at.
type Place struct {
	File   string
	Line   int    // from 1
	Column string // the file's own name of the column
}

// Feed is one kind of canonical rows on its way in, made of files of another form.
type Feed struct {
	Rows    pipeline.Rows
	Name    string   // the file, or the files, for people
	Columns []string // the canonical columns that each Text has a value for, in this order

	// Each hands over every row in a fixed order, the same ones whenever it is called: an import reads twice. Its error
	// is that of yield, or what it cannot read, as a fault.List.
	Each func(yield func(Text) error) error
}

// Text is one row as text, each value as in a canonical CSV file (empty: null). It is valid until yield returns.
type Text struct {
	Values []string
	Place  func(i int) Place // where the i-th value stands
}

// feed is what an import reads: a canonical file, or a Feed.
type feed struct {
	layout *layout
	name   string
	read   func(to *faults, each func(row) error) error
	sum    *fingerprint // of the rows that were checked
}

// fingerprint tells rows that were checked from others that stand in their place when they are written.
type fingerprint struct{ hash maphash.Hash }

func newFingerprint(seed maphash.Seed) *fingerprint {
	f := &fingerprint{}
	f.hash.SetSeed(seed)
	return f
}

func (f *fingerprint) add(r record) {
	var b []byte
	for i := range r {
		c := &r[i]
		if b = append(b[:0], 0); !c.null {
			b = binary.AppendVarint(append(b, c.text...), c.at.UnixMicro())
			b = binary.AppendVarint(binary.AppendVarint(b, c.int), int64(c.date))
			b = strconv.AppendBool(b, c.flag)
		}
		_, _ = f.hash.Write(binary.AppendVarint(b, int64(len(b)))) // never fails
	}
}

// feedFromFile reads a canonical file.
func feedFromFile(l *layout, name string) feed {
	return feed{layout: l, name: name, read: func(to *faults, each func(row) error) error {
		return readFile(name, l, to, each)
	}}
}

// readFile reads one canonical file; a file that cannot be opened is a fault.
func readFile(name string, l *layout, to *faults, each func(row) error) error {
	f, err := os.Open(name)
	if err != nil {
		to.add(name, 0, "", "cannot be read: "+reason(err), "")
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	return readSheet(name, f, l, to, each)
}

// sortFeeds gives the feeds in the order of the layouts. What is wrong with them is a mistake of the program: export
// promises them as they have to be.
func sortFeeds(feeds []Feed) ([]feed, error) {
	var out []feed
	for _, l := range layouts {
		i := slices.IndexFunc(feeds, func(f Feed) bool { return f.Rows == l.rows })
		if i < 0 {
			if l.rows.Required() && !l.rows.Observable() {
				return nil, fmt.Errorf("import: no %s", l.rows)
			}
			continue
		}
		columns := make([]int, len(feeds[i].Columns))
		for j, name := range feeds[i].Columns {
			if columns[j] = l.column(name); columns[j] < 0 {
				return nil, fmt.Errorf("import: %s have no column %s", l.rows, name)
			}
		}
		out = append(out, feed{layout: l, name: feeds[i].Name, read: feeds[i].reader(l, columns)})
	}
	return out, nil
}

var errFull = errors.New("enough faults")

func (f Feed) reader(l *layout, columns []int) func(to *faults, each func(row) error) error {
	seq := l.column("seq")
	hasSeq := slices.Contains(columns, seq)
	return func(to *faults, each func(row) error) error {
		var text Text
		r := row{record: newRecord(l)}
		r.place = func(column int) Place { return text.Place(max(slices.Index(columns, column), 0)) }
		err := f.Each(func(t Text) error {
			text = t
			r.number++
			r.sound = l.parse(t.Values, columns, r.record, to, r.place)
			if seq >= 0 && !hasSeq {
				r.record[seq] = cell{int: r.number}
			}
			if err := each(r); err != nil {
				return err
			}
			if to.full() {
				return errFull
			}
			return nil
		})
		var list fault.List
		if errors.As(err, &list) {
			for _, broken := range list {
				to.add(broken.File, broken.Line, broken.Field, broken.What, broken.Hint)
			}
			return nil
		}
		if errors.Is(err, errFull) {
			return nil
		}
		return err
	}
}
