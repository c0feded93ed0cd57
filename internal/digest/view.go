package digest

// Digest is the view model of one mail: every number final, every sentence finished. A deal or a rep is
// mentioned through a DealRef or a RepRef, so that CheckScope finds each of them.
type Digest struct {
	Kind      Kind
	Schedule  string
	Locale    string // of the reader; empty: not known
	Language  string // of the words, BCP 47
	Recipient RepRef

	Subject   string // under 60 characters, with team and week
	Preheader string // the news in 40 to 120 characters
	Title     string
	Range     string // 2 to 8 November
	Unit      string // week, month or quarter
	Late      string // that it comes late, and since when it was due; empty: it is on time
	News      string // the week in one sentence
	Care      []string
	Figures   []Figure
	Team      *TeamPart  // of a manager's digest
	Own       *OwnPart   // of a rep's digest
	Admin     *AdminPart // of the operator's digest
	About     About
	Empty     bool // nothing to say: skip_empty sends none
}

// DealRef is the mention of a deal.
type DealRef struct {
	ID, Owner, Name string
	URL             string // empty: no link
}

// RepRef is the mention of a person.
type RepRef struct{ ID, Name string }

// About is the foot of every mail.
type About struct {
	Why, Doubt string
	Terms      string // what the figures' words mean; empty: none is used
	Observed   string // which history was seen by our own runs; empty: the source has one
	AsOf       string
	Stop       string // a mail address; empty: none
	View       string // a signed link that shows this mail in a browser; empty: none
	StopURL    string // a signed link that stops this kind of digest; empty: none
	How        string // a link to the page that says how figures are computed; empty: none
}

// Figure is one number with what it is worth.
type Figure struct {
	Key    string // adherence, stalled, moves, forecast
	Label  string
	Value  string
	Detail string   // its interval or n
	More   []string // the figures that belong beside it
	Trends []*Columns
}

// Columns is a small chart: the number stands in text on each column.
type Columns struct {
	Caption string
	Cols    []Column
}

// Column is one of them.
type Column struct {
	Text   string
	Height int // 1 to 36 pixels, from zero
	Gap    bool
	Last   bool
}

// Lens is one thing to know of a deal.
type Lens struct {
	Text  string
	Quote string // of the process, what the buyer has not done yet, set apart from our own words; may be empty
	Alarm bool   // a reason to talk
}

// DealRow joins all lenses on one deal.
type DealRow struct {
	Rank   int // from 1 on the agenda; 0 elsewhere
	Deal   DealRef
	Rep    RepRef // the owner; empty in a rep's own digest
	Amount string
	Call   string // committed at 85 %; sold
	Lenses []Lens // alarms first
	Ask    string // to the manager: one question; to the rep: the next step
	Ahead  string // what the stage that comes next expects
}

// TeamPart is the manager's weekly team digest.
type TeamPart struct {
	AgendaLead string // the order, in words
	Agenda     []DealRow
	AgendaMore string
	Moved      *FollowUp // what became of the last agenda; nil: there was none
	Well       []Praise
	Focus      *Focus
	CoachLead  string
	Coaching   []RepPoints
	CoachMore  string
	Announced  []Announcement
	Table      TeamTable
	Reality    []string
	Record     []Question
}

// FollowUp says what became of the deals of the last agenda.
type FollowUp struct {
	Lead     string // Of the last agenda's 7 deals 2 moved forward and 5 did not move.
	Outcomes []Outcome
}

// Outcome is one thing that deals came to.
type Outcome struct {
	Word  string // Won, Forward, Back, Lost or Not
	Deals []Mention
}

// Focus is the one element to work on.
type Focus struct {
	Heading                              string
	Title, Says, Why, Effect, Tally, Ask string
	Doubt                                string // said first: most wins went without it, so the step is in question
}

// Announcement is a criterion that will be asked for from a date on.
type Announcement struct {
	Text  string // from when, what, and what it would have shown
	Deals []Mention
}

// RepPoints are the talking points of one rep.
type RepPoints struct {
	Rep      RepRef
	Standing string
	Deals    []Mention
}

// Mention is a deal with a few words on it.
type Mention struct {
	Deal DealRef
	Text string
}

// Praise is what went well.
type Praise struct {
	Rep  RepRef  // may be empty
	Deal DealRef // may be empty
	Text string
}

// TeamTable has a row per rep; columns that the source cannot fill are left out whole.
type TeamTable struct {
	Rows     []RepRow
	Note     string
	Pace     bool // the columns Pace and
	Forecast bool // Bias are there
}

// RepRow is one rep's line.
type RepRow struct {
	Rep       RepRef
	Adherence string // 4 of 6
	Interval  string // 30 % to 90 %, or too few to judge
	Bar, Rest int    // of 60 pixels; both 0 without a bar
	Stalled   string // 2 of 8
	Pace      string // 0.8; too few
	PaceRange string // 0.6–1.1
	Bias      string
}

// Question is one about the record.
type Question struct {
	Text string
	Reps []RepRef
}

// OwnPart is the rep's personal summary.
type OwnPart struct {
	First     []DealRow
	Well      []Praise
	Watch     []WatchGroup
	WatchMore string
	Calls     []string
	Focus     *Focus
	FocusLead string
	FocusOn   []Mention
	Announced []Announcement
	Lost      []LostRow
	LostMore  string
}

// WatchGroup are deals with one trouble, which is said once.
type WatchGroup struct {
	Title string
	Quote string // of the process, set apart from our own words; may be empty
	Deals []Mention
}

// LostRow is a lost deal, retraced.
type LostRow struct {
	Deal  DealRef
	Trail string
	Text  string
}
