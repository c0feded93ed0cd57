//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
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
	"reps":          "id, name, manager_id, team, active FROM drumbeat.reps ORDER BY id",
	"deals":         "id, name, rep_id, amount, currency, created_at AT TIME ZONE 'UTC' AS created_at, closed_at AT TIME ZONE 'UTC' AS closed_at, outcome, stage, expected_close, probability FROM drumbeat.deals ORDER BY id",
	"stage_changes": "deal_id, stage, at AT TIME ZONE 'UTC' AS at, rep_id, seq FROM drumbeat.stage_changes ORDER BY deal_id, stage_changes.at",
	"forecasts":     "deal_id, at AT TIME ZONE 'UTC' AS at, expected_close, amount, probability, category FROM drumbeat.forecasts ORDER BY deal_id, forecasts.at",
	"activities":    "deal_id, at AT TIME ZONE 'UTC' AS at, kind, party FROM drumbeat.activities ORDER BY deal_id, activities.at",
	"criteria":      "deal_id, criterion, met_at AT TIME ZONE 'UTC' AS met_at FROM drumbeat.criteria ORDER BY deal_id, criteria.met_at",
}

// cost is what one run took: wall clock and CPU in seconds, the database server's among it, and peak memory in MB.
type cost struct{ wall, cpu, memory float64 }

// BenchmarkReport prints how long a report takes against a bare COPY of the rows that it reads, against SQL that
// computes three of its figures, and on SQLite; medians of three. DRUMBEAT_BENCH_DEALS says how many deals
// (default 10000; the figures of the documentation are of 200000).
func BenchmarkReport(b *testing.B) {
	if _, err := exec.LookPath("psql"); err != nil {
		b.Skip("psql is not installed: it makes the rows and reads them for comparison")
	}
	size := "10000"
	if s := os.Getenv("DRUMBEAT_BENCH_DEALS"); s != "" {
		size = s
	}
	dir, dsn := b.TempDir(), dbtest.Postgres(b)
	program := filepath.Join(dir, "drumbeat")
	mustRun(b, exec.Command("go", "build", "-o", program, "."))
	postgres := speedConfig(b, dir, "postgres", dsn)
	fillForSpeed(b, dir, dsn, size)
	lite := "sqlite:" + filepath.Join(dir, "rows.db")
	exportForSpeed(b, dir, dsn, lite)
	sqlite := speedConfig(b, dir, "sqlite", lite)
	server := serverPID(b, dsn)
	report := func(config string) func() cost {
		return func() cost {
			return measure(b, server, exec.Command(program, "report", "--config", config, "--as-of", "2026-06-01", "--format", "json"))
		}
	}
	for b.Loop() {
		table := []struct {
			name string
			run  func() cost
		}{
			{"COPY of the rows", func() cost {
				c := exec.Command("psql", "-qAt", "-d", dsn)
				for _, rows := range speedRows {
					c.Args = append(c.Args, "-c", "COPY (SELECT "+rows+") TO STDOUT")
				}
				return measure(b, server, c)
			}},
			{"report, PostgreSQL", report(postgres)},
			{"report, SQLite", report(sqlite)},
			{"three figures in SQL", func() cost {
				return measure(b, server, exec.Command("psql", "-qAt", "-d", dsn, "-f", "testdata/bench_report.sql"))
			}},
		}
		fmt.Printf("\n%s deals            wall s    /COPY     CPU s    /COPY  peak MB\n", size)
		var limit cost
		for i, row := range table {
			c := medianCost(row.run)
			if i == 0 {
				limit = c
			}
			fmt.Printf("%-21s %8.2f %8.2f  %8.2f %8.2f %8.0f\n", row.name, c.wall, c.wall/limit.wall, c.cpu, c.cpu/limit.cpu, c.memory)
		}
	}
}

func medianCost(run func() cost) cost {
	runs := []cost{run(), run(), run()}
	middle := func(of func(cost) float64) float64 {
		v := []float64{of(runs[0]), of(runs[1]), of(runs[2])}
		slices.Sort(v)
		return v[1]
	}
	return cost{middle(func(c cost) float64 { return c.wall }), middle(func(c cost) float64 { return c.cpu }),
		middle(func(c cost) float64 { return c.memory })}
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
func fillForSpeed(b *testing.B, dir, dsn, size string) {
	b.Helper()
	if _, err := strconv.Atoi(size); err != nil {
		b.Fatalf("DRUMBEAT_BENCH_DEALS: %v", err)
	}
	heads := filepath.Join(dir, "heads")
	for rows, head := range map[string]string{"reps": "id,name", "deals": "id,name,created_at,outcome", "stage_changes": "deal_id,stage,at",
		"forecasts": "deal_id,at", "activities": "deal_id,at,kind", "criteria": "deal_id,criterion,met_at"} {
		write(b, filepath.Join(heads, rows+".csv"), []byte(head+"\n"))
	}
	load(b, dsn, heads)
	text, err := os.ReadFile("testdata/bench_rows.sql")
	if err != nil {
		b.Fatal(err)
	}
	script := filepath.Join(dir, "rows.sql")
	write(b, script, bytes.ReplaceAll(text, []byte("SIZE"), []byte(size)))
	mustRun(b, exec.Command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", script))
}

// exportForSpeed brings the same rows into SQLite.
func exportForSpeed(b *testing.B, dir, dsn, lite string) {
	b.Helper()
	files := filepath.Join(dir, "rows")
	for rows, query := range speedRows {
		file := filepath.Join(files, rows+".csv")
		write(b, file, nil)
		mustRun(b, exec.Command("psql", "-qAt", "-d", dsn, "-o", file, "-c", "COPY (SELECT "+query+") TO STDOUT WITH (FORMAT csv, HEADER)"))
	}
	load(b, lite, files)
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
