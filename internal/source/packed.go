package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
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

// On PostgreSQL text and numbers end with a zero byte, which its text never holds, and are empty for null; the
// others have a fixed width, after a byte that says whether they are there.
var packedBinary = packing{
	join: "string_agg({row}, ''::bytea)",
	kind: `(lower(kind COLLATE "C") = {kind} OR octet_length(kind) <> char_length(kind))`,
	of: func(k kind, required bool, expr string) string {
		var sent string
		switch k {
		case instant:
			sent = "timestamptz_send(" + expr + ")"
		case date:
			sent = "date_send(" + expr + ")"
		case integer:
			sent = "int8send(" + expr + ")"
		case amount, share:
			expr = "CAST(" + expr + " AS text)"
			fallthrough
		default:
			return "coalesce(textsend(" + expr + `), '') || '\x00'::bytea`
		}
		if required { // a null, which our tables do not take, comes as an instant that nobody takes
			return "coalesce(" + sent + `, '\x8000000000000000'::bytea)`
		}
		return `coalesce('\x01'::bytea || ` + sent + `, '\x00'::bytea)`
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
	key := l.columns[l.key].name
	order := key
	if l.time >= 0 {
		order += ", " + l.columns[l.time].name + ", file_row"
	}
	sums, keep := "", ""
	if reduces(l, needs) {
		sums, keep = p.reduced(needs)
	}
	return strings.NewReplacer("{key}", key, "{rows}", string(l.rows), "{order}", order, "{sums}", sums,
		"{packed}", strings.ReplaceAll(p.join, "{row}", strings.Join(row, "\n    || "))+keep).Replace(mustRead(d.name + "/packed.sql"))
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
		case p.text || col.kind != instant && col.kind != date && col.kind != integer:
			end := bytes.IndexByte(b, 0)
			if end < 0 {
				return nil, errPacked
			}
			switch {
			case p.text && (col.kind == instant || col.kind == integer):
				err = r[i].set(col, string(b[:end]))
			case col.kind == amount || col.kind == share: // seldom the same again
				err = r[i].unpackNumber(col, b[:end])
			default:
				err = memory[i].set(&r[i], col, b[:end])
			}
			b = b[end+1:]
		case col.required:
			b, err = r[i].unpackFixed(col, b)
		case len(b) == 0:
			return nil, errPacked
		case b[0] == 0:
			r[i], b = cell{null: true}, b[1:]
		default:
			b, err = r[i].unpackFixed(col, b[1:])
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

// set sets a cell to a text.
func (k *known) set(c *cell, col *column, b []byte) error {
	place := len(b)
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
	*c = at.cell
	return nil
}

// PostgreSQL counts from 2000-01-01, we from 1970.
const epochDays = 10957

var (
	firstMicro = microsOf(firstYear)
	lastMicro  = microsOf(lastYear + 1)
	firstDay   = int32(pipeline.NewDate(firstYear, 1, 1)) - epochDays
	lastDay    = int32(pipeline.NewDate(lastYear+1, 1, 1)) - epochDays
)

func microsOf(year int) int64 {
	return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - epochDays*86400*1e6
}

func (c *cell) unpackNumber(col *column, b []byte) (err error) {
	*c = cell{null: len(b) == 0}
	if c.null {
		return nil
	}
	if c.num, err = strconv.ParseFloat(string(b), 64); err != nil {
		return c.set(col, string(b)) // which says so
	}
	return c.checkNumber(col.kind)
}

func (c *cell) unpackFixed(col *column, b []byte) ([]byte, error) {
	width := 8
	if col.kind == date {
		width = 4
	}
	if len(b) < width {
		return nil, errPacked
	}
	rest := b[width:]
	if col.kind == date {
		day := int32(binary.BigEndian.Uint32(b))
		if firstDay <= day && day < lastDay {
			*c = cell{date: pipeline.Date(day + epochDays)}
			return rest, nil
		}
		return rest, c.set(col, odd(int64(day), math.MinInt32, math.MaxInt32, 86400, 1))
	}
	v := int64(binary.BigEndian.Uint64(b))
	switch {
	case col.kind == integer:
		*c = cell{int: v}
	case firstMicro <= v && v < lastMicro:
		*c = cell{at: time.UnixMicro(v + epochDays*86400*1e6).UTC()}
	default:
		return rest, c.set(col, odd(v, math.MinInt64, math.MaxInt64, 1, 1e6))
	}
	return rest, nil
}

// odd is an instant or a date outside all pipelines as the driver hands it over otherwise: v counts stretches
// of seconds/parts from PostgreSQL's epoch, and the ends of its range mean infinity.
func odd(v, least, most, seconds, parts int64) any {
	switch v {
	case least:
		return "-infinity"
	case most:
		return "infinity"
	}
	return time.Unix(v/parts*seconds+epochDays*86400, v%parts*1000).UTC()
}
