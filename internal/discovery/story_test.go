package discovery

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// The tests tell what deals did and ask what is made of it. One word is a stage entered, a day after the one before; won and
// lost close the deal a day later; "x5" at the end makes it five such deals:
//
//	tell(t, "Lead Proposal Won! won x5", "Lead lost")
//
// A word with ! is entered as the deal closes, one with a + a week after that.

var monday = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// asOf is long after every story.
var asOf = monday.AddDate(1, 0, 0)

// a teller hands deals to a survey.
type teller struct {
	survey *Survey
	n      int
	start  time.Time
	line   string // the pipeline
	mover  string
	change func(h *pipeline.History)
}

func newTeller() *teller { return &teller{survey: NewSurvey(asOf), start: monday} }

func tell(stories ...string) *Survey {
	t := newTeller()
	for _, s := range stories {
		t.tell(s)
	}
	return t.survey
}

func (t *teller) tell(story string) {
	words := strings.Fields(story)
	times := 1
	if _, err := fmt.Sscanf(words[len(words)-1], "x%d", &times); err == nil {
		words = words[:len(words)-1]
	}
	for range times {
		t.n++
		h := t.deal(words)
		if t.change != nil {
			t.change(h)
		}
		t.survey.Add(h)
	}
}

func (t *teller) deal(words []string) *pipeline.History {
	h := &pipeline.History{Deal: pipeline.Deal{ID: fmt.Sprint("D", t.n), RepID: "owner", Pipeline: t.line, CreatedAt: t.start, Outcome: pipeline.Open}}
	for _, w := range words {
		if w == "won" || w == "lost" {
			h.Deal.Outcome = pipeline.Outcome(w)
			h.Deal.ClosedAt = pipeline.Some(t.start.AddDate(0, 0, len(words)))
		}
	}
	for i, w := range words {
		at := t.start.AddDate(0, 0, i)
		name, entry := strings.TrimRight(w, "!+"), at
		switch {
		case w == "won" || w == "lost":
			continue
		case strings.HasSuffix(w, "!"):
			entry = h.Deal.ClosedAt.V
		case strings.HasSuffix(w, "+"):
			entry = h.Deal.ClosedAt.V.AddDate(0, 0, 7+i)
		}
		h.Changes = append(h.Changes, pipeline.StageChange{Stage: strings.ReplaceAll(name, "_", " "), At: entry, RepID: t.mover, Seq: pipeline.Some(int64(i))})
	}
	return h
}

// drafted gives the draft, which must be one that process reads.
func drafted(t *testing.T, s *Survey) *Draft {
	t.Helper()
	d, err := s.Draft()
	if err != nil {
		t.Fatal(err)
	}
	read(t, d)
	return d
}

func read(t *testing.T, d *Draft) *process.Process {
	t.Helper()
	text := d.Process(nil)
	p, faults := readText(string(text))
	if len(faults) > 0 {
		t.Fatalf("the draft is not valid: %v\n%s", faults, text)
	}
	return p
}

// sketch is a draft in one line: stages in order, (optional), after stages behind >, * for final; then what closes.
func sketch(d *Draft) string {
	var b strings.Builder
	after := false
	for _, s := range d.Stages {
		if s.Phase == process.After && !after {
			b.WriteString("> ")
			after = true
		}
		name := s.Name
		if s.Final {
			name += "*"
		} else if !s.Mandatory {
			name = "(" + name + ")"
		}
		b.WriteString(name + " ")
	}
	for _, c := range d.Won {
		b.WriteString("+" + c.Name + " ")
	}
	for _, c := range d.Lost {
		b.WriteString("-" + c.Name + " ")
	}
	return strings.TrimSpace(b.String())
}

func readText(text string) (*process.Process, fault.List) {
	return process.Read("process.yaml", []byte(text), time.UTC)
}
