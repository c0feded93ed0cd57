package source

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// What stands for null, see packedBinary.
const (
	nullInstant = math.MaxInt64 - 1
	nullDate    = math.MaxInt32 - 1
	noLength    = 0xffff
)

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

// unpackNumeric takes a number of PostgreSQL's: how many digits to the base of 10,000, the power of the first one, the sign,
// how many decimals it was written with, the digits.
func (c *cell) unpackNumeric(col *column, b []byte) ([]byte, error) {
	if len(b) >= 2 && binary.BigEndian.Uint16(b) == noLength {
		*c = cell{null: true}
		return b[2:], nil
	}
	if len(b) < 8 {
		return nil, errPacked
	}
	n, weight, sign := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:]))), binary.BigEndian.Uint16(b[4:])
	digits, rest := b[8:], b[8:]
	if len(digits) < 2*n {
		return nil, errPacked
	}
	digits, rest = digits[:2*n], rest[2*n:]
	if sign != 0 && sign != negative {
		return rest, c.set(col, map[uint16]string{0xc000: "NaN", 0xd000: "Infinity", 0xf000: "-Infinity"}[sign])
	}
	minus := ""
	if sign == negative {
		minus = "-"
	}
	c.null, c.num = false, numericFloat(digits, 4*(weight-n+1))
	if math.IsInf(c.num, 0) { // refused as it is written
		return rest, c.set(col, minus+strings.TrimLeft(decimals(digits), "0")+strings.Repeat("0", max(0, 4*(weight-n+1))))
	}
	if minus != "" && c.num != 0 {
		c.num = -c.num
	}
	return rest, c.checkNumber(col.kind)
}

// negative is the sign of a number of PostgreSQL's below nothing.
const negative = 0x4000

// numericFloat is the float64 that is next to the digits, each of four decimals, times a power of ten. A whole number and a
// power of ten that both are exact give it in one step (Clinger, How to read floating point numbers accurately, 1990).
// Infinity if it is out of range.
func numericFloat(digits []byte, power int) float64 {
	if len(digits) <= 8 && -22 <= power && power <= 22 {
		whole := uint64(0)
		for i := 0; i < len(digits); i += 2 {
			whole = 10000*whole + uint64(binary.BigEndian.Uint16(digits[i:]))
		}
		if whole < 1<<53 {
			if power < 0 {
				return float64(whole) / math.Pow10(-power)
			}
			return float64(whole) * math.Pow10(power)
		}
	}
	f, _ := strconv.ParseFloat("0"+decimals(digits)+"e"+strconv.Itoa(power), 64) // out of range: infinity
	return f
}

func decimals(digits []byte) string {
	var text []byte
	for i := 0; i < len(digits); i += 2 {
		text = fmt.Appendf(text, "%04d", binary.BigEndian.Uint16(digits[i:]))
	}
	return string(text)
}

func (c *cell) unpackFixed(col *column, b []byte) ([]byte, error) {
	if col.kind == integer && !col.required {
		if len(b) == 0 {
			return nil, errPacked
		}
		if b[0] == 0 {
			*c = cell{null: true}
			return b[1:], nil
		}
		b = b[1:]
	}
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
		switch {
		case firstDay <= day && day < lastDay:
			c.null, c.date = false, pipeline.Date(day+epochDays)
			return rest, nil
		case day == nullDate:
			*c = cell{null: true}
			return rest, nil
		}
		return rest, c.set(col, odd(int64(day), math.MinInt32, math.MaxInt32, 86400, 1))
	}
	v := int64(binary.BigEndian.Uint64(b))
	switch {
	case col.kind == integer:
		c.null, c.int = false, v
	case firstMicro <= v && v < lastMicro:
		c.null, c.at = false, time.UnixMicro(v+epochDays*86400*1e6).UTC()
	case v == nullInstant && !col.required:
		*c = cell{null: true}
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
