//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/source"
)

// speedRows is what a report reads, in the order in which it needs it.
var speedRows = map[string]string{
	"reps": "id, name, email, manager_id, team, time_zone, active FROM drumbeat.reps ORDER BY id",
	"deals": "id, name, rep_id, pipeline, amount, currency, created_at AT TIME ZONE 'UTC' AS created_at, closed_at AT TIME ZONE 'UTC' AS closed_at, " +
		"outcome, stage, expected_close, probability, forecast_category, loss_reason FROM drumbeat.deals ORDER BY id",
	"stage_changes": "deal_id, stage, at AT TIME ZONE 'UTC' AS at, rep_id, seq FROM drumbeat.stage_changes ORDER BY deal_id, stage_changes.at, file_row",
	"forecasts": "deal_id, at AT TIME ZONE 'UTC' AS at, expected_close, amount, probability, category, seq " +
		"FROM drumbeat.forecasts ORDER BY deal_id, forecasts.at, file_row",
	"activities": "deal_id, at AT TIME ZONE 'UTC' AS at, kind, party FROM drumbeat.activities ORDER BY deal_id, activities.at, file_row",
	"criteria":   "deal_id, criterion, met_at AT TIME ZONE 'UTC' AS met_at FROM drumbeat.criteria ORDER BY deal_id, criteria.met_at, file_row",
}

// cost is what one run took: wall clock and CPU in seconds, the database server's among it, and peak memory of the
// program (not the server's) in MB.
type cost struct{ wall, cpu, memory float64 }

// runner is one of those that are compared.
type runner struct {
	name string
	run  func() cost
}

// tuned are the settings under which the SQL of the benchmark was seen to be quickest: to compile it takes longer than
// that saves, and each of its sorts and hashes gets as much memory as the whole report may take.
const tuned = "-c jit=off -c work_mem=256MB -c random_page_cost=1.1 -c parallel_setup_cost=10 -c parallel_tuple_cost=0.01"

