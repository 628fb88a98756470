//go:build unix

package postgrestest

import (
	"os/exec"
	"syscall"
)

// apart keeps the signals of our terminal or time limit from cmd, which tidies
// up after us.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// runAs has cmd, which is apart, run as a user.
func runAs(cmd *exec.Cmd, uid, gid uint32) {
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
}

// stop has a process stand still, resume has it go on.
func stop(pid int)   { _ = syscall.Kill(pid, syscall.SIGSTOP) }
func resume(pid int) { _ = syscall.Kill(pid, syscall.SIGCONT) }
