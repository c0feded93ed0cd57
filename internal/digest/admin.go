package digest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/words"
)

// The operator's digest: what ran, what became of it, and what a person has to mend. It is made from the
// ledger's record of runs and holds no figure of a deal or a rep; names and addresses stand in it only where
// somebody cannot be reached.

// Cause says why an admin's digest is made.
type Cause string

// The causes. All but OnSchedule are told at once, each at most once for a run or a day.
const (
	OnSchedule Cause = ""          // everything since the last one
	NotMade    Cause = "not made"  // digests are due and cannot be made
	MadeLate   Cause = "made late" // they were made after all
	Missed     Cause = "missed"    // ticks that nobody makes up for
	Trouble    Cause = "trouble"   // digests of a run did not arrive, or its data are in doubt
	Ended      Cause = "ended"     // more of them failed after that was told
	Refused    Cause = "refused"   // a changed config could not be taken
)

// Operations is what an admin's digest is built from.
type Operations struct {
	Recipient           Recipient
	Schedule            string // the admin schedule
	Cause               Cause
	Location            *time.Location // of every hour in the digest
	At, Since           time.Time      // when it is made, and from when on it tells; Since is zero where it tells of single runs
	Runs                []RunRecord
	Due                 []DueTick         // could not be made so far
	Missed              []DueTick         // will not be made
	Next                []DueTick         // what comes next
	Data                *DataState        // nil: not looked at
	Refused             *Refusal          // nil: the config as it stands is in force
	NoAddress           []Person          // active people without an address that can be used
	Names               map[string]string // by rep id
	Config              string            // its file, as the program was told it
	Alone               bool              // while the worker runs, nobody else may run schedules: its ledger is a file
	Version             string            // of config and program
	Stop, View, StopURL string            // as in Input
	Voice               *words.Voice      // as in Input
}

// RunRecord is one run with its deliveries. Times that are zero are not known or have not come.
type RunRecord struct {
	Schedule     string
	Span         pipeline.Span
	Period       pipeline.Date // its end: the first day that no longer counts
	Tick         time.Time     // zero: called by hand
	OwnHour      bool          // the hour is each recipient's own
	Began, Ended time.Time
	Mails        []MailRecord
}

// MailRecord is one delivery of a run.
type MailRecord struct {
	ID             int64 // in the ledger
	RepID, Address string
	State          string // the ledger's: pending, sending, sent, failed, unknown, skipped
	Made           bool   // there is a mail; false where making it failed
	Reason         string
}

// DueTick is a tick of a schedule; Why says what hinders it.
type DueTick struct {
	Schedule string
	At       time.Time
	Why      string
	Unfit    bool       // it was not made because of its data: whoever makes it has to accept them
	Setup    bool       // the config is at fault, not the database
	Data     *DataState // what was read is not to be trusted; nil: nothing could be read
}

// Person is somebody whom no mail reaches.
type Person struct{ ID, Name, Why string }

// DataState says how fresh and how complete the pipeline database looked.
type DataState struct {
	AsOf   time.Time
	Window time.Duration
	Newest pipeline.Opt[time.Time] // when anything last happened in it
	Rows   map[string]int64        // by kind
	Before map[string]int64        // as the run before saw them; nil: there was none
}

// Rows that shrink by more than a tenth since the run before are in doubt: a pipeline's history only grows,
// unless it was loaded by half. Few rows prove nothing.
const fewRows = 20

func shrunk(now, before int64) bool { return before >= fewRows && 10*now < 9*before }

// Stale says whether nothing has happened for longer than the window, and at least a week.
func (s *DataState) Stale() bool {
	return s.Newest.OK && s.AsOf.Sub(s.Newest.V) > max(7*24*time.Hour, s.Window)
}

// Doubtful says whether digests made from the data may mislead.
func (s *DataState) Doubtful() bool {
	if s.Stale() || s.empty() {
		return true
	}
	return len(s.Fewer()) > 0
}

// Unfit says whether digests must not be made from the data at all: there are no deals, nothing has happened for
// longer than the window, or more than a third of the rows of some kind is gone since the run before (but of waivers, which people take back).
// Such a database
// is being loaded, or its load has stopped.
func (s *DataState) Unfit() bool {
	if s.empty() || s.Stale() {
		return true
	}
	for kind, before := range s.Before {
		if kind != string(pipeline.Waivers) && before >= fewRows && 3*s.Rows[kind] < 2*before {
			return true
		}
	}
	return false
}

