//go:build !unix

package media

import "os/exec"

// killTogether ends the program alone: there are no process groups here.
func killTogether(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
}
