// Package gregorian is the seconds since the beginning of year 0 that Kazoo's
// documents carry as times.
package gregorian

import "time"

// Epoch is the Unix epoch in such seconds.
const Epoch = 62167219200

// Seconds is t as the seconds since the beginning of year 0.
func Seconds(t time.Time) int64 { return t.Unix() + Epoch }

// Time is the moment s seconds after the beginning of year 0, in UTC.
func Time(s int64) time.Time { return time.Unix(s-Epoch, 0).UTC() }