func (s *DataState) empty() bool {
	deals, counted := s.Rows[string(pipeline.Deals)]
	return counted && deals == 0
}

// Fewer are the kinds of which there are markedly fewer rows than at the run before.
func (s *DataState) Fewer() (out []string) {
	for _, kind := range s.kinds() {
		if shrunk(s.Rows[kind], s.Before[kind]) {
			out = append(out, kind)
		}
	}
	return out
}

// kinds of rows, in the order of the table.
func (s *DataState) kinds() (out []string) {
	for _, k := range pipeline.AllRows {
		_, now := s.Rows[string(k)]
		_, before := s.Before[string(k)]
		if now || before {
			out = append(out, string(k))
		}
	}
	return out
}

// BuildAdmin makes the operator's digest. Its Empty says that nothing ran, nothing is due and nothing is amiss.
func BuildAdmin(in Operations) (*Digest, error) {
	if in.Recipient.Kind != Admin {
		return nil, fmt.Errorf("build admin digest of %s: a %q digest is not made from the ledger", in.Recipient.Address, in.Recipient.Kind)
	}
	if in.At.IsZero() {
		return nil, errors.New("build admin digest: it has no instant")
	}
	if in.Location == nil {
		in.Location = time.UTC
	}
	in.Runs = slices.Clone(in.Runs) // others build theirs from the same
	slices.SortStableFunc(in.Runs, func(a, b RunRecord) int { return cmp.Compare(a.Period, b.Period) })
	o := &operator{speaker: newSpeaker(in.Voice), Operations: in, sum: map[string]int{}}
	for _, r := range in.Runs {
		r.count(o.sum)
	}
	d := o.digest()
	if o.err != nil {
		return nil, fmt.Errorf("build admin digest of %s: %w", in.Recipient.Address, o.err)
	}
	return d, nil
}

// The groups that mails are counted in.
const (
	groupSent    = "sent"
	groupFailed  = "failed"
	groupUnknown = "unknown"
	groupWaiting = "waiting"
	groupSkipped = "skipped"
)

func (m MailRecord) group() string {
	switch m.State {
	case "pending", "sending":
		return groupWaiting
	}
	return m.State
}

// count adds the run's mails to their groups.
func (r RunRecord) count(by map[string]int) {
	for _, m := range r.Mails {
		by[m.group()]++
	}
}

// counted tells a phrase how many mails are in each group.
func counted(by map[string]int) (pairs []any) {
	for _, group := range []string{groupSent, groupFailed, groupUnknown, groupWaiting, groupSkipped} {
		pairs = append(pairs, group, by[group])
	}
	return pairs
}

type operator struct {
	*speaker
	Operations
	sum map[string]int // by group, over all runs
}

func (o *operator) digest() *Digest {
	part := &AdminPart{Skipped: o.skipped(), Setup: o.setup(), Runs: o.runRows()}
	part.Todo, part.TodoMore = o.leading(o.todo())
	o.data(part)
	d := &Digest{Kind: Admin, Schedule: line(o.Schedule, 60), Locale: o.Locale(), Language: o.Language(), Range: o.clock(o.At), Admin: part,
		Recipient: RepRef{ID: cmp.Or(o.Recipient.Rep.ID, o.Recipient.Address), Name: personName(o.Recipient.Rep.Name, o.Recipient.Rep.ID)},
		Empty:     o.nothing()}
	d.Title = o.title()
	items := o.headlines()
	news := o.news(part)
	d.News = sentenceOf(news)
	d.Preheader = plain(preheader(news, o.say("admin preheader")))
	d.Subject = plain(o.subject(d.Title, items))
	d.About = o.about()
	return d
}

// nothing says that there is no news. Somebody without an address is none: that is told beside the runs.
func (o *operator) nothing() bool {
	return o.Cause == OnSchedule && len(o.Runs) == 0 && len(o.Due) == 0 && len(o.Missed) == 0 && o.Refused == nil && (o.Data == nil || !o.Data.Doubtful())
}

