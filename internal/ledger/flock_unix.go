//go:build unix && !solaris && !illumos && !aix

package ledger

import (
	"errors"
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
