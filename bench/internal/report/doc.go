// Package report holds what was measured and says it: as a table and a sentence for a person, as JSON for a program.
package report