// title is what the mail is about, the period's word in front where all runs share one.
func (o *operator) title() string {
	switch {
	case o.Cause == NotMade && o.fault().Setup:
		return o.say("admin title misfit")
	case o.Cause == NotMade && o.fault().Data != nil:
		return o.say("admin title held")
	case o.Cause == NotMade, len(o.Runs) == 0 && len(o.Due) > 0:
		return o.say("admin title unread")
	case o.Cause == Missed:
		return o.say("admin title missed")
	case o.Cause == Refused:
		return o.say("admin title refused")
	case len(o.Runs) == 0 && o.Cause == MadeLate:
		return o.say("admin title readable")
	case len(o.Runs) == 0:
		return o.say("admin title nothing due")
	}
	span := o.Runs[0].Span
	if slices.ContainsFunc(o.Runs, func(r RunRecord) bool { return r.Span != span }) {
		span = ""
	}
	return o.say("admin title ran", "span", string(span))
}

// fault is what hinders the ticks that are due, the first one's.
func (o *operator) fault() DueTick {
	if len(o.Due) == 0 {
		return DueTick{}
	}
	return o.Due[0]
}

// headlines are the subject's items, the worst that has happened never last.
func (o *operator) headlines() (out [][]string) {
	for _, group := range []string{groupSent, groupFailed, groupUnknown, groupWaiting} {
		if n := o.sum[group]; n > 0 || group == groupSent && len(o.Runs) > 0 {
			out = append(out, []string{o.say("admin subject mails", "n", n, "group", group)})
		}
	}
	if r := o.Refused; r != nil && o.Cause == Refused {
		out = append(out, []string{o.say("admin subject refused", "n", len(r.Faults), "start", r.Start)})
	} else if r != nil {
		out = append(out, []string{o.say("admin subject config")})
	}
	if o.Data != nil {
		out = append(out, o.dataHeadlines(o.Data)...)
	}
	if len(o.Due) > 0 && o.fault().Data != nil {
		out = append(out, []string{o.say("admin subject held")})
	} else if len(o.Due) > 0 {
		out = append(out, []string{o.say("admin subject unread"), o.say("admin subject unread in short")})
	}
	if late := o.latest(); late > 0 {
		out = append(out, []string{o.say("admin subject late", "late", o.duration(late))})
	}
	return out
}

// dataHeadlines are the subject's items on data in doubt.
func (o *operator) dataHeadlines(s *DataState) [][]string {
	switch {
	case s.empty():
		return [][]string{{o.say("admin subject no deals")}}
	case s.Stale():
		return [][]string{{o.say("admin subject data stop", "date", o.day(s.Newest.V)), o.say("admin subject data stop in short")}}
	case s.Doubtful():
		return [][]string{{o.say("admin subject rows")}}
	}
	return nil
}

// subject carries the news; of what could not be made the database's last words.
func (o *operator) subject(title string, items [][]string) string {
	if o.Cause == Missed {
		return subject(title, [][]string{{o.schedules(o.Missed), o.say("admin subject missed in short", "n", len(o.Missed))}})
	}
	if s := o.fault().Data; s != nil && o.Cause == NotMade {
		return subject(title, o.dataHeadlines(s))
	}
	if o.Cause != NotMade && (len(o.Runs) > 0 || len(o.Due) == 0) {
		return subject(title, items)
	}
	words := line(o.fault().Why, 400)
	if i := strings.LastIndex(words, ": "); i >= 0 && !o.fault().Setup {
		words = words[i+len(": "):]
	}
	return line(title+": "+words, subjectLimit-1)
}

// latest is by how much the latest run was late, 0 where all were on time.
func (o *operator) latest() (most time.Duration) {
	for _, r := range o.Runs {
		most = max(most, r.late())
	}
	return most
}

// punctual is how late a run may begin and still be on time.
const punctual = time.Minute

// late is how long after its hour a run began; 0: on time, or called by hand.
func (r RunRecord) late() time.Duration {
	if by := r.Began.Sub(r.Tick); !r.Tick.IsZero() && by > punctual {
		return by
	}
	return 0
}

func (o *operator) about() About {
	return About{Stop: o.Stop, View: o.View, StopURL: o.StopURL, AsOf: o.clock(o.At),
		Why: o.say("admin about why"), Doubt: o.say("admin about", "once", o.Since.IsZero())}
}
