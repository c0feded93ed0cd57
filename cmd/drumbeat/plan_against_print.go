package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

func (c change) print(w io.Writer, format string) error {
	if format == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(c)
	}
	var b strings.Builder
	b.WriteString(c.Verdict + "\n")
	if !c.nothing {
		fmt.Fprintf(&b, "  %s takes the place of %s on %s; this week is %s to %s, %s\n", c.Config, c.Against, localTime(c.At, c.zone), c.Week.First, c.Week.Last, c.Week.Zone)
	}
	for _, note := range c.Notes {
		b.WriteString("  " + note + "\n")
	}
	if !c.nothing {
		c.printDigests(&b)
		c.printSchedules(&b)
		c.printTicks(&b)
		c.printRecipients(&b)
		c.printSettings(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// verdict is the one line that whoever reads no further has read.
func (c change) verdict(refused bool) string {
	switch {
	case c.nothing:
		return "nothing changes"
	case c.Counts == nil:
		return "who gets a digest twice this week, or misses one, is not known"
	case refused:
		return "no digest goes out: the worker does not begin on the ledger of another environment"
	}
	n := *c.Counts
	var parts []string
	if n.Missing > 0 {
		parts = append(parts, persons(n.Missing, "misses a digest", "miss a digest"))
	}
	if n.Twice > 0 {
		words := []string{"gets two of one kind", "get two of one kind"}
		if slices.ContainsFunc(c.Digests, func(d weekChange) bool { return d.Effect == isTwice && len(d.After) != 2 }) {
			words = []string{"gets more of one kind than without the change", "get more of one kind than without the change"}
		}
		parts = append(parts, persons(n.Twice, words[0], words[1]))
	}
	if n.Missing+n.Twice == 0 {
		parts = append(parts, "nobody gets a digest twice or misses one")
	}
	if n.Fewer > 0 {
		parts = append(parts, persons(n.Fewer, "gets fewer", "get fewer"))
	}
	if n.First > 0 {
		parts = append(parts, persons(n.First, "gets one that would not come without the change", "get one that would not come without the change"))
	}
	return strings.Join(parts, ", ") + " this week"
}

func persons(n int, one, many string) string {
	if n == 1 {
		return "1 person " + one
	}
	return fmt.Sprintf("%d people %s", n, many)
}

// notes are what else whoever makes the change has to know.
func (a *against) notes(c change) []string {
	notes := []string{}
	if c.nothing {
		return notes
	}
	if c.Calm != nil {
		notes = append(notes, fmt.Sprintf("made on %s, nobody would get a digest twice or miss one: look with --from %s", localTime(*c.Calm, c.zone), c.Calm.Format(time.RFC3339)))
	}
	var needs []string
	for _, k := range c.Settings {
		if k.Restart {
			needs = append(needs, k.Key)
		}
	}
	if len(needs) > 0 {
		notes = append(notes, "a restart is needed: "+strings.Join(needs, ", ")+" cannot change while it runs")
	}
	if a.refused {
		notes = append(notes, "environment: a ledger belongs to one; give state.dsn its own, or leave environment as it is")
	}
	if a.otherState {
		notes = append(notes, "state.dsn: the other ledger knows nothing of what went out by this one (relative paths are relative to each config's folder)")
	}
	if domain(a.old.Mail.From.Address) != domain(a.new.Mail.From.Address) {
		notes = append(notes, "mail.from: Message-IDs end with its domain; mails that are made already keep theirs")
	}
	if a.known && !c.Ledger {
		notes = append(notes, "there is no ledger yet: what fell due until then is taken for sent")
	}
	for _, s := range c.Schedules {
		if s.State == isRenamed {
			notes = append(notes, fmt.Sprintf("another name is another schedule: what %s sent does not count for %s, which begins with its next tick; what waits of the old one still goes out", *s.Was, s.Schedule))
		}
	}
	return notes
}

// printDigests groups readers to whom the same happens for the same reason.
func (c change) printDigests(b *strings.Builder) {
	heads := map[string]string{isMissing: "No digest this week", isTwice: "More than without the change", isFewer: "Fewer than without the change", isFirst: "New this week"}
	for _, effect := range []string{isMissing, isTwice, isFewer, isFirst} {
		var groups []string
		people := map[string][]string{}
		for _, d := range c.Digests {
			if d.Effect != effect {
				continue
			}
			text := c.story(d)
			if people[text] == nil {
				groups = append(groups, text)
			}
			people[text] = append(people[text], d.Address)
		}
		if len(groups) > 0 {
			b.WriteString("\n" + heads[effect] + "\n")
		}
		for _, text := range groups {
			b.WriteString(text + wrapped("    ", people[text]))
		}
	}
}

// story is what happens to one reader, without the name.
func (c change) story(d weekChange) string {
	var b strings.Builder
	list := func(all []weekDigest) string {
		var parts []string
		for _, one := range all {
			parts = append(parts, c.oneDigest(one))
		}
		if parts == nil {
			return "none"
		}
		return strings.Join(parts, "; ")
	}
	fmt.Fprintf(&b, "  %s digest, without the change: %s\n", d.Kind, list(d.Before))
	fmt.Fprintf(&b, "  %*s with it: %s\n", len(d.Kind)+len(" digest, without the change")-len(" with it"), "", list(d.After))
	if d.Why != nil {
		b.WriteString("  why: " + *d.Why + "\n")
	}
	if d.Mend != nil {
		b.WriteString("  what mends it: " + *d.Mend + "\n")
	}
	return b.String()
}

func (c change) oneDigest(d weekDigest) string {
	day, err := pipeline.ParseDate(d.Period)
	text := d.Period
	if err == nil {
		text = day.Weekday().String()[:3] + " " + text
	}
	text += " of " + d.Schedule
	switch {
	case d.AtOnce:
		return text + ", at once"
	case d.Sent && d.At != nil && d.At.After(c.At):
		return text + ", waits for its hour"
	case d.Sent:
		return text + ", sent"
	}
	return text
}

func (c change) printSchedules(b *strings.Builder) {
	var rows [][]string
	for _, s := range c.Schedules {
		if s.State == isSame {
			continue
		}
		name := s.Schedule
		if s.Was != nil {
			name = *s.Was + " → " + s.Schedule
		}
		first := []string{"  " + name, s.State}
		for i, k := range s.Keys {
			if i > 0 {
				first = []string{"", ""}
			}
			rows = append(rows, append(first, k.text()))
		}
		if len(s.Keys) == 0 {
			rows = append(rows, first)
		}
	}
	section(b, "Schedules", rows)
}

func (k keyChange) text() string {
	if k.Old == nil || k.New == nil {
		return k.Key + ": changed"
	}
	return fmt.Sprintf("%s: %s → %s", k.Key, *k.Old, *k.New)
}

func (c change) printTicks(b *strings.Builder) {
	rows := [][]string{{"", "without the change", "with it"}}
	for _, s := range c.Schedules {
		if !s.moved() {
			continue
		}
		for _, m := range s.Ticks {
			row := []string{s.Schedule, s.tick(m.Old, true), s.tick(m.New, false)}
			if m.AtOnce {
				row = append(row, "at once")
			}
			rows = append(rows, row)
		}
	}
	if len(rows) > 1 {
		section(b, "Runs moved", rows)
	}
}

func (s scheduleChange) tick(t *agendaTick, old bool) string {
	if t == nil {
		return "-"
	}
	of := s.after
	if old {
		of = s.before
	}
	at, err := time.Parse(time.RFC3339, t.UTC)
	if err != nil {
		return t.UTC // cannot be: it is ours
	}
	text := at.In(of.Zone).Format("Mon 2006-01-02 15:04 -07:00") + " " + t.Zone
	if of.RecipientZone {
		text = at.In(of.Zone).Format("Mon 2006-01-02 15:04") + " of each recipient"
	}
	return text
}

func (c change) printRecipients(b *strings.Builder) {
	if c.Recipients == nil {
		return
	}
	var groups []string
	people := map[string][]string{}
	for _, p := range c.Recipients {
		text := p.Schedule + ": " + map[string]string{isAdded: "added", isDropped: "dropped", isElsewhere: "another address", isOtherTeam: "another scope"}[p.Change]
		who := p.who()
		if p.Why != nil {
			text += ", " + *p.Why
		}
		if p.Change == isOtherTeam && p.Reps != nil && p.RepsOld != nil {
			who += fmt.Sprintf(" (%d → %d reps)", *p.RepsOld, *p.Reps)
		}
		if people[text] == nil {
			groups = append(groups, text)
		}
		people[text] = append(people[text], who)
	}
	if len(groups) > 0 {
		b.WriteString("\nRecipients\n")
	}
	for _, text := range groups {
		fmt.Fprintf(b, "  %s\n%s", text, wrapped("    ", people[text]))
	}
}

func (c change) printSettings(b *strings.Builder) {
	var rows [][]string
	for _, k := range c.Settings {
		text := "  " + k.text()
		if k.Restart {
			text += "  (needs a restart)"
		}
		rows = append(rows, []string{text})
	}
	section(b, "Other keys", rows)
}

// section writes a heading and rows in columns below it; nothing where there are none.
func section(b *strings.Builder, head string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n" + head + "\n")
	for _, line := range aligned(rows) {
		b.WriteString("  " + strings.TrimRight(line, " \n") + "\n")
	}
}

// wrapped lists words on lines of about a hundred columns.
func wrapped(indent string, words []string) string {
	var b strings.Builder
	line := indent
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+len(word) > 100 && line != indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	return b.String() + strings.TrimRight(line, " ") + "\n"
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
