package ledger

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileOrigin tells a file from its copies: a copy is another one to the file system, or was born at another time, whatever
// its name. A number alone would not do: the first file on every new volume has the same.
func fileOrigin(path string) string {
	var stat unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &stat) != nil {
		return ""
	}
	if stat.Mask&unix.STATX_BTIME == 0 {
		return fmt.Sprintf("file %d", stat.Ino)
	}
	return fmt.Sprintf("file %d of %d.%09d", stat.Ino, stat.Btime.Sec, stat.Btime.Nsec)
}
