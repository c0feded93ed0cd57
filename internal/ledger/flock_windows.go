package ledger

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// flock locks the file until it is closed, by whatever end; false means that somebody else has the lock. Windows keeps
// others from the bytes that are locked, so it is one far beyond the end: what stands in the file can still be read.
func flock(f *os.File) (bool, error) {
	far := windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &far)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
