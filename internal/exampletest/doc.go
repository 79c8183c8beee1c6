// Package exampletest is what the tests of the examples share: a server or a loop that runs as long as the test, and after which nothing
// may be left.
package exampletest
