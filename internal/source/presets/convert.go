package presets

import "slices"

// label is a text that its application may keep in several languages, as JSON.
const label = "label"

func sqlType(want string) string {
	if want == label {
		return "text"
	}
	return want
}

var (
	texts   = []string{"text", "varchar", "bpchar", "name"}
	numbers = []string{"numeric", "float8", "float4", "int8", "int4", "int2"}
)

// convert is the SQL that gives a column as the type that the queries count on. A column that has it stays as it is,
// so that an index on it can serve. Times without a zone are UTC, as the session is; dates kept as an instant are
// those of UTC: every loader here writes midnight UTC.
func convert(c Column, want string) string {
	col := quoteIdentifier(c.Name)
	isText := slices.Contains(texts, c.Type)
	switch {
	case c.Type == want, want == "text" && c.Type == "varchar": // which is text to every operator
		return col
	case want == label && c.Type == "jsonb":
		return "coalesce(" + col + " ->> 'en_US', (SELECT min(l.value) FROM jsonb_each_text(" + col + ") AS l))"
	case want == "boolean" && c.Type == "bool", want == "bigint" && c.Type == "int8":
		return col
	case want == "boolean" && slices.Contains(numbers, c.Type):
		return "(" + col + " <> 0)"
	case isText && want != "text" && want != label:
		return "CAST(nullif(" + textOf(want, col) + ", '') AS " + want + ")"
	}
	return "CAST(" + col + " AS " + sqlType(want) + ")"
}

// textOf is as much of a text as makes the value: a date may be written as an instant.
func textOf(want, col string) string {
	if want == "date" {
		return "left(" + col + ", 10)"
	}
	return col
}
