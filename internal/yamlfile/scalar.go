package yamlfile

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// text gives a scalar as it is written, environment variables put in. The library would make 10 of 012;
// whoever asks for a number reads it from the text.
func (f *File) text(n ast.Node, field string) (string, bool) {
	node := f.follow(n, field)
	switch v := node.(type) {
	case nil:
		return "", false
	case *ast.StringNode:
		return f.expand(v.Value, n, field)
	case *ast.LiteralNode:
		return f.expand(v.Value.Value, n, field)
	case *ast.MappingNode, *ast.SequenceNode, *ast.NullNode:
		f.add(f.at(n), field, "must be a single value, not "+describe(node), "")
		return "", false
	}
	return node.GetToken().Value, true
}

var variable = regexp.MustCompile(`\$?\$\{[^}]*\}?`)
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand puts environment variables in; $${NAME} stands for a literal ${NAME}.
func (f *File) expand(s string, n ast.Node, field string) (string, bool) {
	if f.env == nil {
		return s, true
	}
	ok := true
	out := variable.ReplaceAllStringFunc(s, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		name := strings.TrimSuffix(ref[2:], "}")
		if !variableName.MatchString(name) || !strings.HasSuffix(ref, "}") {
			f.add(f.at(n), field, "${…} names no environment variable", "write ${NAME}, or $${ for a literal ${")
			ok = false
			return ""
		}
		v, set := f.env(name)
		if !set {
			f.add(f.at(n), field, fmt.Sprintf("the environment variable %s is not set", name), "set it, or write $${ for a literal ${")
			ok = false
		}
		return v
	})
	return out, ok
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
var durationForm = regexp.MustCompile(`^([0-9]+)([a-z]*)$`)

// ParseDuration reads a whole number with a unit: 90s, 15m, 36h, 14d (of 86,400 s), 2w.
func ParseDuration(s string) (time.Duration, error) {
	form := durationForm.FindStringSubmatch(s)
	if form == nil {
		return 0, fmt.Errorf("%q is no duration; write a whole number with a unit, like 36h, 14d or 2w", s)
	}
	unit, ok := units[form[2]]
	if form[2] == "" {
		return 0, fmt.Errorf("%q has no unit; write 36h, 14d or 2w", s)
	}
	if !ok {
		return 0, fmt.Errorf("%q has the unknown unit %s; s, m, h, d and w are possible", s, form[2])
	}
	n, err := strconv.ParseInt(form[1], 10, 64)
	if err != nil || n > math.MaxInt64/int64(unit) {
		return 0, errors.New(s + " is too long")
	}
	return time.Duration(n) * unit, nil
}

// FormatDuration writes a duration in the largest unit that divides it, the way ParseDuration reads it;
// parts of a second are dropped.
func FormatDuration(d time.Duration) string {
	for _, u := range []string{"d", "h", "m"} { // 14d reads better than 2w
		if d >= units[u] && d%units[u] == 0 {
			return strconv.FormatInt(int64(d/units[u]), 10) + u
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// Suggest is the hint after an unknown word: the likeliest known one, or all of them.
func Suggest(word string, known []string) string {
	best, least := "", len(word)/4+2
	for _, k := range known {
		if d := Distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	if len(known) == 0 {
		return "nothing is expected here"
	}
	return "possible: " + strings.Join(known, ", ")
}

// Distance is the Levenshtein distance of two words in bytes.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
