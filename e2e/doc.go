// Package e2e holds tests that run the built program with strangers: sipp,
// baresip, lame, PostgreSQL, Twilio's SDKs for Node.js and Go, and a validator
// of OpenAPI documents. One that is not installed is skipped by name; with
// PIVOT_STRANGERS=required that is a failure. The packages for Node.js are
// installed by
//
//	npm install --prefix e2e/sdk --no-save --no-audit --no-fund \
//		twilio@6.2.0 @seriousme/openapi-schema-validator@2.11.0
package e2e
