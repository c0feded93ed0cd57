package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// agenda is what plan prints; its JSON is for programs, and stands in the command's help.
type agenda struct {
	From      time.Time        `json:"from"`
	Schedules []agendaSchedule `json:"schedules"`
}

type agendaSchedule struct {
	Schedule   string            `json:"schedule"`
	Digest     string            `json:"digest"`
	Ticks      []agendaTick      `json:"ticks"`
	Recipients []agendaRecipient `json:"recipients"` // nil: not known
}

type agendaTick struct {
	Local       string  `json:"local"`
	Zone        string  `json:"zone"`
	UTC         string  `json:"utc"`
	ClockChange *string `json:"clock_change"`
}

type agendaRecipient struct {
	Address *string     `json:"address"`
	Kind    string      `json:"kind"`
	Rep     *string     `json:"rep"`
	Name    *string     `json:"name"`
	Scope   agendaScope `json:"scope"`
	Hour    *agendaHour `json:"hour"` // the recipient's own
	NoMail  *string     `json:"no_mail"`
}

type agendaScope struct {
	Reps  int `json:"reps"`
	Deals int `json:"deals"`
}

type agendaHour struct {
	Local string `json:"local"`
	Zone  string `json:"zone"`
	atEnd bool   // it would be before the end of the period
}

func (a agenda) print(w io.Writer, format string) error {
	if format == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(a)
	}
	var ticks, people [][]string
	for _, s := range a.Schedules {
		for _, t := range s.Ticks {
			ticks = append(ticks, t.cells(s.Schedule))
		}
		for _, r := range s.Recipients {
			people = append(people, r.cells())
		}
	}
	// Columns are aligned over all schedules, so that the eye can go down them.
	tickLines, peopleLines := aligned(ticks), aligned(people)
	var b strings.Builder
	for i, s := range a.Schedules {
		if i > 0 {
			b.WriteString("\n")
		}
		var some []string
		some, tickLines = tickLines[:len(s.Ticks)], tickLines[len(s.Ticks):]
		b.WriteString(strings.Join(some, ""))
		some, peopleLines = peopleLines[:len(s.Recipients)], peopleLines[len(s.Recipients):]
		if len(some) > 0 {
			b.WriteString("\n" + strings.Join(some, ""))
		} else if s.Recipients != nil {
			b.WriteString("\nnobody is meant\n")
		}
	}
	_, err := io.WriteString(shown(w), b.String())
	return err
}

func (t agendaTick) cells(schedule string) []string {
	cells := []string{schedule, t.Local, t.Zone, t.UTC}
	if t.ClockChange != nil {
		cells = append(cells, "clock change: "+*t.ClockChange)
	}
	return cells
}

// cells are plural whatever the number: programs read them.
func (r agendaRecipient) cells() []string {
	address, rest := "-", []string{}
	if r.Address != nil {
		address = *r.Address
	}
	if r.Hour != nil {
		hour := "at " + r.Hour.Local + " " + r.Hour.Zone
		if r.Hour.atEnd {
			hour += " (the period ends then)"
		}
		rest = append(rest, hour)
	}
	if r.NoMail != nil {
		why := "no mail: " + *r.NoMail
		if r.Address == nil {
			why += " (" + r.who() + ")"
		}
		rest = append(rest, why)
	}
	return append([]string{address, r.Kind, fmt.Sprintf("scope: %d reps, %d deals", r.Scope.Reps, r.Scope.Deals)}, rest...)
}

// who names somebody who has no address.
func (r agendaRecipient) who() string {
	var parts []string
	for _, p := range []*string{r.Name, r.Rep} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	return strings.Join(parts, ", ")
}

// aligned gives a line for each row, its cells in columns.
func aligned(rows [][]string) []string {
	var b bytes.Buffer
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.Join(strings.Fields(cell), " ") // names may hold anything
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush() // into memory
	lines := strings.SplitAfter(b.String(), "\n")
	return lines[:len(lines)-1] // after the last line's end there is nothing
}
