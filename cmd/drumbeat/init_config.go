package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/discovery"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// firstConfig is what the first drumbeat.yaml is made of.
type firstConfig struct {
	dsn, preset, dir string
	reps             []pipeline.Rep
	draft            *discovery.Draft
	notes            []string     // of the source
	gaps             []source.Gap // rows that are not there
}

// asOf is the end of the history: the midnight after its last row, or now.
func (c *firstConfig) asOf(now time.Time) time.Time {
	if last := c.draft.Last; !last.IsZero() {
		if next := (pipeline.DateOf(last, time.UTC) + 1).Start(time.UTC); next.Before(now) {
			return next
		}
	}
	return now
}

// The variables that hold what the config must not show: the password, or the DSN that has two of them.
const (
	passwordName = "DRUMBEAT_SOURCE_PASSWORD"
	dsnName      = "DRUMBEAT_SOURCE_DSN"
)

// yaml gives drumbeat.yaml, and the environment variables that it names with their values.
func (c *firstConfig) yaml() (text string, secrets map[string]string) {
	dsn, secrets := c.source()
	var b strings.Builder
	fmt.Fprintf(&b, `# A first config, written by "drumbeat init". The process that it names is a draft: finish that first.
# Every key, with a sentence on each: config/drumbeat.yaml of Drumbeat. "drumbeat check" says what is still to fill in.

time_zone: UTC                 # where days, weeks and quarters begin: yours, such as Europe/Berlin
%sprocess: process.yaml

# The pipeline database. It is only ever read.
`, c.money())
	for name := range secrets {
		fmt.Fprintf(&b, "# The password is not written down: %s.\n", c.howToSet(name))
	}
	fmt.Fprintf(&b, "source:\n  dsn: %s\n", discovery.Scalar(dsn))
	if c.preset != "" {
		fmt.Fprintf(&b, "  preset: %s\n", quoted(c.preset))
	}
	b.WriteString(c.people())
	b.WriteString(c.schedules())
	b.WriteString(`
# To send, name the sender and your relay, and take away the "#". Reports and previews need neither.
# mail:
#   from: Drumbeat <drumbeat@example.com>
#   smtp:
#     host: smtp.example.com
#     username: drumbeat
#     password_file: smtp-password    # a file beside this one: the password alone. It may change while the worker runs

# What was sent and seen; it need not be the pipeline's database.
state:
  dsn: sqlite:drumbeat-state.db
`)
	return b.String(), secrets
}

// source gives the DSN as the config shall hold it: a password is a variable, and a relative path is relative to the file.
func (c *firstConfig) source() (dsn string, secrets map[string]string) {
	if path, ok := strings.CutPrefix(c.dsn, "sqlite:"); ok {
		return "sqlite:" + strings.ReplaceAll(fromFolder(c.dir, path), "${", "$${"), nil
	}
	return withoutPassword(c.dsn)
}

// howToSet says what a variable has to hold.
func (c *firstConfig) howToSet(name string) string {
	if name == dsnName {
		return "set " + name + " to the DSN that was given to --from"
	}
	return "set " + name + " to it, with special characters as %XX, as in --from"
}

// fromFolder gives a path as it is seen from a folder.
func fromFolder(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return absolute
	}
	relative, err := filepath.Rel(dir, absolute)
	if err != nil {
		return absolute
	}
	return relative
}

var (
	passwordBefore = regexp.MustCompile(`^([a-z]+://[^/?#@:]*):([^/?#]*)@`) // of the host
	passwordOption = regexp.MustCompile(`([?&](?:ssl)?password=)([^&#]+)`)
)

