// Fetch gets URLs with httpcore's client and prints what came of each, so that a hostile server can tell how the client takes
// what it is sent.
//
//	go run ./internal/conform/fetch URL...
//
// The URLs are fetched one after another with one Agent, at least 50 ms apart: what a server sends meanwhile reaches an idle
// connection. Redirects are not followed. For each there is a line of JSON on standard output:
//
//	{"status":200,"bodyLength":5,"bodySha256":"…","error":""}
//
// error is empty only if the whole response was received and is valid. H1PROBE_TIMEOUT_MS (default 4000) is how long a request
// may take in all, H1PROBE_MAX_BODY (default 8388608) how many bytes a body may have.
package main