// BenchmarkReport prints how long a report takes against a bare COPY of the rows that it reads, against SQL that
// computes three of its figures (as a team would keep it, right for any rows; on the server as it is, as the report
// finds it, and in a session tuned for that SQL), and on SQLite; then what becomes of it with five times the deals. It
// fails where that SQL gives other figures than the report, also where rows are spoiled. DRUMBEAT_BENCH_DEALS says how
// many deals (default 10000; the figures of the documentation are of 200000, with about 5 GB of disk for five times as
// many).
func BenchmarkReport(b *testing.B) {
	if _, err := exec.LookPath("psql"); err != nil {
		b.Skip("psql is not installed: it makes the rows and reads them for comparison")
	}
	size := 10000
	if s := os.Getenv("DRUMBEAT_BENCH_DEALS"); s != "" {
		var err error
		if size, err = strconv.Atoi(s); err != nil || size < 1 {
			b.Fatalf("DRUMBEAT_BENCH_DEALS: %q is no number of deals", s)
		}
	}
	dir, dsn, large := b.TempDir(), dbtest.Postgres(b), dbtest.Postgres(b)
	program := filepath.Join(dir, "drumbeat")
	mustRun(b, exec.Command("go", "build", "-o", program, "."))
	fillForSpeed(b, dir, dsn, size)
	lite := "sqlite:" + filepath.Join(dir, "rows.db")
	exportForSpeed(b, program, dir, dsn, lite)
	server := serverPID(b, dsn)
	report := func(name, dsn string) *exec.Cmd {
		return exec.Command(program, "report", "--config", speedConfig(b, dir, name, dsn), "--as-of", "2026-06-01", "--format", "json")
	}
	inSQL := func(settings string) *exec.Cmd {
		c := exec.Command("psql", "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "testdata/bench_report.sql")
		c.Env = append(os.Environ(), "PGOPTIONS="+settings)
		return c
	}
	reporting := runner{"report, PostgreSQL", func() cost { return measure(b, server, report("postgres", dsn)) }}
	for b.Loop() {
		printCosts(fmt.Sprintf("%d deals", size), "COPY", []runner{
			{"COPY of the rows", func() cost { return measure(b, server, copyRows(dsn)) }},
			reporting,
			{"report, SQLite", func() cost { return measure(b, server, report("sqlite", lite)) }},
			{"three figures in SQL", func() cost { return measure(b, server, inSQL("")) }},
			{"- in a tuned session", func() cost { return measure(b, server, inSQL(tuned)) }},
		})
		fillForSpeed(b, dir, large, 5*size)
		printCosts("growth", "first", []runner{
			{reporting.name, reporting.run},
			{fmt.Sprintf("of %d deals", 5*size), func() cost { return measure(b, server, report("large", large)) }},
		})
	}
	// Last: what this program holds counts as its children's memory.
	sameFigures(b, dir, report("postgres", dsn), inSQL(tuned))
	mustRun(b, exec.Command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", "testdata/bench_rows_nasty.sql"))
	sameFigures(b, dir, report("postgres", dsn), inSQL(tuned))
}

// printCosts lets each run three times, in turns because a machine's speed drifts, and prints the medians, with their
// ratio to the first one's.
func printCosts(title, first string, runners []runner) {
	runs := make([][]cost, len(runners))
	for range 3 {
		for i, r := range runners {
			runs[i] = append(runs[i], r.run())
		}
	}
	fmt.Printf("\n%-21s   wall s   /%-5s    CPU s   /%-5s peak MB   /%s\n", title, first, first, first)
	limit := medianCost(runs[0])
	for i, r := range runners {
		c := medianCost(runs[i])
		fmt.Printf("%-21s %8.2f %8.2f %8.2f %8.2f %7.0f %8.2f\n", r.name,
			c.wall, c.wall/limit.wall, c.cpu, c.cpu/limit.cpu, c.memory, c.memory/limit.memory)
	}
}

func medianCost(runs []cost) cost {
	middle := func(of func(cost) float64) float64 {
		var v []float64
		for _, r := range runs {
			v = append(v, of(r))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return cost{middle(func(c cost) float64 { return c.wall }), middle(func(c cost) float64 { return c.cpu }),
		middle(func(c cost) float64 { return c.memory })}
}

func copyRows(dsn string) *exec.Cmd {
	c := exec.Command("psql", "-qAt", "-d", dsn)
	for _, rows := range speedRows {
		c.Args = append(c.Args, "-c", "COPY (SELECT "+rows+") TO STDOUT")
	}
	return c
}

// sameFigures sees to it that the SQL is a yardstick of the same figures: it fails on the first that differs.
func sameFigures(b *testing.B, dir string, report, inSQL *exec.Cmd) {
	b.Helper()
	ours := figuresOfReport(b, outputOf(b, filepath.Join(dir, "report.json"), report))
	theirs := figuresOfSQL(b, outputOf(b, filepath.Join(dir, "report.csv"), inSQL))
	if len(ours) == 0 {
		b.Fatal("the report has none of the figures: its deals were left out")
	}
	for name, v := range ours {
		w, found := theirs[name]
		if !found || math.Abs(v-w) > 1e-9*max(1, math.Abs(v)) {
			b.Fatalf("%s: %v in the report, %v (%t) in SQL", name, v, w, found)
		}
	}
	for name, w := range theirs {
		if _, found := ours[name]; !found {
			b.Fatalf("%s: %v in SQL, nothing in the report", name, w)
		}
	}
}

func outputOf(b *testing.B, file string, c *exec.Cmd) []byte {
	b.Helper()
	out, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	c.Stdout = out
	mustRun(b, c)
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// counted are the counts of a rep, in the order of the columns in SQL. None is the same as no row.
var counted = []string{"due", "met", "missed", "pending", "called"}

func figuresOfReport(b *testing.B, data []byte) map[string]float64 {
	b.Helper()
	var r struct {
		Reps []struct {
			ID        string
			Adherence struct{ Due, Met, Missed, Pending float64 }
			Forecast  struct {
				Called float64 `json:"called_deals"`
				Brier  *float64
			}
		}
		Stages []struct {
			Key    string
			Median *float64 `json:"median_days"`
		}
	}
	if err := json.Unmarshal(data, &r); err != nil {
		b.Fatal(err)
	}
	out := map[string]float64{}
	for _, p := range r.Reps {
		a := p.Adherence
		for i, n := range []float64{a.Due, a.Met, a.Missed, a.Pending, p.Forecast.Called} {
			if n != 0 {
				out[p.ID+" "+counted[i]] = n
			}
		}
		if p.Forecast.Brier != nil {
			out[p.ID+" value"] = *p.Forecast.Brier
		}
	}
	for _, s := range r.Stages {
		if s.Median != nil {
			out[s.Key+" value"] = *s.Median
		}
	}
	return out
}

func figuresOfSQL(b *testing.B, data []byte) map[string]float64 {
	b.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	out := map[string]float64{}
	for _, row := range rows[1:] {
		for i, text := range row[1:] {
			if text == "" || text == "0" && i < len(counted) {
				continue
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				b.Fatal(err)
			}
			out[row[0]+" "+rows[0][i+1]] = v
		}
	}
	return out
}

// measure runs a program; the CPU of the server's processes is known once they have ended.
func measure(b *testing.B, server int, c *exec.Cmd) cost {
	b.Helper()
	before, from := reapedCPU(b, server), time.Now()
	mustRun(b, c)
	wall := time.Since(from).Seconds()
	time.Sleep(300 * time.Millisecond)
	own := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss // in KiB on Linux
	return cost{wall, own.Seconds() + reapedCPU(b, server) - before, float64(peak) / 1024}
}

// reapedCPU is what the ended processes of the server took; 0 where the system does not tell.
func reapedCPU(b *testing.B, server int) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", server))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	user, err1 := strconv.ParseFloat(fields[13], 64)
	system, err2 := strconv.ParseFloat(fields[14], 64)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	return (user + system) / 100
}

func serverPID(b *testing.B, dsn string) int {
	b.Helper()
	c := exec.Command("psql", "-qAt", "-d", dsn, "-c", "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
	var out bytes.Buffer
	c.Stdout = &out
	mustRun(b, c)
	pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

func speedConfig(b *testing.B, dir, name, dsn string) string {
	b.Helper()
	process, err := filepath.Abs("../../config/process.yaml")
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, name+".yaml")
	text := fmt.Sprintf("time_zone: UTC\nprocess: %q\nsource: {dsn: %q}\n", process, dsn)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// fillForSpeed lets an import make the tables, and SQL the rows.
func fillForSpeed(b *testing.B, dir, dsn string, size int) {
	b.Helper()
	heads := filepath.Join(dir, "heads")
	for rows, head := range map[string]string{"reps": "id,name", "deals": "id,name,created_at,outcome", "stage_changes": "deal_id,stage,at",
		"forecasts": "deal_id,at", "activities": "deal_id,at,kind", "criteria": "deal_id,criterion,met_at",
		"waivers": "deal_id,checkpoint,reason,at"} {
		write(b, filepath.Join(heads, rows+".csv"), []byte(head+"\n"))
	}
	load(b, dsn, heads)
	text, err := os.ReadFile("testdata/bench_rows.sql")
	if err != nil {
		b.Fatal(err)
	}
	script := filepath.Join(dir, "rows.sql")
	write(b, script, bytes.ReplaceAll(text, []byte("SIZE"), []byte(strconv.Itoa(size))))
	mustRun(b, exec.Command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", script))
}

// exportForSpeed brings the same rows into SQLite, by a program of its own to keep this one small (see mustRun).
func exportForSpeed(b *testing.B, program, dir, dsn, lite string) {
	b.Helper()
	files := filepath.Join(dir, "rows")
	for rows, query := range speedRows {
		file := filepath.Join(files, rows+".csv")
		write(b, file, nil)
		mustRun(b, exec.Command("psql", "-qAt", "-d", dsn, "-o", file, "-c", "COPY (SELECT "+query+") TO STDOUT WITH (FORMAT csv, HEADER)"))
	}
	mustRun(b, exec.Command(program, "import", "--into", lite, files))
}

func load(b *testing.B, dsn, dir string) {
	b.Helper()
	if _, err := source.Import(context.Background(), dsn, []string{dir}, source.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
}

func write(b *testing.B, file string, data []byte) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.Fatal(err)
	}
}

// mustRun throws away what the program prints, unless somebody wants it: kept here, it would count as the next
// program's memory, which begins with that of its parent.
func mustRun(b *testing.B, c *exec.Cmd) {
	b.Helper()
	var problems bytes.Buffer
	c.Stderr = &problems
	if err := c.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", c.Path, err, problems.String())
	}
}
