// Package snippets compiles the Go that the pages show, and runs the programs of the README, so that what a reader pastes works.
//
// A fence that begins with a package clause is a program. Any other is the inside of a function; what it uses without having declared it
// stands in a comment right above it, as parameters, and the imports are found by their names:
//
//	<!-- with: req *httpcore.IncomingMessage, path string -->
//
// One that begins with func or type stands outside functions; its variables are parted by semicolons.
//
// A comment "<!-- not compiled: why -->" leaves a fence out.
//
// The shell of the pages, and of the heads of the examples, is run as well, line by line, as a reader would with a terminal for each that
// goes on: blocks that are indented by four, and fences. A server has to come up, and to be there in the end; any other line has to end
// well, or to do what the table in shell_run_test.go knows of it. Addresses are the test's own, curl fails where a server answers with an
// error, nc is the test's, and two kinds are only looked at, since they are CI itself: make says what it would do, and what go test is
// given has to exist. A comment above a block leaves it out, or those of its lines that have one of the words; the flags of our
// programs in it have to exist nevertheless:
//
//	<!-- not run: it needs root -->
//	<!-- not run (doctor, list): they take long -->
//
// A line with a program that is not installed is left out too, which TestTheToolsOfThePagesAreThere tells. Commands within a sentence are looked
// at, and not run.
package snippets
