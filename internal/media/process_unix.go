//go:build unix

package media

import (
	"os/exec"
	"syscall"
)

// killTogether puts the program into a group of its own, so that ending it
// ends whatever it started.
func killTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
