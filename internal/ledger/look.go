package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder refuses a file for which there is no folder.
func folder(path string) error {
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s; make it, or correct state.dsn", filepath.Dir(path))
	}
	return nil
}

// Look says whether the state database answers and fits this program, and writes nothing to it. There is false
// where Open would still have to make the tables; a schema of another version is a *SchemaError.
func Look(ctx context.Context, dsn string) (there bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("look at the ledger: %w", err)
		}
	}()
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok { // connecting would make the file
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return false, folder(path)
		}
	}
	l, err := connect(dsn)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, l.db.Close()) }()
	provider, err := l.provider()
	if err != nil {
		return false, err
	}
	have, err := l.version(ctx)
	err = l.dialect.advise(err)
	if want := newest(provider); err == nil && have != 0 && have != want {
		err = &SchemaError{Have: have, Want: want}
	}
	return have != 0, err
}
