package source

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// This file is a second way of reading, only for speed, and only for our own tables, whose types are known: a
// deal's rows come as one value. Measured on 5 million rows: drivers and database/sql take a microsecond and a
// dozen allocations for each row, while the databases need no longer to send a deal's rows at once. And what no
// figure can tell apart of the activities stays there. Both ways give the same histories; a test holds them
// against each other.

// packing is how a database makes one value of many columns.
type packing struct {
	of   func(kind kind, required bool, expr string) string // SQL for a column's bytes
	join string                                             // the aggregate of rows in the order in which they come
	kind string                                             // SQL: whether an activity's kind may match {kind}, which is ASCII in lower case
	text bool                                               // all columns are text
}

// On PostgreSQL text ends with a zero byte, which its text never holds, and is empty for null. Numbers come as the
// server keeps them, with their length; a null is one of noLength. Instants and dates have a fixed width, and a null is a
// value after the last that there is. So each column costs the server as few calls as can be, which are most of a reading.
var packedBinary = packing{
	join: "string_agg({row}, ''::bytea)",
	kind: `(octet_length(kind) = octet_length({kind}) AND lower(kind COLLATE "C") = {kind} OR octet_length(kind) <> char_length(kind))`,
	of: func(k kind, required bool, expr string) string {
		switch k {
		case instant:
			if required { // a null, which our tables do not take, comes as an instant that nobody takes
				return "coalesce(timestamptz_send(" + expr + `), '\x8000000000000000'::bytea)`
			}
			return "coalesce(timestamptz_send(" + expr + `), '\x7ffffffffffffffe'::bytea)`
		case date:
			return "coalesce(date_send(" + expr + `), '\x7ffffffe'::bytea)`
		case integer:
			if required {
				return "coalesce(int8send(" + expr + `), '\x8000000000000000'::bytea)`
			}
			return `coalesce('\x01'::bytea || int8send(` + expr + `), '\x00'::bytea)`
		case amount, share:
			return "coalesce(numeric_send(" + expr + `), '\xffff'::bytea)`
		}
		return "coalesce(textsend(" + expr + `), '') || '\x00'::bytea`
	},
}

// On SQLite every column ends with a zero character, which no import lets into a text.
var packedText = packing{
	join: "group_concat({row}, '')",
	kind: "(lower(kind) = {kind} OR length(CAST(kind AS BLOB)) <> length(kind))",
	of: func(_ kind, _ bool, expr string) string {
		return "coalesce(" + expr + ", '') || char(0)"
	},
	text: true,
}

// packs says whether rows can come packed: SQLite gives no number with a fraction as text without loss.
func (d dialect) packs(l *layout) bool {
	if l.time < 0 {
		return d.copies && l.rows != pipeline.Reps
	}
	return d.copies || !slices.ContainsFunc(l.columns, func(c column) bool { return c.kind == amount || c.kind == share })
}

// summed is what comes before a deal's activities where not all of them do: how many lie before the instant of
// the reading, and when the last ones before needs.Since were.
var summed = []column{{name: "n", kind: integer, required: true}, {name: "last", kind: instant}, {name: "last of the buyer", kind: instant}}

// packedStatement gives each deal's rows as one value. On PostgreSQL its argument is true: with one, lib/pq asks
// for bytes.
func (d dialect) packedStatement(l *layout, needs *pipeline.Needs) string {
	p := d.packing
	var row []string
	for i, c := range l.columns {
		if i != l.key {
			row = append(row, p.of(c.kind, c.required, c.name))
		}
	}
	key, form := l.columns[l.key].name, "/packed.sql"
	order, packed := key, strings.Join(row, "\n    || ")
	if slices.Equal(l.unique, []int{l.key}) {
		form = "/packed_one.sql"
	} else {
		packed = strings.ReplaceAll(p.join, "{row}", packed)
	}
	if l.time >= 0 {
		order += ", " + l.columns[l.time].name + ", file_row"
	}
	sums, keep := "", ""
	if reduces(l, needs) {
		sums, keep = p.reduced(needs)
	}
	return strings.NewReplacer("{key}", key, "{rows}", string(l.rows), "{order}", order, "{sums}", sums,
		"{packed}", packed+keep).Replace(mustRead(d.name + form))
}

// reduces says whether only some of the rows have to come.
func reduces(l *layout, needs *pipeline.Needs) bool {
	return l.rows == pipeline.Activities && !needs.Since.IsZero()
}

