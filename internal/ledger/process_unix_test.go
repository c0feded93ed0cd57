//go:build unix

package ledger

import (
	"os/signal"
	"syscall"
	"testing"
)

// pause stops a process where it stands, and returns when all of it stands still.
func pause(t *testing.T, pid int) {
	t.Helper()
	ok(t, syscall.Kill(pid, syscall.SIGSTOP))
	var status syscall.WaitStatus
	if got := must(syscall.Wait4(pid, &status, syscall.WUNTRACED, nil))(t); got != pid || !status.Stopped() {
		t.Fatalf("process %d: %v", got, status)
	}
}

// full lets no file of this process grow any more, or takes that back: a disk that is full, without filling one.
func full(is bool) error {
	signal.Ignore(syscall.SIGXFSZ) // an error, not the end of the process
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	if is {
		limit.Cur = 1
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}
