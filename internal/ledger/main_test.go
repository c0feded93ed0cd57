package ledger

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"drumbeat/internal/dbtest"
)

// With this variable the test binary is a second process: it plays the part of that name on the database in helperDSN.
const (
	helperPart = "DRUMBEAT_LEDGER_HELPER"
	helperDSN  = "DRUMBEAT_LEDGER_HELPER_DSN"
)

// helperParts are played to standard output; their errors become the exit status.
var helperParts = map[string]func(dsn string) error{
	"lock":     lockAndReport,
	"migrate":  migrateForEver,
	"mark":     markForEver,
	"full":     claimOnAFullDisk,
	"unrooted": openUnprivileged,
}

func TestMain(m *testing.M) {
	if part, ok := helperParts[os.Getenv(helperPart)]; ok {
		if err := part(os.Getenv(helperDSN)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dbtest.Main(m)
}

// helper prepares a second process that plays a part.
func helper(t *testing.T, part, dsn string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperPart+"="+part, helperDSN+"="+dsn)
	return cmd
}

// started starts a second process, killed at the latest when the test ends, and gives its output.
func started(t *testing.T, cmd *exec.Cmd) io.Reader {
	t.Helper()
	out := must(cmd.StdoutPipe())(t)
	ok(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		_ = cmd.Wait()
	})
	return out
}

// kill ends a process as nothing else does, and waits until it is gone.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ok(t, cmd.Process.Kill())
	_ = cmd.Wait() // "signal: killed"
}

// lockAndReport tries the process lock of a ledger and prints what came of it.
func lockAndReport(dsn string) error {
	l, err := connect(dsn)
	if err == nil {
		_, err = l.LockProcess(context.Background())
	}
	if err == nil {
		fmt.Println("locked")
	}
	return err
}
