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
package snippets
