//go:build (!unix && !windows) || solaris || illumos || aix

package ledger

import (
	"errors"
	"os"
)

// flock refuses: without a lock two workers on one file would go unnoticed.
func flock(*os.File) (bool, error) {
	return false, errors.New("this system has no flock; keep the state in Postgres")
}
