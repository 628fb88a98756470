//go:build !linux

package main

import "errors"

var errLinux = errors.New("the media engine needs Linux")

func mediaBench([]string) error { return errLinux }
func mediaPeer([]string) error  { return errLinux }
