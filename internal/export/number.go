package export

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// The signs before decimals, as the map names them.
const (
	dot   = "dot"
	comma = "comma"
)

var decimals = []string{dot, comma}

// figure is a number as it stands in a file: what its dots and commas mean may be open.
type figure struct {
	body     string // digits, dots, commas, apostrophes and blanks
	negative bool
	percent  bool
	currency string // the ISO code that it names; empty: none
	dollar   bool   // it has a sign that several currencies share
}

var (
	errNoNumber = errors.New("is no number; write it like 1234.50")
	amountForm  = regexp.MustCompile(`^(\D*?)([0-9][0-9., '’]*|[.,][0-9]+)(\D*)$`)
	isoCode     = regexp.MustCompile(`^[A-Z]{3}$`)
)

// signs are what stands beside an amount for a currency; empty: it names none, because several share it.
var signs = map[string]string{"€": "EUR", "£": "GBP", "zł": "PLN", "kč": "CZK", "₹": "INR", "₽": "RUB", "₺": "TRY", "₪": "ILS",
	"us$": "USD", "a$": "AUD", "c$": "CAD", "ca$": "CAD", "r$": "BRL", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
	"$": "", "¥": "", "kr": "", "kr.": "", "fr": "", "fr.": "", "₩": "KRW"}

// parseFigure takes a number apart.
func parseFigure(s string) (figure, error) {
	var f figure
	s = clean(s)
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") { // as bookkeepers write what is below zero
		f.negative, s = true, s[1:len(s)-1]
	}
	s = strings.ReplaceAll(s, "\u2212", "-")
	part := amountForm.FindStringSubmatch(s)
	if part == nil {
		return f, errNoNumber
	}
	f.body = strings.TrimSpace(part[2])
	for _, beside := range []string{part[1], part[3]} {
		if err := f.sign(beside); err != nil {
			return f, err
		}
	}
	return f, nil
}

// sign reads what stands before or behind the digits.
func (f *figure) sign(s string) error {
	for _, minus := range []string{"-", "+", "%"} {
		if strings.Count(s, minus) > 1 {
			return errNoNumber
		}
		if !strings.Contains(s, minus) {
			continue
		}
		s = strings.Replace(s, minus, "", 1)
		switch minus {
		case "-":
			f.negative = !f.negative
		case "%":
			f.percent = true
		}
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	code := s
	if !isoCode.MatchString(s) {
		named, known := signs[strings.ToLower(s)]
		if !known && !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Sc, r) }) {
			return errNoNumber // 1.2M and 5k mean different things to different people
		}
		code = named
	}
	if f.currency != "" && code != "" && f.currency != code {
		return errNoNumber
	}
	if code == "" {
		f.dollar = true
	} else {
		f.currency = code
	}
	return nil
}

// in writes the number with a dot and no separators; empty where it is none with that sign before its decimals.
func (f figure) in(decimal string) string {
	point, group := ".", ","
	if decimal == comma {
		point, group = group, point
	}
	whole, part, has := strings.Cut(f.body, point)
	if has && (strings.ContainsFunc(part, notDigit)) {
		return ""
	}
	if strings.ContainsAny(whole, " '’") {
		whole = strings.NewReplacer(" ", group, "'", group, "’", group).Replace(whole)
	}
	groups := strings.Split(whole, group)
	for i, g := range groups {
		if strings.ContainsFunc(g, notDigit) {
			return ""
		}
		if len(groups) == 1 {
			break
		}
		first, last := i == 0, i == len(groups)-1
		switch { // 1,234,567 and, as in India, 12,34,567
		case first && (g == "" || len(g) > 3 || g[0] == '0'), last && len(g) != 3, !first && !last && len(g) != 3 && len(g) != 2:
			return ""
		}
	}
	out := strings.Join(groups, "")
	if out == "" {
		out = "0"
	}
	if part = strings.TrimRight(part, "0"); part != "" {
		out += "." + part
	}
	if f.negative && strings.Trim(out, "0.") != "" {
		out = "-" + out
	}
	return out
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// readings says what a number means with a dot, and with a comma, before its decimals.
func (f figure) readings() [2]string { return [2]string{f.in(dot), f.in(comma)} }

var errNoShare = errors.New("is outside 0 to 100 %")

// share makes a probability from 0 to 1 of one in percent.
func share(percent string) (string, error) {
	v, err := strconv.ParseFloat(percent, 64)
	if err != nil || v < 0 || v > 100 {
		return "", errNoShare
	}
	return strconv.FormatFloat(v/100, 'f', -1, 64), nil
}
