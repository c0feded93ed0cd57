package presets

import (
	"regexp"
	"slices"
	"strings"
)

// label is a text that its application may keep in several languages, as JSON.
const label = "label"

func sqlType(want string) string {
	if want == label {
		return "text"
	}
	return want
}

var (
	numbers = []string{"numeric", "float8", "float4", "int8", "int4", "int2", "money"}
	times   = []string{"timestamptz", "timestamp", "date"}
	jsons   = []string{"json", "jsonb"}

	// others are types that are no number, time or flag, whatever their values. What is in none of these lists, an
	// enum for one, is taken for a text.
	others = []string{"bytea", "uuid", "interval", "time", "timetz", "point", "line", "lseg", "box", "path", "polygon", "circle",
		"inet", "cidr", "macaddr", "macaddr8", "bit", "varbit", "xml", "tsvector", "tsquery"}
)

// suits says whether values of a column can be of the type that the queries count on.
func suits(c Column, want string) bool {
	isOther := slices.Contains(others, c.Type) || strings.HasPrefix(c.Type, "_") || strings.HasSuffix(c.Type, "range")
	switch want {
	case "text", label:
		return true
	case "boolean":
		return !isOther && !slices.Contains(times, c.Type)
	case "timestamptz", "date":
		return !isOther && !slices.Contains(numbers, c.Type) && c.Type != "bool"
	}
	return !isOther && !slices.Contains(times, c.Type) && c.Type != "bool" && (c.Type != "money" || want == "numeric")
}

// convert is the SQL that gives a column, which suits, as the type that the queries count on; what is no such value, a
// typing error or a stand-in, is null. An id stays the column that it is, so that an index on it can serve. Times
// without a zone are UTC, as the session is; dates kept as an instant are those of UTC: every loader here writes
// midnight UTC.
func convert(c Column, want string) string {
	col := quoteIdentifier(c.Name)
	switch {
	case want == label && c.Type == "jsonb":
		return "coalesce(" + col + " ->> 'en_US', (SELECT min(l.value) FROM jsonb_each_text(" + col + ") AS l))"
	case want == "text" || want == label:
		return asText(c)
	case want == "boolean" && c.Type == "bool", want == "bigint" && slices.Contains([]string{"int8", "int4", "int2"}, c.Type), c.Type == want && want == "int4":
		return col
	case want == "boolean" && slices.Contains(numbers, c.Type):
		return "(CAST(" + col + " AS numeric) <> 0)"
	case slices.Contains(times, c.Type):
		return within(col, cast(c, want), earliest, beyond)
	case slices.Contains([]string{"int4", "int2"}, c.Type), want == "numeric" && c.Type == "int8":
		return cast(c, want)
	case slices.Contains(numbers, c.Type):
		if c.Type == "money" {
			col = "CAST(" + col + " AS numeric)"
		}
		return within(col, cast(c, want), "-"+mosts[want], mosts[want])
	}
	return fromText(asText(c), want)
}

// The years that Drumbeat takes for those of a pipeline, and the ends of numbers: NaN and infinity lie beyond.
const earliest, beyond = "'1900-01-01'", "'2101-01-01'"

var mosts = map[string]string{"numeric": "1e30", "bigint": "1e18", "int4": "2e9"}

func within(value, expr, least, most string) string {
	return "CASE WHEN " + value + " >= " + least + " AND " + value + " < " + most + " THEN " + expr + " END"
}

func cast(c Column, want string) string {
	col := quoteIdentifier(c.Name)
	if c.Type == want {
		return col
	}
	return "CAST(" + col + " AS " + want + ")"
}

// asText is a column's text: that of an id kept as numeric(20,2) is 11, not 11.00.
func asText(c Column) string {
	col := quoteIdentifier(c.Name)
	switch {
	case c.Type == "text", c.Type == "varchar": // which is text to every operator
		return col
	case slices.Contains(jsons, c.Type):
		return "(" + col + " #>> '{}')"
	case c.Type == "numeric":
		return `regexp_replace(CAST(` + col + ` AS text), '\.0+$', '')`
	}
	return "CAST(" + col + " AS text)"
}

// What texts are values: dates that the calendar has, of the years 1900 to 2100, and times on them.
const (
	leap    = `(19(0[48]|[2468][048]|[13579][26])|20([02468][048]|[13579][26]))-02-29`
	day     = `((19|20)[0-9]{2}|2100)-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)`
	date    = `^(` + day + `|` + leap + `)`
	clock   = `([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?( ?(Z|UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?))?)?$`
	decimal = `^-?[0-9]{1,30}([.][0-9]*)?([eE][-+]?[0-9]{1,2})?$`
)

// fromText reads a text. A date may be written as an instant.
func fromText(expr, want string) string {
	pattern, value := map[string]string{"date": date + "($|[T ])", "timestamptz": date + clock, "numeric": decimal,
		"bigint": "^-?[0-9]{1,18}$", "int4": "^-?[0-9]{1,9}$"}[want], expr
	switch want {
	case "boolean":
		return "CASE WHEN lower(" + expr + ") IN ('true', 't', 'yes', 'y', 'on', '1') THEN true " +
			"WHEN lower(" + expr + ") IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END"
	case "date":
		value = "left(" + expr + ", 10)"
	}
	return "CASE WHEN " + expr + " ~ '" + pattern + "' THEN CAST(" + value + " AS " + want + ") END"
}

var reading = regexp.MustCompile(`\bas_(date|number)\(([\w.]+(?:\[1\])?)\)`)

// withReadings spells as_date(…) and as_number(…), by which queries read the texts in which histories keep all values.
func withReadings(sql string) string {
	return reading.ReplaceAllStringFunc(sql, func(s string) string {
		m := reading.FindStringSubmatch(s)
		return "(" + fromText(m[2], map[string]string{"date": "date", "number": "numeric"}[m[1]]) + ")"
	})
}
