package sqlstore

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes f for this process, or fails at once. The byte that is locked
// lies behind what is written in the file, which others may still read.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
}
