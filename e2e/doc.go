// Package e2e holds tests that run the built program with strangers: sipp,
// baresip. One that is not installed is skipped by name; with
// PIVOT_STRANGERS=required that is a failure.
package e2e
