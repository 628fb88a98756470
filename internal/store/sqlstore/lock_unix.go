//go:build unix

package sqlstore

import (
	"os"
	"syscall"
)

// lock takes f for this process, or fails at once.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
