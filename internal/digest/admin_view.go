package digest

// AdminPart is the operator's digest.
type AdminPart struct {
	Todo     []Task
	TodoMore string
	Runs     []RunRow
	Skipped  []string // why digests were left out on purpose, with counts
	Data     string   // how fresh; empty: not looked at
	Rows     []DataRow
	Setup    []string // version, and what comes next
}

// Task is one thing that a person has to mend.
type Task struct {
	Title string
	Says  string // what is the matter; may be empty
	Who   []Whom
	More  string // those whom Who leaves out
	Do    string
	Cmd   string // a command that does it; may be empty
}

// Whom is somebody, or something, that a task is about.
type Whom struct{ Name, Address, Words string }

// RunRow is one run's line.
type RunRow struct {
	Name, Period, When  string
	Sent, Open, Skipped string
	Alarm               bool // some of Open are lost, unless somebody acts
}

// DataRow is one kind of rows.
type DataRow struct {
	Kind, Now, Before string // Before is empty of every kind where nothing ran before
	Alarm             bool   // far fewer than before
}

// Whose is the name and the address, as far as there are any.
func (w Whom) Whose() string {
	if w.Name == "" || w.Address == "" {
		return w.Name + w.Address
	}
	return w.Name + ", " + w.Address
}
