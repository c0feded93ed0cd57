package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// markForEver claims and marks, and says of each delivery that it is marked once Mark has returned.
func markForEver(dsn string) error {
	l, err := Open(context.Background(), dsn)
	if err != nil {
		return err
	}
	for {
		d, err := l.Claim(context.Background(), Claim{Owner: "child", Lease: time.Hour})
		if err != nil || d == nil {
			return errors.Join(errors.New("out of work"), err)
		}
		if err := l.Mark(context.Background(), d, Result{State: Sent, Reply: "250 ok"}); err != nil {
			return err
		}
		fmt.Println(d.ID)
	}
}

// Fault 20: the power goes. What the disk holds at that moment, with a WAL that nobody has closed, has every mark that
// was acknowledged; and so has the file that a killed process leaves behind. That the kernel is told to write it down
// is synchronous=FULL, which TestOpen asks the connection for.
func TestEveryAcknowledgedMarkSurvivesThePowerLoss(t *testing.T) {
	dsn := dbtest.SQLite(t)
	first := must(Open(t.Context(), dsn))(t)
	const rows = 2000
	plan(t, first, rows)
	ok(t, first.Close())
	file := strings.TrimPrefix(dsn, "sqlite:")
	acknowledged := map[int64]bool{}
	for range 3 {
		cmd := helper(t, "mark", dsn)
		marks := bufio.NewReader(started(t, cmd))
		for range 40 { // somewhere in the middle of it
			acknowledged[readID(t, marks)] = true
		}
		pause(t, cmd.Process.Pid) // files that change while they are copied are no moment's
		disk := t.TempDir()
		for _, suffix := range []string{"", "-wal"} {
			text := must(os.ReadFile(file + suffix))(t)
			ok(t, os.WriteFile(filepath.Join(disk, "state.db"+suffix), text, 0o600))
		}
		ok(t, cmd.Process.Kill())
		for id, err := nextID(marks); err == nil; id, err = nextID(marks) {
			acknowledged[id] = true
		}
		_ = cmd.Wait() // "signal: killed"
		for _, left := range []string{"sqlite:" + filepath.Join(disk, "state.db"), dsn} {
			l := must(Open(t.Context(), left))(t)
			for id := range acknowledged {
				if s := state(t, l, id); s != Sent {
					t.Errorf("%s: the mark of delivery %d was acknowledged, and it is %s", filepath.Base(left), id, s)
				}
			}
			var sound string
			ok(t, l.db.GetContext(t.Context(), &sound, "PRAGMA integrity_check"))
			if sound != "ok" {
				t.Error(sound)
			}
			ok(t, l.Close())
		}
	}
	if len(acknowledged) < 3*40 {
		t.Errorf("only %d marks", len(acknowledged))
	}
}

func nextID(r *bufio.Reader) (int64, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(line), 10, 64)
}

func readID(t *testing.T, r *bufio.Reader) int64 {
	t.Helper()
	return must(nextID(r))(t)
}

// openUnprivileged opens a ledger as a user who is not root, for whom modes of files mean nothing.
func openUnprivileged(dsn string) error {
	if os.Geteuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	_, err := Open(context.Background(), dsn)
	return err
}

