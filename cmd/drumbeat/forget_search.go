package main

import (
	"context"
	"html"
	"maps"
	netmail "net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

// trail is what the ledger holds of a person.
type trail struct {
	names    []string // by which mails call the person
	own      []int64  // deliveries to the person, of which some wait
	waiting  int
	mentions []int64  // deliveries to others that name the person
	unsent   int      // of those that name the person, what is still to be sent
	optedOut []string // the address, as the opt-outs have it
	others   []string // other addresses of the rep, other reps at the address
}

// search goes through the whole ledger: for the person's own mails, which may say a name, and then for that name in
// everybody's.
func (o *forgetOptions) search(ctx context.Context, l *ledger.Ledger) (found trail, err error) {
	rows, err := l.List(ctx, ledger.Filter{})
	if err != nil {
		return found, err
	}
	names, known := slices.Clone(o.names), map[string]bool{}
	for _, row := range rows {
		if !o.is(row.Recipient, row.RepID) {
			continue
		}
		found.own = append(found.own, row.ID)
		if row.State == ledger.Pending {
			found.waiting++
		}
		known[row.Recipient], known[row.RepID] = true, true
		d, err := l.Get(ctx, row.ID)
		if err != nil {
			return found, err
		}
		names = append(names, nameOn(d.Body))
	}
	found.names = distinct(names)
	by, others := signs(found.names, o.address, o.rep), map[string]bool{}
	err = l.Sweep(ctx, func(d ledger.Delivery) error {
		if o.is(d.Recipient, d.RepID) {
			return nil
		}
		if d.Recipient != "" && known[d.Recipient] {
			others["to "+d.Recipient+" for rep "+d.RepID] = true
		} else if d.RepID != "" && known[d.RepID] {
			others["for rep "+d.RepID+" to "+d.Recipient] = true
		}
		switch {
		case !by.in(d):
		case d.State == ledger.Pending || d.State == ledger.Sending:
			found.unsent++
		default:
			found.mentions = append(found.mentions, d.ID)
		}
		return nil
	})
	found.others = slices.Sorted(maps.Keys(others))
	if err == nil && o.address != "" {
		found.optedOut, err = l.OptOuts(ctx, "")
		found.optedOut = slices.DeleteFunc(found.optedOut, func(a string) bool { return !o.isAt(a) })
	}
	return found, err
}

// nameOn is the name to which a stored mail is addressed; empty: it has none.
func nameOn(raw []byte) string {
	parts, err := mail.Read(raw)
	if err != nil {
		return ""
	}
	to, err := netmail.ParseAddress(parts.Raw("To"))
	if err != nil {
		return ""
	}
	return to.Name
}

func distinct(names []string) (out []string) {
	for _, n := range names {
		if n = strings.Join(strings.Fields(n), " "); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// longestName is how many characters of a name a mail shows at least (digest cuts at 32, with an ellipsis).
const longestName = 31

// leastID is how many characters an id needs to be looked for in mails: a shorter one is in every date and amount.
const leastID = 6

// marks are what a person is recognised by, as plainly writes it.
type marks []string

func signs(names []string, address, rep string) (by marks) {
	for _, name := range names {
		if r := []rune(name); len(r) > longestName {
			name = string(r[:longestName])
		}
		by = append(by, flattened(name))
	}
	if address != "" {
		by = append(by, flattened(address))
	}
	if utf8.RuneCountInString(rep) >= leastID {
		by = append(by, flattened(rep))
	}
	return slices.DeleteFunc(by, func(m string) bool { return m == "" })
}

// in says whether a mail to somebody else shows one of the marks. One that cannot be read as a mail is searched as it is.
func (by marks) in(d ledger.Delivery) bool {
	if d.Subject == "" && len(d.Body) == 0 {
		return false
	}
	text := d.Subject
	if parts, err := mail.Read(d.Body); err == nil {
		text += "\n" + parts.Text + "\n" + parts.HTML
		for _, f := range parts.Fields {
			text += "\n" + f.Value
		}
	} else {
		text += "\n" + string(d.Body)
	}
	text = flattened(text)
	return slices.ContainsFunc(by, func(m string) bool { return hasWord(text, m) })
}

// flattened makes comparable what a mail writes in its own ways: entities, spaces of all kinds, line breaks, joiners
// without width, capitals.
func flattened(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, html.UnescapeString(s))
	return strings.Join(strings.Fields(s), " ")
}

// hasWord says whether the text has the mark, not as a part of a longer word.
func hasWord(text, mark string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], mark)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(mark):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from = at + len(mark)
	}
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
