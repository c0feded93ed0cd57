package ledger

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// withJournal runs a test on a ledger whose journal lies in a folder of the test's own.
func withJournal(t *testing.T, test func(t *testing.T, l *Ledger)) {
	t.Helper()
	dbtest.Both(t, func(t *testing.T, dsn string) { test(t, open(t, dsn, WithJournal(t.TempDir()))) })
}

func spill(t *testing.T, l *Ledger, d *Delivery, r Result) string {
	t.Helper()
	return must(l.Spill(d, r))(t)
}

// Fault 14: told to stop while the database is gone, a sender leaves what it knows in the journal.
func TestWhatIsInTheJournalIsMarkedAtTheNextStart(t *testing.T) {
	withJournal(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		sent, later, refused := claim(t, l, "a", time.Minute), claim(t, l, "b", time.Minute), claim(t, l, "c", time.Minute)
		retry := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		file := spill(t, l, sent, Result{State: Sent, Reply: "250 2.0.0 queued\n\xff"})
		spill(t, l, later, Result{State: Pending, Reason: "relay said bye", RetryAt: retry, Spared: true})
		spill(t, l, refused, Result{State: Failed, Reply: "550 no such user"})
		if mode := must(os.Stat(file))(t).Mode().Perm(); mode != 0o600 {
			t.Errorf("what servers say may name people, and the file's mode is %o", mode)
		}
		if done := must(l.Replay(t.Context()))(t); done.Marked != 3 || len(done.Dropped) != 0 || done.File != file {
			t.Errorf("replayed %+v", done)
		}
		if d := must(l.Get(t.Context(), sent.ID))(t); d.State != Sent || d.Reply != "250 2.0.0 queued\n\uFFFD" {
			t.Errorf("sent: %+v", d)
		}
		if d := must(l.Get(t.Context(), later.ID))(t); d.State != Pending || d.Attempts != 0 || !d.NextAttemptAt.Equal(retry) || d.Reason != "relay said bye" {
			t.Errorf("put off: %+v", d)
		}
		if s := state(t, l, refused.ID); s != Failed {
			t.Errorf("refused: %s", s)
		}
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the journal is still there: %v", err)
		}
		if done := must(l.Replay(t.Context()))(t); done.Marked != 0 {
			t.Errorf("replayed twice: %+v", done)
		}
	})
}

// Fault 14: the lease may have ended before the next start; nobody took the delivery, so what the journal knows counts.
func TestTheJournalOutlivesItsLease(t *testing.T) {
	withJournal(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 1)
		d := claim(t, l, "stopped", short)
		spill(t, l, d, Result{State: Sent})
		outlive()
		must(l.Replay(t.Context()))(t)
		if again := claim(t, l, "next", time.Minute); again != nil {
			t.Errorf("a mail that is out was claimed again: %+v", again)
		}
	})
}

// Fault 14: a line that no longer fits is dropped and named, and holds up none of the others.
func TestALineThatNoLongerFitsIsDropped(t *testing.T) {
	withJournal(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		taken, mine, others := claim(t, l, "stopped", short), claim(t, l, "b", time.Minute), claim(t, l, "c", time.Minute)
		file := spill(t, l, taken, Result{State: Failed, Reason: "550"})
		cut := must(os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0))(t)
		must(cut.WriteString(`{"delivery": 2, "fen`))(t) // the disk was full
		ok(t, cut.Close())
		spill(t, l, mine, Result{State: Sent})
		spill(t, l, mine, Result{State: Sending})
		another := *others // the same id and fence in a database that was made anew
		another.MessageID = "<somebody.else@example.com>"
		spill(t, l, &another, Result{State: Sent})
		outlive()
		if d := claim(t, l, "next", time.Minute); d == nil || d.ID != taken.ID {
			t.Fatalf("claimed %+v", d)
		}
		done := must(l.Replay(t.Context()))(t)
		if done.Marked != 1 || len(done.Dropped) != 4 || !errors.Is(done.Dropped[0], ErrFenced) ||
			!strings.Contains(done.Dropped[1].Error(), `fen`) || !errors.Is(done.Dropped[3], ErrFenced) {
			t.Errorf("replayed %+v", done)
		}
		for id, want := range map[int64]State{taken.ID: Sending, mine.ID: Sent, others.ID: Sending} {
			if s := state(t, l, id); s != want {
				t.Errorf("delivery %d is %s, want %s", id, s, want)
			}
		}
	})
}

// Fault 14: a database that is still away leaves the journal as it is.
func TestTheJournalWaitsForItsDatabase(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		folder := WithJournal(t.TempDir())
		l := open(t, dsn, folder)
		plan(t, l, 2)
		file := spill(t, l, claim(t, l, "a", time.Minute), Result{State: Sent})
		spill(t, l, claim(t, l, "b", time.Minute), Result{State: Sent})
		gone := must(Open(t.Context(), dsn, folder))(t)
		ok(t, gone.Close())
		if _, err := gone.Replay(t.Context()); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("replayed into nothing: %v", err)
		}
		if done := must(l.Replay(t.Context()))(t); done.Marked != 2 {
			t.Errorf("replayed %+v", done)
		}
	})
}

// Fault 14: several connections, and two replicas of one folder, write and replay at the same time.
func TestNothingIsLostBetweenThoseWhoSpillAndThoseWhoReplay(t *testing.T) {
	withJournal(t, func(t *testing.T, l *Ledger) {
		const rows = 24
		plan(t, l, rows)
		var held []*Delivery
		for range rows {
			held = append(held, claim(t, l, "stopped", time.Minute))
		}
		together(6, func(i int) {
			for j := i; j < rows; j += 6 {
				if _, err := l.Spill(held[j], Result{State: Sent}); err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					if _, err := l.Replay(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
		must(l.Replay(t.Context()))(t)
		if counts := must(l.Count(t.Context(), Filter{}))(t); counts[Sent] != rows {
			t.Errorf("%v", counts)
		}
	})
}

// Fault 14: where it cannot be written somebody has to know.
func TestAJournalThatCannotBeWrittenIsAnError(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := open(t, dsn, WithJournal(t.TempDir()))
		plan(t, l, 1)
		ok(t, os.Mkdir(l.journal(), 0o700))
		if file, err := l.Spill(claim(t, l, "a", time.Minute), Result{State: Sent}); err == nil || file != l.journal() {
			t.Errorf("spilled into a folder: %s, %v", file, err)
		}
	})
}
