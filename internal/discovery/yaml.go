package discovery

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Days is how long deals stay in a stage, as health learned it.
type Days struct {
	Median    pipeline.Opt[float64] // days by which half of all visits are over
	Threshold float64               // days after which a deal counts as stalled
	Learned   bool                  // else the default
	Least     bool                  // it would be shorter, but no threshold is
	Advanced  int                   // visits that moved on, from which it is learned
}

// Process writes process.yaml, annotated for the person who has to finish it. days may lack stages, or be nil. The first
// version is effective on the first day of the history, at UTC.
func (d *Draft) Process(days map[string]Days) []byte {
	var b strings.Builder
	d.head(&b, days)
	for i := range d.Stages {
		if i > 0 {
			b.WriteString("\n")
		}
		d.stage(&b, &d.Stages[i], days)
	}
	d.tail(&b)
	return []byte(b.String())
}

const guide = `# What only you can say, in the order in which it pays:
#   1. expects: one sentence on what the BUYER has done when a deal enters the stage. It is asked in digests.
#   2. Is the order right, is each stage one of yours, are two of them the same (crm_stages may list several names)?
#   3. mandatory: false where a deal may skip the stage. Here it stands where under two thirds of those who came past
#      had been in it; perhaps they should have been.
#   4. requires: the proof that the buyer is there. What your data could show stands below, behind "#".
#   5. phase: before, where a stage is still lead generation. The draft knows selling and after (entered after winning).
# A later change of the process is a new version with its own date: the past stays judged by the old one.
# All keys, with examples: config/process.yaml of Drumbeat. Check your changes with: drumbeat check

`

