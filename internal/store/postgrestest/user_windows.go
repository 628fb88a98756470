package postgrestest

import "os/exec"

// apart does nothing: the shell that it is for is not here.
func apart(*exec.Cmd) {}

// runAs does nothing: there is no root here.
func runAs(*exec.Cmd, uint32, uint32) {}

// stop and resume do nothing: there are no such signals.
func stop(int)   {}
func resume(int) {}
