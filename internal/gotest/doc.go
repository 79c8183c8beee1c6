// Command gotest runs go test and tells what a plain run hides: how many tests ran, which were skipped, and why.
//
//	go run ./internal/gotest [-skips FILE] [-dir FOLDER] -- [arguments of go test]
//
// It prints what go test prints without -v: a line for each package, and the output of what failed. Skipped tests and
// their messages follow it, and one line of totals ends it. It fails when go test fails, when no test ran at all (a -run
// that matches nothing is a typing error, not a success), and, given a file of allowed skips, when a test was skipped
// that the file doesn't name: a skip nobody decided on is a test nobody runs.
package main
