// Package e2e holds tests that run the built program with strangers: sipp,
// baresip, lame, and Twilio's SDKs for Node.js and Go. One that is not
// installed is skipped by name; with PIVOT_STRANGERS=required that is a
// failure. Twilio's package for Node.js is installed by
//
//	npm install --prefix e2e/sdk --no-save --no-audit --no-fund twilio@6.2.0
package e2e
