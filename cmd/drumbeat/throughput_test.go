//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
)

// throughputConnections are those of the relay, ours and the raw sender's.
const throughputConnections = 4

// mostMemory is what making and sending any number of digests may take, in MB: were they all in memory, 5,000 would
// take several times as much.
const mostMemory = 300

// BenchmarkThroughput makes 5,000 digests of reps, records them, and sends them to an SMTP server in Go in a process of
// its own, with a ledger on PostgreSQL and on SQLite. Beside it stands what a sender can reach that does nothing but
// write the same bytes, pipelined, over as many connections to the same server. It fails where a digest is not sent, and where
// memory grows with their number. DRUMBEAT_BENCH_MAILS says how many digests (at most 10000).
func BenchmarkThroughput(b *testing.B) {
	n := 5000
	if s := os.Getenv("DRUMBEAT_BENCH_MAILS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 || n > 10_000 {
			b.Fatalf("DRUMBEAT_BENCH_MAILS: %q is no number of digests from 1 to 10000", s)
		}
	}
	dir := b.TempDir()
	program, sink := filepath.Join(dir, "drumbeat"), filepath.Join(dir, "smtpsink")
	mustRun(b, exec.Command("go", "build", "-o", program, "."))
	mustRun(b, exec.Command("go", "build", "-o", sink, "../../internal/mail/mailbox/smtpsink"))
	reps := pipelineForThroughput(b, dir, n)
	relay := startSink(b, sink)
	states := []struct{ name, dsn string }{{"PostgreSQL", dbtest.Postgres(b)}, {"SQLite", dbtest.SQLite(b)}}
	for b.Loop() {
		fmt.Printf("\n%d digests          render, record s   send s   mails/s   raw mails/s   ratio   peak MB\n", n)
		for _, state := range states {
			t := throughput{b: b, dir: dir, program: program, relay: relay, n: n, reps: reps, state: state.dsn}
			t.measure(state.name)
		}
	}
}

// throughput is one ledger's measurement.
type throughput struct {
	b                          *testing.B
	dir, program, relay, state string
	n                          int
	reps                       []string
}

func (t throughput) measure(name string) {
	t.b.Helper()
	// Nobody listens on port 1: everything is made and recorded, and stays pending.
	made, peak := t.run("127.0.0.1:1", fmt.Sprintf("0 sent, %d pending", t.n), "--wait", "0s")
	spool := t.spool()
	defer func() { _ = spool.file.Close() }()
	var ours, raw []float64
	for range 3 { // in turns, because a machine's speed drifts
		took, memory := t.run(t.relay, fmt.Sprintf("%d sent", t.n), "--force")
		ours, peak = append(ours, took), max(peak, memory)
		raw = append(raw, spool.sendRaw(t.b, t.relay))
	}
	slices.Sort(ours)
	slices.Sort(raw)
	n := float64(t.n)
	fmt.Printf("ledger on %-16s %10.1f %8.1f %9.0f %13.0f %7.2f %9.0f\n", name, made, ours[1], n/ours[1], n/raw[1], raw[1]/ours[1], peak)
	if peak > mostMemory {
		t.b.Errorf("%s: %.0f MB at the peak, more than %d", name, peak, mostMemory)
	}
}

