package yamlfile

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The questions for single values. Each gives its default where the key is left out or its value is at fault.

// Text gives the text under key. Numbers and words like yes are taken as they are written.
func (m *Map) Text(key, otherwise string) string {
	return Value(m, key, otherwise, func(s string) (string, error) { return s, nil })
}

var bareVariable = regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*$`)

// Need is Text for a key that must be there and not be blank.
func (m *Map) Need(key, hint string) string {
	if !m.Has(key) {
		m.Missing(key, hint)
		return ""
	}
	return Value(m, key, "", func(s string) (string, error) {
		if strings.TrimSpace(s) == "" {
			return "", fmt.Errorf("is empty; %s", hint)
		}
		return s, nil
	})
}

// Value gives what parse makes of the text under key; parse's error is the fault, in the form `what; hint`.
func Value[T any](m *Map, key string, otherwise T, parse func(string) (T, error)) T {
	n := m.value(key)
	if n == nil {
		return otherwise
	}
	s, ok := m.file.text(n, m.field(key))
	if !ok {
		return otherwise
	}
	v, err := parse(s)
	if err != nil {
		what, hint, _ := strings.Cut(err.Error(), "; ")
		if m.file.env != nil && bareVariable.MatchString(s) {
			hint = "did you mean ${" + s[1:] + "}?"
		}
		m.Fault(key, what, hint)
		return otherwise
	}
	return v
}

// Choice gives one of the words.
func (m *Map) Choice(key, otherwise string, words ...string) string {
	return m.ChoiceOf(key, otherwise, nil, words...)
}

// ChoiceOf is Choice, for words that people are known to say otherwise: in lower case → which of the words they mean.
func (m *Map) ChoiceOf(key, otherwise string, meant map[string]string, words ...string) string {
	return Value(m, key, otherwise, func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		if word := meant[strings.ToLower(s)]; word != "" {
			return "", fmt.Errorf("%q is not known; did you mean %s?", s, word)
		}
		return "", fmt.Errorf("%q is not known; %s", s, Suggest(s, words))
	})
}

// Bool gives true or false.
func (m *Map) Bool(key string, otherwise bool) bool {
	return Value(m, key, otherwise, func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%q is neither true nor false; %s", s, truth(s))
		}
		return s == "true", nil
	})
}

// Int gives a whole number from least to most.
func (m *Map) Int(key string, otherwise, least, most int) int {
	return Value(m, key, otherwise, func(s string) (int, error) {
		v, err := strconv.Atoi(s)
		if err != nil || s != strconv.Itoa(v) {
			hint := fmt.Sprintf("write one from %d to %d", least, most)
			if err == nil && v >= least && v <= most {
				hint = fmt.Sprintf("did you mean %d?", v)
			}
			return 0, fmt.Errorf("%q is no whole number; %s", s, hint)
		}
		if v < least || v > most {
			return 0, fmt.Errorf("%d is out of range; %d to %d is possible", v, least, most)
		}
		return v, nil
	})
}

// Number gives a number from least to most; infinite ones are none.
func (m *Map) Number(key string, otherwise, least, most float64) float64 {
	return Value(m, key, otherwise, func(s string) (float64, error) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(s, "xX_") {
			return 0, fmt.Errorf("%q is no number; %s", s, likelyNumber(s, least, most))
		}
		if v < least || v > most {
			hint := fmt.Sprintf("%s to %s is possible", plain(least), plain(most))
			if most == 1 && v >= 2 && v <= 100 {
				hint += ": did you mean " + plain(v/100) + "?"
			}
			return 0, fmt.Errorf("%s is out of range; %s", s, hint)
		}
		return v, nil
	})
}

func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Duration gives a time span of at least least and at most most.
func (m *Map) Duration(key string, otherwise, least, most time.Duration) time.Duration {
	return Value(m, key, otherwise, func(s string) (time.Duration, error) {
		d, err := ParseDuration(s)
		if err == nil && (d < least || d > most) {
			err = fmt.Errorf("%s is out of range; %s to %s is possible", s, FormatDuration(least), FormatDuration(most))
		}
		return d, err
	})
}

// truth is the hint after what is neither true nor false; YAML's own readers take more words than these two.
func truth(s string) string {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "y", "1":
		return "did you mean true?"
	case "false", "no", "off", "n", "0":
		return "did you mean false?"
	}
	return "write true or false"
}

// likelyNumber is the hint after what is no number: a comma or a percent sign is how people write them.
func likelyNumber(s string, least, most float64) string {
	text, percent := strings.CutSuffix(strings.Replace(strings.TrimSpace(s), ",", ".", 1), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		v /= 100
	}
	if err != nil || math.IsNaN(v) || v < least || v > most {
		return "write it like 0.25"
	}
	return "did you mean " + plain(v) + "?"
}