// reduced is the SQL of the summed columns, and of the filter after the aggregate that lets through what needs
// keeps; it may let through more.
func (p packing) reduced(needs *pipeline.Needs) (sums, keep string) {
	since := quoteInstant(needs.Since)
	for i, expr := range []string{
		"count(*) FILTER (WHERE at < " + quoteInstant(needs.AsOf) + ")",
		"max(at) FILTER (WHERE at < " + since + ")",
		"max(at) FILTER (WHERE at < " + since + " AND party = '" + pipeline.BuyerParty + "')",
	} {
		sums += p.of(summed[i].kind, summed[i].required, expr) + "\n    || "
	}
	keep = " FILTER (WHERE at >= " + since
	for _, proof := range needs.Proofs {
		if !slices.Contains(parties, proof.Party) {
			keep += "\n    OR true"
			continue
		}
		keep += "\n    OR party = '" + proof.Party + "'"
		if plainWord.MatchString(proof.Kind) {
			keep += " AND " + strings.ReplaceAll(p.kind, "{kind}", "'"+strings.ToLower(proof.Kind)+"'")
		}
	}
	return sums, keep + ")"
}

// quoteInstant is an instant in SQL of our own tables, of which no row lies before the first year or after the last.
func quoteInstant(t time.Time) string {
	first, last := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Before(first) {
		t = first
	} else if t.After(last) {
		t = last
	}
	return "'" + t.UTC().Format(instantLayout) + "'"
}

// plainWord is what can stand in SQL as it is, and of which all databases know the lower case.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9 _./+-]+$`)

// errPacked cannot happen on PostgreSQL: the statement says what is sent. On SQLite somebody wrote it.
var errPacked = errors.New("the packed rows are cut short: is there a zero byte in a text?")

// unpacker is the stream's fetch for packed rows.
func (s *stream) unpacker(p packing) func() (bool, error) {
	var (
		packed buffer
		rest   []byte // of packed
		sums   = make(record, len(summed))
		memory = make([]known, len(s.layout.columns))
	)
	id := &destination{&s.layout.columns[s.layout.key], &s.record[s.layout.key]}
	return func() (bool, error) {
		if len(rest) == 0 {
			if !s.rows.Next() {
				return false, errors.Join(s.rows.Err(), s.rows.Close())
			}
			if err := s.rows.Scan(id, &packed); err != nil {
				return true, err
			}
			rest = packed
			if s.reduced {
				var err error
				if rest, err = p.unpack(summed, -1, sums, rest, nil); err != nil {
					return true, err
				}
				s.before += int(sums[0].int)
				s.earlier = pipeline.LastActivity{Any: sums[1].when(), Buyer: sums[2].when()}
			}
			if s.hollow = s.reduced && len(rest) == 0; s.hollow {
				return true, nil
			}
		}
		var err error
		rest, err = p.unpack(s.layout.columns, s.layout.key, s.record, rest, memory)
		return true, err
	}
}

// unpack takes a row's bytes, all but those of the column but, and gives those after them.
func (p packing) unpack(columns []column, but int, r record, b []byte, memory []known) (rest []byte, err error) {
	for i := range columns {
		if i == but {
			continue
		}
		col := &columns[i]
		switch {
		case !p.text && (col.kind == amount || col.kind == share):
			b, err = r[i].unpackNumeric(col, b)
		case !p.text && (col.kind == instant || col.kind == date || col.kind == integer):
			b, err = r[i].unpackFixed(col, b)
		default:
			end := bytes.IndexByte(b, 0)
			if end < 0 {
				return nil, errPacked
			}
			if p.text && (col.kind == instant || col.kind == integer) {
				err = r[i].set(col, string(b[:end]))
			} else {
				err = memory[i].set(&r[i], col, b[:end])
			}
			b = b[end+1:]
		}
		if err != nil {
			return nil, &valueError{col.name, err}
		}
	}
	return b, nil
}

// buffer takes a value's bytes for itself. An sql.RawBytes would save the copy, but holds the transaction until the
// next row: a reading that stops in between could never be ended.
type buffer []byte

// Scan implements sql.Scanner.
func (b *buffer) Scan(src any) error {
	switch sent := src.(type) {
	case []byte:
		*b = append((*b)[:0], sent...)
	case string:
		*b = append((*b)[:0], sent...)
	default:
		return errPacked
	}
	return nil
}

// known are cells of one column by their bytes: names come again and again, and need no checking then. Each has
// one place, which the next takes that belongs there.
type known [256]struct {
	bytes string
	cell  cell
}

// set sets a cell, which never holds anything but texts, to one.
func (k *known) set(c *cell, col *column, b []byte) error {
	place := len(b)
	if place == 0 && !col.required {
		c.null, c.text = true, ""
		return nil
	}
	if place > 0 {
		place += 31*int(b[0]) + 7*int(b[place-1]) + int(b[place/2])
	}
	at := &k[place%len(k)]
	if at.cell.text == "" || at.bytes != string(b) { // an empty one may be refused
		text := string(b)
		if err := c.set(col, text); err != nil {
			return err
		}
		at.bytes, at.cell = text, *c
		return nil
	}
	c.null, c.text = false, at.cell.text
	return nil
}