// run calls `drumbeat run` and demands what it says; it gives the seconds and the peak memory in MB.
func (t throughput) run(relay, says string, args ...string) (seconds, peak float64) {
	t.b.Helper()
	config := t.config(relay)
	c := exec.Command(t.program, append([]string{"run", "own", "--config", config, "--as-of", "2026-06-01"}, args...)...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	from := time.Now()
	err := c.Run()
	took := time.Since(from)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || !strings.Contains(out.String(), says) {
		t.b.Fatalf("want %q, got %s%s%v", says, &out, &problems, err)
	}
	return took.Seconds(), float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024 // KiB on Linux
}

// config writes one that sends to a relay as fast as it can.
func (t throughput) config(relay string) string {
	t.b.Helper()
	host, port, err := net.SplitHostPort(relay)
	if err != nil {
		t.b.Fatal(err)
	}
	config := filepath.Join(t.dir, "throughput.yaml")
	write(t.b, config, []byte(fmt.Sprintf(`process: process.yaml
source: {dsn: "sqlite:pipeline.db"}
state: {dsn: %q}
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", skip_empty: false, recipients: {reps: [%s]}}]
mail: {from: drumbeat@example.com, smtp: {host: %s, port: %s, tls: none}, connections: %d, rate: 1000000/s}
`, t.state, strings.Join(t.reps, ", "), host, port, throughputConnections)))
	return config
}

// pipelineForThroughput makes up a pipeline with ten deals a rep, and gives the ids of n who get a digest.
func pipelineForThroughput(b *testing.B, dir string, n int) (reps []string) {
	b.Helper()
	proc, faults := process.Read("process.yaml", files.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	write(b, filepath.Join(dir, "process.yaml"), files.ProcessYAML)
	p := sample.Generate(sample.Options{Seed: 1, Reps: n, Deals: 10 * n, Process: proc})
	rows := filepath.Join(dir, "rows")
	if err := p.WriteCSV(rows); err != nil {
		b.Fatal(err)
	}
	load(b, "sqlite:"+filepath.Join(dir, "pipeline.db"), rows)
	for _, r := range p.Reps {
		if r.Active && r.Email != "" && !r.System && len(reps) < n {
			reps = append(reps, strconv.Quote(r.ID))
		}
	}
	return reps
}

// startSink starts the SMTP server, which keeps nothing, until the benchmark ends.
func startSink(b *testing.B, program string) (addr string) {
	b.Helper()
	c := exec.Command(program, "-addr", "127.0.0.1:0", "-forget")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// spool is a file of mails as they stand on the wire, so that a raw sender has nothing to do but to write.
type spool struct {
	file  *os.File
	mails []spooled
}

type spooled struct {
	to         string
	start, end int64
}

func (t throughput) spool() *spool {
	t.b.Helper()
	fail := func(err error) {
		if err != nil {
			t.b.Fatal(err)
		}
	}
	l, err := ledger.Open(t.b.Context(), t.state)
	fail(err)
	defer func() { _ = l.Close() }()
	rows, err := l.List(t.b.Context(), ledger.Filter{State: ledger.Pending})
	fail(err)
	file, err := os.CreateTemp(t.dir, "spool")
	fail(err)
	s := &spool{file: file}
	var at int64
	for _, row := range rows {
		d, err := l.Get(t.b.Context(), row.ID)
		fail(err)
		n, err := file.Write(append(bytes.ReplaceAll(d.Body, []byte("\n."), []byte("\n..")), ".\r\n"...))
		fail(err)
		s.mails = append(s.mails, spooled{d.Recipient, at, at + int64(n)})
		at += int64(n)
	}
	return s
}

// sendRaw sends every mail and gives the seconds.
func (s *spool) sendRaw(b *testing.B, relay string) float64 {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	from := time.Now()
	for range throughputConnections {
		wg.Go(func() {
			if err := s.connection(relay, &next); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(from).Seconds()
}

// connection pipelines as far as RFC 2920 allows: the next envelope travels with the end of the mail before.
func (s *spool) connection(relay string, next *atomic.Int64) error {
	conn, err := net.Dial("tcp", relay)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	expect := func(codes ...string) error {
		for _, code := range codes {
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return err
				}
				if !strings.HasPrefix(line, code) {
					return fmt.Errorf("raw sender: %q, want %s", line, code)
				}
				if line[3] == ' ' {
					break
				}
			}
		}
		return nil
	}
	if _, err := io.WriteString(conn, "EHLO localhost\r\n"); err != nil {
		return err
	}
	if err := expect("220", "250"); err != nil {
		return err
	}
	var out []byte
	unanswered := []string{}
	for i := next.Add(1) - 1; i < int64(len(s.mails)); i = next.Add(1) - 1 {
		m := s.mails[i]
		out = fmt.Appendf(out, "MAIL FROM:<drumbeat@example.com>\r\nRCPT TO:<%s>\r\nDATA\r\n", m.to)
		if _, err := conn.Write(out); err != nil {
			return err
		}
		if err := expect(append(unanswered, "250", "250", "354")...); err != nil {
			return err
		}
		out = slices.Grow(out[:0], int(m.end-m.start)+256)[:m.end-m.start]
		if _, err := s.file.ReadAt(out, m.start); err != nil {
			return err
		}
		unanswered = []string{"250"}
	}
	if _, err := conn.Write(append(out, "QUIT\r\n"...)); err != nil {
		return err
	}
	return expect(append(unanswered, "221")...)
}
