package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The journal keeps results for which the database had no ear before their process had to end: a mail that is out
// and not marked would go a second time. It is a file of one line of JSON each, beside SQLite's own or in a folder
// (WithJournal), named after the database that it belongs to; whoever starts next replays it.

// WithJournal sets the folder of the journal where the database is no file. It must outlive the process; without
// this option it is the working directory.
func WithJournal(folder string) Option { return func(l *Ledger) { l.journalFolder = folder } }

// entry is a line of the journal.
type entry struct {
	Delivery  int64     `json:"delivery"`
	Fence     int64     `json:"fence"`
	MessageID string    `json:"message_id"`
	State     State     `json:"state"`
	Attempts  int       `json:"attempts"`
	Reply     string    `json:"reply,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	RetryAt   time.Time `json:"retry_at,omitzero"`
	Spared    bool      `json:"spared,omitempty"`
}

// Replayed says what became of a journal.
type Replayed struct {
	File    string
	Marked  int
	Dropped []error // why lines have no effect: the delivery changed hands meanwhile, or the line is no result
}

// Spill writes a result that could not be marked into the journal, and says where that is. When it returns without
// an error the result is on the disk. A result that has reached the database nonetheless may be spilled all the same.
func (l *Ledger) Spill(d *Delivery, r Result) (file string, err error) {
	file = l.journal()
	fail := func(err error) (string, error) { return file, fmt.Errorf("ledger: journal: %w", err) }
	line, err := json.Marshal(entry{Delivery: d.ID, Fence: d.Fence, MessageID: d.MessageID, State: r.State, Attempts: d.Attempts,
		Reply: cleaned(r.Reply), Reason: cleaned(r.Reason), RetryAt: r.RetryAt, Spared: r.Spared})
	if err != nil {
		return fail(err)
	}
	f, err := openLocked(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return fail(err)
	}
	// A line of its own even after one that a full disk or a kill has cut short.
	_, err = f.Write(slices.Concat([]byte("\n"), line, []byte("\n")))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = syncFolder(filepath.Dir(file)) // the file's name, if it is new
	}
	if err != nil {
		return fail(err)
	}
	return file, nil
}

// Replay marks what the journal holds, and removes it; without a journal it does nothing. Call it before anything is
// claimed. An error leaves the journal as it is: replaying it again changes nothing that was marked already.
func (l *Ledger) Replay(ctx context.Context) (done Replayed, err error) {
	done.File = l.journal()
	f, err := openLocked(done.File, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return done, fmt.Errorf("ledger: journal: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = fmt.Errorf("ledger: replay %s: %w", done.File, err)
		}
	}()
	text, err := io.ReadAll(f)
	if err != nil {
		return done, err
	}
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil || e.State != Pending && !e.State.final() {
			done.Dropped = append(done.Dropped, fmt.Errorf("no result: %q", cleaned(string(line))))
			continue
		}
		err := l.Mark(ctx, &Delivery{ID: e.Delivery, Fence: e.Fence, MessageID: e.MessageID, Attempts: e.Attempts},
			Result{State: e.State, Reply: e.Reply, Reason: e.Reason, RetryAt: e.RetryAt, Spared: e.Spared})
		switch {
		case errors.Is(err, ErrFenced):
			done.Dropped = append(done.Dropped, err)
		case err != nil:
			return done, err
		default:
			done.Marked++
		}
	}
	return done, os.Remove(done.File)
}

// journal is the journal's file. It carries the name of its database, since the ids in it mean nothing in another.
func (l *Ledger) journal() string {
	if l.dialect.file != "" {
		return l.dialect.file + ".results"
	}
	hash := sha256.Sum256([]byte(l.place))
	return filepath.Join(l.journalFolder, "drumbeat-"+hex.EncodeToString(hash[:4])+".results")
}

// openLocked opens a file for this process alone, until it is closed: two replicas may share a folder.
func openLocked(name string, flags int) (*os.File, error) {
	for patience := time.Now().Add(callTimeout); ; time.Sleep(10 * time.Millisecond) {
		f, err := os.OpenFile(name, flags, 0o600)
		if err != nil {
			return nil, err
		}
		held, err := flock(f)
		if err == nil && held && isNamed(f, name) {
			return f, nil
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		if time.Now().After(patience) {
			return nil, fmt.Errorf("%s: %w", name, ErrLocked)
		}
	}
}

// isNamed says whether the file is still the one of that name: its last holder may have removed it.
func isNamed(f *os.File, name string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}

func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
