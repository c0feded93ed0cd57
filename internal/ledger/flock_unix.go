//go:build unix && !solaris && !illumos && !aix

package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// flock locks the file until it is closed, by whatever end; false means that somebody else has the lock.
func flock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// fileOrigin tells a file from its copies: a copy is another one to the file system, whatever its name.
func fileOrigin(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("file %d", stat.Ino)
	}
	return ""
}
