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
		f.add(f.at(n), field, "must be a single value, not "+describe(node), "write one value, without dashes and brackets")
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
	const literal = "or $${ for a literal ${"
	ok, put := true, false
	out := variable.ReplaceAllStringFunc(s, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		name, closed := strings.CutSuffix(ref[2:], "}")
		switch {
		case !closed:
			f.add(f.at(n), field, "${ is not closed", "write ${NAME}, "+literal)
		case strings.Contains(name, ":"):
			f.add(f.at(n), field, "${…} takes the name of a variable and no default", "write ${NAME}, "+literal)
		case !variableName.MatchString(name):
			f.add(f.at(n), field, "${…} names no environment variable", "write ${NAME}, "+literal)
		default:
			if v, set := f.env(name); set {
				f.mask(f.at(n), v, ref)
				put = true
				return v
			}
			hint := "set it, or write $${ for a literal ${"
			if near := nearlySet(name, f.env); near != "" {
				hint = "did you mean " + near + ", which is set?"
			}
			f.add(f.at(n), field, fmt.Sprintf("the environment variable %s is not set", name), hint)
		}
		ok = false
		return ""
	})
	if put {
		f.mask(f.at(n), out, s)
	}
	return out, ok
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
var durationForm = regexp.MustCompile(`^([0-9]+)([a-z]*)$`)

// ParseDuration reads a whole number with a unit: 90s, 15m, 36h, 14d (of 86,400 s), 2w.
func ParseDuration(s string) (time.Duration, error) {
	form := durationForm.FindStringSubmatch(s)
	if form == nil {
		return 0, fmt.Errorf("%q is no duration; %s", s, likelyDuration(s))
	}
	unit, ok := units[form[2]]
	if form[2] == "" {
		return 0, fmt.Errorf("%q has no unit; write 36h, 14d or 2w", s)
	}
	if !ok {
		if hint := likelyDuration(s); strings.HasPrefix(hint, "did") || strings.HasPrefix(hint, "months") {
			return 0, fmt.Errorf("%q is no duration; %s", s, hint)
		}
		return 0, fmt.Errorf("%q has the unknown unit %s; s, m, h, d and w are possible", s, form[2])
	}
	n, err := strconv.ParseInt(form[1], 10, 64)
	if err != nil || n > math.MaxInt64/int64(unit) {
		return 0, errors.New(s + " is too long; write a shorter one")
	}
	return time.Duration(n) * unit, nil
}

var (
	spelledOut = regexp.MustCompile(`(?i)^([0-9]{1,4}) *(s|m|h|d|w|sec|second|min|minute|hr|hour|day|wk|week)s?$`)
	uneven     = regexp.MustCompile(`(?i)^[0-9]+ *(M|mo|mon|month|q|quarter|y|yr|year)s?$`)
	parts      = regexp.MustCompile(`^([0-9.]+[smh]){1,3}$`) // as Go writes them
)

// likelyDuration is the hint after what is no duration.
func likelyDuration(s string) string {
	if m := spelledOut.FindStringSubmatch(strings.TrimSpace(s)); m != nil && (m[2] != "M" || strings.Contains(s, " ")) {
		return "did you mean " + m[1] + strings.ToLower(m[2][:1]) + "?"
	}
	if uneven.MatchString(strings.TrimSpace(s)) {
		return "months and years differ in length: write days, like 30d or 365d"
	}
	if parts.MatchString(s) {
		if d, err := time.ParseDuration(s); err == nil && d >= time.Second && d%time.Second == 0 {
			return "did you mean " + FormatDuration(d) + "?"
		}
	}
	return "write a whole number with a unit, like 36h, 14d or 2w"
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
