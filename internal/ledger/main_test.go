package ledger

import (
	"context"
	"fmt"
	"os"
	"testing"

	"drumbeat/internal/dbtest"
)

// lockHelper makes this test binary the second process of the lock test.
const lockHelper = "DRUMBEAT_LEDGER_LOCK_HELPER"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(lockHelper); dsn != "" {
		os.Exit(lockAndReport(dsn))
	}
	dbtest.Main(m)
}

// lockAndReport tries the process lock of a ledger and prints what came of it.
func lockAndReport(dsn string) int {
	l, err := connect(dsn)
	if err == nil {
		_, err = l.LockProcess(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("locked")
	return 0
}
