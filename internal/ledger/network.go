package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
)

// ErrNetwork means that an SQLite ledger lies on a file system that other machines share.
var ErrNetwork = errors.New("SQLite does not work on a network file system")

// refuseNetwork refuses a file where neither SQLite's locks nor ours hold between machines, so that two workers would
// not see each other, and where -wal and -shm files break. What kind it is the operating system says; where it does
// not, or says something that we do not know, the file is taken.
func (l *Ledger) refuseNetwork() error {
	kind, err := l.fileSystem(filepath.Dir(l.dialect.file))
	if err != nil {
		return fmt.Errorf("which file system %s is on: %w", l.dialect.file, err)
	}
	if kind == "" {
		return nil
	}
	return fmt.Errorf("%w, and %s is on %s; move it to a local disk, or keep the state in Postgres", ErrNetwork, l.dialect.file, kind)
}
