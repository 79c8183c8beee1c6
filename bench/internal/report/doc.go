// Package report says what was measured: as tables and sentences at a terminal, as Markdown, as lines of Go benchmarks, and as a comparison of two
// runs.
package report
