package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
)

// book is a pipeline's rows as files, and two weeks of which its reports are made.
type book struct {
	name, process, people string
	rows                  tables
	weeks                 [2]string
	light                 bool // small enough for SQLite under the race detector to read it more than once
}

func realBooks(t *testing.T) []book {
	t.Helper()
	data := dbtest.Data(t)
	of := func(name string) (string, tables) {
		return filepath.Join(data, "process."+name+".yaml"), readTables(t, filepath.Join(data, name))
	}
	loans, tickets := book{name: "loan applications", people: "people: [{rep: '112', system: true}]", weeks: [2]string{"2012-02-06", "2012-03-12"}},
		book{name: "help desk", weeks: [2]string{"2012-09-03", "2013-06-03"}, light: true}
	loans.process, loans.rows = of("bpic2012")
	tickets.process, tickets.rows = of("helpdesk")
	return []book{loans, tickets}
}

// madeUp has what the real pipelines lack: forecasts and waivers. Forecasts of a month fall on one instant, so that
// only their order says which one was last.
func madeUp(t *testing.T) book {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "process.yaml")
	if err := os.WriteFile(path, files.ProcessYAML, 0o600); err != nil {
		t.Fatal(err)
	}
	proc, faults := process.Read(path, files.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	rows := filepath.Join(dir, "rows")
	if err := sample.Generate(sample.Options{Seed: 3, Deals: 200, Process: proc}).WriteCSV(rows); err != nil {
		t.Fatal(err)
	}
	b := book{name: "made up", process: path, rows: readTables(t, rows), weeks: [2]string{"2026-04-27", "2026-05-25"}, light: true}
	forecasts := b.rows[pipeline.Forecasts]
	at, seq := forecasts.col("at"), forecasts.col("seq")
	for i, r := range forecasts.rows {
		r[at] = r[at][:len("2026-05-")] + "01T00:00:00Z"
		forecasts.rows[i] = slices.Delete(r, seq, seq+1)
	}
	forecasts.head = slices.Delete(forecasts.head, seq, seq+1)
	b.rows[pipeline.Forecasts] = forecasts
	return b
}

// One report has one sequence of bytes, whichever database holds the rows, in whatever order they came in while seq
// tells the true one, and however much was added since: two weeks of a pipeline's life in the order of its files,
// then all its rows shuffled. Nor does any of it show a number that is none.
func TestAReportIsTheSameHoweverItsRowsCameIn(t *testing.T) {
	t.Parallel()
	for _, b := range append(realBooks(t), madeUp(t)) {
		t.Run(b.name, func(t *testing.T) {
			said := &answers{first: map[string]answer{}}
			t.Run("postgres", func(t *testing.T) {
				t.Parallel()
				desk := b.desk(t, dbtest.Postgres(t), said)
				desk.load(t, "what was known in the first week", b.rows.before(b.weeks[0]))
				desk.reports(t, b.weeks[0])
				if b.light {
					desk.digests(t, b.weeks[0])
				}
				desk.load(t, "what was known in the second week", b.rows.before(b.weeks[1]))
				desk.reports(t, b.weeks[:]...)
				desk.load(t, "everything shuffled", b.rows.shuffled(1))
				desk.reports(t, b.weeks[:]...)
				desk.digests(t, b.weeks[0])
				desk.others(t, b.weeks[0])
			})
			t.Run("sqlite", func(t *testing.T) {
				t.Parallel()
				desk := b.desk(t, dbtest.SQLite(t), said)
				if b.light {
					desk.load(t, "what was known in the first week", b.rows.before(b.weeks[0]))
					desk.reports(t, b.weeks[0])
				}
				desk.load(t, "everything shuffled another way", b.rows.shuffled(2))
				desk.reports(t, b.weeks[0])
				if b.light {
					desk.reports(t, b.weeks[1])
				}
			})
		})
	}
}

// desk asks one database.
type desk struct {
	dsn, config, loaded string
	said                *answers
}

func (b book) desk(t *testing.T, dsn string, said *answers) *desk {
	t.Helper()
	path := filepath.Join(t.TempDir(), "drumbeat.yaml")
	text := fmt.Sprintf(`source: {dsn: %q}
process: %q
schedules:
  - {name: managers, digest: manager, cron: "0 7 * * 1"}
  - {name: reps, digest: rep, cron: "0 7 * * 1"}
%s
`, dsn, b.process, b.people)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &desk{dsn: dsn, config: path, said: said}
}

func (d *desk) load(t *testing.T, what string, rows tables) {
	t.Helper()
	call(t, "import", rows.write(t), "--into", d.dsn)
	d.loaded = t.Name() + " with " + what
}

func (d *desk) reports(t *testing.T, weeks ...string) {
	t.Helper()
	for _, week := range weeks {
		d.said.same(t, "the report of "+week, d.loaded, call(t, "report", "--config", d.config, "--as-of", week, "--format", "json"))
	}
}

// digests asks for everybody's mail, which knows a little more than the report.
func (d *desk) digests(t *testing.T, week string) {
	t.Helper()
	dir := t.TempDir()
	call(t, "run", "--config", d.config, "--as-of", week, "--out", dir)
	var all strings.Builder
	n := 0
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || ext != ".html" && ext != ".txt" {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s\n%s\n", filepath.Base(path), text)
		n++
		return err
	})
	if err != nil || n < 10 {
		t.Fatalf("%d files of digests: %v", n, err)
	}
	d.said.same(t, "the digests of "+week, d.loaded, all.String())
}

// others asks for the report in its other forms.
func (d *desk) others(t *testing.T, week string) {
	t.Helper()
	for _, format := range []string{"table", "csv"} {
		d.said.same(t, "the "+format+" of "+week, d.loaded, call(t, "report", "--config", d.config, "--as-of", week, "--format", format))
	}
}

// answers keeps what was first said to each question: whoever is asked later has to say the same.
type answers struct {
	mu    sync.Mutex
	first map[string]answer
}

type answer struct{ by, text string }

func (a *answers) same(t *testing.T, question, by, text string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	first, asked := a.first[question]
	if !asked {
		a.first[question] = answer{by, text}
		if odd := oddNumber(text); odd != "" || len(text) < 1000 {
			t.Errorf("%s: %s shows %q, or is nearly empty with %d bytes", by, question, odd, len(text))
		}
		return
	}
	if text == first.text {
		return
	}
	got, want := strings.Split(text, "\n"), strings.Split(first.text, "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s: %s differs in line %d from that by %s:\n%s\n%s", by, question, i+1, first.by,
				strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
			return
		}
	}
}