// Fault 20: a file or a folder that is read-only.
func TestAReadOnlyFileSaysWhatToDo(t *testing.T) {
	for name, modes := range map[string]struct{ folder, file os.FileMode }{
		"file":   {0o777, 0o444},
		"folder": {0o555, 0o666},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(folder, "state.db")
			ok(t, os.WriteFile(file, nil, 0o600))
			ok(t, os.Chmod(filepath.Dir(folder), 0o755)) // the test's own, to be walked through
			ok(t, os.Chmod(file, modes.file))
			ok(t, os.Chmod(folder, modes.folder))
			t.Cleanup(func() { ok(t, os.Chmod(folder, 0o700)) })
			out, err := helper(t, "unrooted", "sqlite:"+file).CombinedOutput()
			if err == nil || !strings.Contains(string(out), file) || !strings.Contains(string(out), "must be writable for the user that runs drumbeat") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// Fault 20: a file that became read-only, or damaged, under a running worker: nothing is claimed.
func TestAFileThatBecameUnusableSaysWhatToDo(t *testing.T) {
	l := open(t, dbtest.SQLite(t))
	plan(t, l, 1)
	must(l.db.Exec("PRAGMA query_only = ON"))(t)
	d, err := l.Claim(t.Context(), Claim{Owner: "me", Lease: time.Minute})
	if d != nil || err == nil || !strings.Contains(err.Error(), "must be writable") {
		t.Errorf("claimed %+v: %v", d, err)
	}
	must(l.db.Exec("PRAGMA query_only = OFF"))(t)
	if d := claim(t, l, "me", time.Minute); d == nil || d.Attempts != 1 {
		t.Errorf("after it was mended: %+v", d)
	}
	noLedger := filepath.Join(t.TempDir(), "notes.txt")
	ok(t, os.WriteFile(noLedger, []byte(strings.Repeat("These are my notes. ", 100)), 0o600))
	if _, err := Open(t.Context(), "sqlite:"+noLedger); err == nil || !strings.Contains(err.Error(), "no ledger") {
		t.Errorf("notes: %v", err)
	}
}

// Fault 20: on a network file system no lock holds, so that a worker does not start there; whoever only looks may.
func TestANetworkFileSystemIsRefused(t *testing.T) {
	l := open(t, dbtest.SQLite(t))
	for _, c := range []struct {
		kind string
		err  error
		want error
	}{
		{"NFS", nil, ErrNetwork},
		{"", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		{"", nil, nil},
	} {
		var asked string
		l.fileSystem = func(folder string) (string, error) { asked = folder; return c.kind, c.err }
		release, err := l.LockProcess(t.Context())
		if !errors.Is(err, c.want) || asked != filepath.Dir(l.dialect.file) {
			t.Errorf("%q: %v, asked about %s", c.kind, err, asked)
		}
		if c.kind != "" && (!strings.Contains(err.Error(), "is on "+c.kind) || !strings.Contains(err.Error(), "Postgres")) {
			t.Errorf("it does not say what to do: %v", err)
		}
		if err == nil {
			ok(t, release())
		}
	}
	if kind, err := networkFileSystem(t.TempDir()); err != nil || kind != "" {
		t.Skipf("the tests' own folder is on %q (%v): they tell nothing about a local one", kind, err)
	}
}

// Fault 12: the database file may not grow. The plan says so as a whole, and what was there goes on.
func TestAFullDatabaseRecordsNothingHalf(t *testing.T) {
	l := open(t, dbtest.SQLite(t))
	plan(t, l, 2)
	var pages int
	ok(t, l.db.Get(&pages, "PRAGMA page_count"))
	ok(t, l.db.Get(&pages, "PRAGMA max_page_count = "+strconv.Itoa(pages+8)))
	big := digests(10)
	for i := range big {
		big[i].Body = []byte(strings.Repeat("x", 1<<14))
	}
	next := weekly()
	next.Period = "2026-11-23"
	_, err := l.Plan(t.Context(), next, big)
	if err == nil || !strings.Contains(err.Error(), "full") || !strings.Contains(err.Error(), "make room on the disk of "+l.dialect.file) {
		t.Errorf("planned: %v", err)
	}
	if known := must(l.Known(t.Context(), "weekly", next.Period))(t); len(known) != 0 {
		t.Errorf("half a plan: %v", known)
	}
	d := claim(t, l, "me", time.Minute)
	ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
	ok(t, l.db.Get(&pages, "PRAGMA max_page_count = 1000000"))
	if added := must(l.Plan(t.Context(), next, big))(t); added != len(big) {
		t.Errorf("with room again, planned %d", added)
	}
}

// claimOnAFullDisk claims where no file may grow any more, and then where it may again.
func claimOnAFullDisk(dsn string) error {
	l, err := Open(context.Background(), dsn)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := full(true); err != nil {
		return err
	}
	d, err := l.Claim(ctx, Claim{Owner: "child", Lease: time.Hour})
	fmt.Printf("full: claimed %t, error %v\n", d != nil, err)
	if err := full(false); err != nil {
		return err
	}
	d, err = l.Claim(ctx, Claim{Owner: "child", Lease: time.Hour})
	if err != nil {
		return err
	}
	fmt.Printf("room: attempt %d\n", d.Attempts)
	return l.Mark(ctx, d, Result{State: Sent})
}

// Fault 12: the disk is full, so that not even a claim can be written: an error and no delivery, and when there is
// room again it goes on.
func TestAFullDiskClaimsNothing(t *testing.T) {
	dsn := dbtest.SQLite(t)
	l := must(Open(t.Context(), dsn))(t)
	plan(t, l, 1)
	ok(t, l.Close())
	text, err := helper(t, "full", dsn).CombinedOutput()
	if out := string(text); err != nil || !strings.Contains(out, "full: claimed false, error ledger: claim: ") ||
		!strings.Contains(out, "make room on the disk") || !strings.Contains(out, "room: attempt 1") {
		t.Errorf("%v: %s", err, out)
	}
	if counts := must(open(t, dsn).Count(t.Context(), Filter{}))(t); counts[Sent] != 1 {
		t.Errorf("%v", counts)
	}
}