// withoutPassword puts a variable where a DSN has its password, and gives the variable's value as it stood there. The rest
// is as before, but for what would be read as a variable.
func withoutPassword(dsn string) (shown string, secrets map[string]string) {
	const here = "\x00"
	password, rest := "", dsn
	for _, form := range []*regexp.Regexp{passwordBefore, passwordOption} {
		at := form.FindStringSubmatchIndex(rest)
		if at == nil || at[4] == at[5] {
			continue
		}
		found := rest[at[4]:at[5]]
		if password != "" && password != found {
			return "${" + dsnName + "}", map[string]string{dsnName: dsn}
		}
		password = found
		rest = rest[:at[4]] + here + rest[at[5]:]
	}
	shown = strings.ReplaceAll(rest, "${", "$${")
	if password == "" {
		return shown, nil
	}
	return strings.ReplaceAll(shown, here, "${"+passwordName+"}"), map[string]string{passwordName: password}
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// money is the currency that most deals are in, and what to do about the others.
func (c *firstConfig) money() string {
	var known []discovery.Currency
	for _, m := range c.draft.Money {
		if currencyForm.MatchString(m.Code) {
			known = append(known, m)
		}
	}
	if len(known) == 0 {
		return "currency: EUR                  # of all sums; the deals name none\n"
	}
	s := fmt.Sprintf("currency: %s                  # of all sums; most deals are in it\n", known[0].Code)
	if len(known) == 1 {
		return s
	}
	var rates, deals []string
	for _, m := range known[1:min(len(known), 10)] {
		rates = append(rates, m.Code+": 1.0")
		deals = append(deals, fmt.Sprintf("%s %s", discovery.Number(m.Deals), m.Code))
	}
	return s + fmt.Sprintf("# rates: {%s}    # 1 unit of each = so many %s. Without a rate they are left out of sums (deals: %s)\n",
		strings.Join(rates, ", "), known[0].Code, strings.Join(deals, ", "))
}

// people proposes whoever made over a third of all moves as a system.
func (c *firstConfig) people() string {
	if len(c.draft.Movers) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n# Who made over a third of all moves may be no person but an integration: its moves count for the team only.\n")
	if !slices.ContainsFunc(c.draft.Movers, discovery.Mover.System) {
		b.WriteString("# These moved mostly deals of their own, as people do; if one is a system, take away the \"#\" here and below.\n# people:\n")
	} else {
		b.WriteString("people:\n")
	}
	for _, m := range c.draft.Movers {
		off, entry := "# ", fmt.Sprintf("{rep: %s, system: true}", quoted(m.Rep))
		if m.System() {
			off = ""
		}
		if !slices.ContainsFunc(c.reps, func(r pipeline.Rep) bool { return r.ID == m.Rep }) { // the config has to add it then
			entry = fmt.Sprintf("{rep: %s, name: %s, email: nobody@system.invalid, system: true, active: false}", quoted(m.Rep), quoted(m.Rep))
		}
		fmt.Fprintf(&b, "%s  - %s    # %s of all %s moves, %s of them of deals of its own\n", off, entry,
			discovery.Percent(m.Moves, m.All), discovery.Number(m.All), discovery.Percent(m.Own, m.Moves))
	}
	return b.String()
}

// reach says how many active people could get a mail, and how many lead others.
func (c *firstConfig) reach() (active, withEmail, managers int) {
	leads := map[string]bool{}
	for _, r := range c.reps {
		if r.ManagerID != "" {
			leads[r.ManagerID] = true
		}
	}
	for _, r := range c.reps {
		if leads[r.ID] {
			managers++
		}
		if r.Active {
			active++
		}
		if r.Active && r.Email != "" {
			withEmail++
		}
	}
	return active, withEmail, managers
}

func (c *firstConfig) schedules() string {
	active, withEmail, managers := c.reach()
	var b strings.Builder
	fmt.Fprintf(&b, "\n# Which digest goes out when. Active people in the source: %s, with an e-mail address: %s. What it lacks can stand under people.\nschedules:\n",
		discovery.Number(active), discovery.Number(withEmail))
	off := ""
	if managers == 0 {
		off = "# "
		b.WriteString("  # Nobody leads anybody yet: say so under people, as {rep: \"7\", manager: \"3\"}, and take away the \"#\".\n")
	}
	fmt.Fprintf(&b, "  %s- {name: managers, digest: manager, cron: \"30 6 * * 1\"}    # Mondays at 06:30\n", off)
	b.WriteString("  - {name: reps, digest: rep, cron: \"0 7 * * 1\"}\n")
	return b.String()
}

// quoted writes text so that YAML reads it as that text. A ${ in it stays what it is.
func quoted(s string) string { return discovery.Scalar(strings.ReplaceAll(s, "${", "$${")) }

// hostOf names the database without anything secret.
func hostOf(dsn string) string {
	if strings.HasPrefix(dsn, "sqlite:") {
		return dsn
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "the database"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