func (d *Draft) head(b *strings.Builder, days map[string]Days) {
	b.WriteString("# A first draft of your sales process, made from what " + Counted(d.Deals, "deal") + " did")
	if !d.First.IsZero() {
		fmt.Fprintf(b, " from %s to %s", day(d.First), day(d.Last))
	}
	b.WriteString(".\n#\n" + guide)
	name := "sales"
	if len(d.Pipelines) == 1 || d.Of != "" {
		name = cmp.Or(oneLine(d.Pipelines[0].Name), name)
	}
	fmt.Fprintf(b, "process: %s    # as digests shall call it\n\n", Scalar(name))
	d.pipelines(b)
	d.closedStages(b)
	if d.NoHistory {
		b.WriteString("# The source has no history of stages: these are the stages in which deals rest now, ordered " + d.Guess + ".\n" +
			"# That is a guess; put them in your order.\n")
	}
	first := d.First
	if first.IsZero() {
		first = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if len(days) > 0 && !d.NoHistory {
		b.WriteString("# Days are those of the year before the last of these deals; reports learn them anew.\n")
	}
	fmt.Fprintf(b, "versions:\n  - effective: %s    # the first day of the history, so that the past is judged by this draft\n    stages:\n", day(first))
}

func (d *Draft) pipelines(b *strings.Builder) {
	if len(d.Pipelines) < 2 {
		return
	}
	var others []string
	for _, p := range d.Pipelines {
		switch {
		case p.Name == d.Of:
		case p.Name == "":
			others = append(others, fmt.Sprintf("%s without a pipeline", Counted(p.Deals, "deal")))
		default:
			others = append(others, fmt.Sprintf("%q with %s", p.Name, Counted(p.Deals, "deal")))
		}
	}
	if d.Of == "" {
		comment(b, "", "Most deals name no pipeline, so this draft is of all of them. There are also "+few(others)+".")
		b.WriteString("\n")
		return
	}
	comment(b, "", fmt.Sprintf("This draft is of the largest pipeline. Left out: %s. Another process has a config of its own.", few(others)))
	fmt.Fprintf(b, "pipelines: [%s]\n\n", Scalar(d.Of))
}

func (d *Draft) closedStages(b *strings.Builder) {
	if len(d.Won)+len(d.Lost) == 0 {
		b.WriteString("# No name of a stage means the end here: deals close by their outcome alone. Else:\n# closed_stages: {won: [Closed Won], lost: [Closed Lost]}\n\n")
		return
	}
	b.WriteString("# The names that mean the end: deals close as they enter them.\n")
	list := func(all []Closed) string {
		var names []string
		for _, c := range all {
			names = append(names, Scalar(c.Name))
		}
		return "[" + strings.Join(names, ", ") + "]"
	}
	for _, c := range slices.Concat(d.Won, d.Lost) {
		outcome := "won"
		if slices.Contains(d.Lost, c) {
			outcome = "lost"
		}
		comment(b, "", fmt.Sprintf("  %q: %s", c.Name, c.evidence(outcome, d.NoHistory)))
	}
	fmt.Fprintf(b, "closed_stages: {won: %s, lost: %s}\n\n", list(d.Won), list(d.Lost))
}

// evidence says what makes it a name that closes deals.
func (c *Closed) evidence(outcome string, noHistory bool) string {
	var parts []string
	if c.Deals > 0 {
		parts = append(parts, fmt.Sprintf("entered by %s, %s of them %s as they did", Counted(c.Deals, "deal"), Percent(c.Closed, c.Deals), outcome))
	}
	if c.Rested > 0 {
		rest, came := fmt.Sprintf("%s rest in it, all of them %s", Counted(c.Rested, "deal"), outcome), "they came"
		if c.Rested == 1 {
			rest, came = "1 deal rests in it, "+outcome, "it came"
		}
		if !noHistory {
			rest += ", and the history does not say that " + came
		}
		parts = append(parts, rest)
	}
	return strings.Join(parts, "; ")
}

// stage writes one, with what is known of it before it.
func (d *Draft) stage(b *strings.Builder, s *Stage, days map[string]Days) {
	const in = "      "
	for _, line := range d.story(s, days) {
		comment(b, in, line)
	}
	fmt.Fprintf(b, in+"- key: %s\n", Scalar(s.Key))
	field := func(format string, args ...any) { fmt.Fprintf(b, in+"  "+format+"\n", args...) }
	field("name: %s", Scalar(s.Name))
	field("phase: %s", s.Phase)
	if len(s.CRMStages) > 1 || s.CRMStages[0] != s.Name {
		var names []string
		for _, n := range s.CRMStages {
			names = append(names, Scalar(n))
		}
		field("crm_stages: [%s]", strings.Join(names, ", "))
	}
	field("expects: %s", Scalar(expects(s)))
	if !s.Mandatory {
		field("mandatory: false")
	}
	if s.Final {
		field("final: true                      # deals rest here: days are not measured")
	}
	if chance := d.WinChance(s); chance.OK {
		field("win_probability: %s            # taken where the CRM states none", strconv.FormatFloat(chance.V, 'f', 2, 64))
	}
	if k, known := days[s.Key]; known && k.Learned && !s.Final {
		field("# stall_after: %-3s               # would fix the days; left out, they are learned anew with every report", strconv.Itoa(ceil(k.Threshold))+"d")
	}
	d.requires(b, s, in+"  ")
}

// expects is no sentence about the buyer, and reads like none wherever a digest puts it.
func expects(s *Stage) string {
	return "Not written yet: what the buyer has done when a deal enters " + s.Name
}

// story tells what the data say of a stage, a sentence or two a line.
func (d *Draft) story(s *Stage, days map[string]Days) []string {
	var out []string
	if d.NoHistory {
		out = append(out, fmt.Sprintf("%s here now, %s open and %s closed.", Counted(s.Deals, "deal"), Number(s.Deals-s.Closed), Number(s.Closed)))
	} else {
		visited := "Visited by " + Counted(s.Deals, "deal")
		if s.Visits > s.Deals {
			visited += fmt.Sprintf(", %s in all", Counted(s.Visits, "time"))
		}
		if chance := d.WinChance(s); chance.OK {
			visited += fmt.Sprintf("; %s of those closed were won (n = %s)", Percent(s.Won, s.Closed), Number(s.Closed))
		}
		out = append(out, visited+".")
		if past := d.passed(s); past != "" {
			out = append(out, past)
		}
	}
	if k, known := days[s.Key]; known && !s.Final && !d.NoHistory {
		out = append(out, stay(k))
	}
	if r := s.Renamed; r != nil {
		out = append(out, fmt.Sprintf("%q was last entered on %s, and %q came on %s: taken as one stage under a new name. If they are two, part them.",
			r.Old, day(r.Until), r.New, day(r.From)))
	}
	return out
}

func (d *Draft) passed(s *Stage) string {
	who := Counted(s.Past, "deal") + " that came past it"
	if s.Phase == process.Selling && d.Traced[pipeline.Won] >= handful {
		who = Counted(s.Past, "deal") + " won"
	}
	switch {
	case s.Past == 0:
		return ""
	case s.Passed == s.Past:
		return fmt.Sprintf("All of the %s had been in it.", who)
	}
	out := fmt.Sprintf("Of the %s, %s had been in it", who, Percent(s.Passed, s.Past))
	if !s.Mandatory && !s.Final {
		out += ", so it is not mandatory"
	}
	return out + "."
}

// stay says how long deals are in a stage.
func stay(k Days) string {
	var parts []string
	if k.Median.OK {
		parts = append(parts, "half of all stays are over by "+dayCount(k.Median.V))
	}
	switch {
	case k.Learned && k.Least:
		parts = append(parts, fmt.Sprintf("three quarters of those that move on have moved within %s (n = %s); nobody counts as stalled sooner", dayCount(k.Threshold), Number(k.Advanced)))
	case k.Learned:
		parts = append(parts, fmt.Sprintf("a deal is stalled after %s, when three quarters of those that move on have moved (n = %s)", dayCount(k.Threshold), Number(k.Advanced)))
	default:
		parts = append(parts, fmt.Sprintf("too few moved on to learn when a deal is stalled (n = %s): %s until then", Number(k.Advanced), dayCount(k.Threshold)))
	}
	s := strings.Join(parts, "; ")
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// requires writes what could be asked of a stage, as a comment.
func (d *Draft) requires(b *strings.Builder, s *Stage, in string) {
	written := false
	d.winning(b, s, in)
	for _, p := range d.Proofs {
		if p.Stage != s.Key || p.winsIn(s) {
			continue
		}
		if !written {
			b.WriteString(in + "# Your data could show this; say in your words what it proves, and take away the \"#\" from \"requires\" on:\n" + in + "# requires:\n")
			written = true
		}
		by := "{criterion: " + Scalar(p.What) + "}"
		if p.Activity {
			by = "{activity: {kind: " + Scalar(p.What) + ", party: buyer}}"
		}
		told := "seen in " + Counted(p.Deals, "deal")
		if p.Closed >= handful {
			told += fmt.Sprintf("; %s of those closed were won (n = %s)", Percent(p.Won, p.Closed), Number(p.Closed))
			if p.Won == p.Closed && s.Phase != process.After {
				told += ": perhaps it is the winning itself"
			}
		}
		fmt.Fprintf(b, in+"#   - key: %s    # %s\n"+in+"#     says: %s\n"+in+"#     met_by: %s\n", Scalar(p.Key), told, Scalar("Not written yet: what the buyer has done"), by)
		if p.Within > 3 && p.Within < mostDays {
			fmt.Fprintf(b, in+"#     grace: %-4s    # by then three quarters had it, of those that had it nearest to this stage\n", strconv.Itoa(p.Within)+"d")
		}
	}
}

// winning names what is no proof of a stage but the winning itself, as prose: nobody shall require it by taking away marks.
func (d *Draft) winning(b *strings.Builder, s *Stage, in string) {
	for _, p := range d.Proofs {
		if p.Stage != s.Key || !p.winsIn(s) {
			continue
		}
		what := fmt.Sprintf("criterion %q", p.What)
		if p.Activity {
			what = fmt.Sprintf("buyer's activity %q", p.What)
		}
		comment(b, in, fmt.Sprintf("Better not required: the %s is the winning itself, it seems. Of the %s that have it %s were won, and %s of these",
			what, Counted(p.Deals, "deal"), Percent(p.Won, p.Deals), Percent(p.Ending, p.Won)))
		comment(b, in, "had it only as they closed. No deal could show it in time.")
	}
}

func (p *Proof) winsIn(s *Stage) bool { return s.Phase != process.After && p.Winning() }

// tail lists what was left out.
func (d *Draft) tail(b *strings.Builder) {
	if len(d.Aside) == 0 {
		return
	}
	b.WriteString("\n# Names that are no stage here: rare, perhaps slips. Moves into them are counted as unknown to the process. If one is a stage,\n" +
		"# write it into the list above; if it is another name of one, add it to the crm_stages of that stage.\n")
	for _, a := range d.Aside[:min(len(d.Aside), mostAside)] {
		comment(b, "", fmt.Sprintf("  %q, %s (%s): %s", a.Name, Counted(a.Deals, "deal"), a.Why, a.Proposal.short()))
	}
	if n := len(d.Aside) - mostAside; n > 0 {
		comment(b, "", fmt.Sprintf("  and %s more, rarer still", Number(n)))
	}
}

// comment writes one line of it; names in it cannot end it early.
func comment(b *strings.Builder, in, s string) { b.WriteString(in + "# " + s + "\n") }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func few(names []string) string {
	if n := len(names) - 5; n > 0 {
		names = append(slices.Clone(names[:5]), fmt.Sprintf("%d more", n))
	}
	return strings.Join(names, ", ")
}

// Counted is a number of things, in words that fit it.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Number(n) + " " + thing + "s"
}

// Number writes a whole number with commas.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// dayCount says a stretch as people do: days, or what is shorter in hours or minutes.
func dayCount(days float64) string {
	switch {
	case days < 1.0/24:
		return Counted(max(1, int(24*60*days+0.5)), "minute")
	case days < 1:
		return Counted(int(24*days+0.5), "hour")
	case days < 10 && days != math.Trunc(days):
		return strings.TrimSuffix(strconv.FormatFloat(days, 'f', 1, 64), ".0") + " days"
	}
	return Counted(int(days+0.5), "day")
}

func ceil(days float64) int {
	whole := int(days)
	if float64(whole) < days {
		whole++
	}
	return max(1, whole)
}

// plain text needs no quotes in YAML, in a list neither.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9_./]$|^[A-Za-z]$`)

// words of YAML, old and new, that are no text.
var yamlWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// Scalar writes text so that YAML reads it as that text.
func Scalar(s string) string {
	if plain.MatchString(s) && !slices.Contains(yamlWords, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // text is always encoded
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
