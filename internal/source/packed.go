package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// This file is a second way of reading, only for speed, and only for our own tables on PostgreSQL, whose types
// are known. Measured on 5 million rows: lib/pq and database/sql take a microsecond and a dozen allocations for
// each row of text, most of it for instants, while the server needs no longer to send a deal's rows as one
// value. Both ways fill the same records, so all that follows is the same; a test holds them against each other.

// packedStatement gives each deal's rows as one value. Its argument is true: with one, lib/pq asks for bytes.
func packedStatement(l *layout) string {
	var row []string
	for i, c := range l.columns {
		if i != l.key {
			row = append(row, pack(c))
		}
	}
	key := l.columns[l.key].name
	order := key
	if l.time >= 0 {
		order += ", " + l.columns[l.time].name + ", file_row"
	}
	return strings.NewReplacer("{key}", key, "{rows}", string(l.rows), "{order}", order,
		"{row}", strings.Join(row, "\n    || ")).Replace(mustRead("read/packed.sql"))
}

// pack is the SQL of a column's bytes: text and numbers end with a zero byte, which PostgreSQL's text never
// holds, and are empty for null; the others have a fixed width, after a byte that says whether they are there.
func pack(c column) string {
	var send string
	switch c.kind {
	case instant:
		send = "timestamptz_send(" + c.name + ")"
	case date:
		send = "date_send(" + c.name + ")"
	case integer:
		send = "int8send(" + c.name + ")"
	case amount, share:
		return "coalesce(textsend(CAST(" + c.name + ` AS text)), '') || '\x00'::bytea`
	default:
		return "coalesce(textsend(" + c.name + `), '') || '\x00'::bytea`
	}
	return `coalesce('\x01'::bytea || ` + send + `, '\x00'::bytea)`
}

// errPacked cannot happen: the statement says what is sent.
var errPacked = errors.New("the packed rows are cut short")

// unpacker is the stream's fetch for packed rows.
func (s *stream) unpacker() func() (bool, error) {
	var (
		packed buffer
		rest   []byte // of packed
		memory = make([]known, len(s.layout.columns))
	)
	for i := range memory {
		memory[i] = known{}
	}
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
		}
		for i := range s.layout.columns {
			if i == s.layout.key {
				continue
			}
			var err error
			if rest, err = s.record[i].unpack(&s.layout.columns[i], rest, memory[i]); err != nil {
				return true, &valueError{s.layout.columns[i].name, err}
			}
		}
		return true, nil
	}
}

// buffer takes a value's bytes for itself. An sql.RawBytes would save the copy, but holds the transaction until the
// next row: a reading that stops in between could never be ended.
type buffer []byte

// Scan implements sql.Scanner.
func (b *buffer) Scan(src any) error {
	sent, ok := src.([]byte)
	if !ok {
		return errPacked
	}
	*b = append((*b)[:0], sent...)
	return nil
}

// known are cells of one column by their bytes: names come again and again, and need no checking then.
type known map[string]cell

const mostKnown = 4096

// unpack takes a column's bytes, and gives those after them. Whatever is odd goes the plain way, which knows
// what to say about it.
func (c *cell) unpack(col *column, b []byte, memory known) ([]byte, error) {
	switch col.kind {
	case instant, date, integer:
		if len(b) == 0 {
			return nil, errPacked
		}
		if b[0] == 0 {
			return b[1:], c.set(col, nil)
		}
		return c.unpackFixed(col, b[1:])
	}
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return nil, errPacked
	}
	var ok bool
	if *c, ok = memory[string(b[:end])]; ok {
		return b[end+1:], nil
	}
	err := c.set(col, string(b[:end]))
	if err == nil && len(memory) < mostKnown {
		memory[string(b[:end])] = *c
	}
	return b[end+1:], err
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
