// Package proc looks at another process from outside, the way the kernel keeps its books: processor time to the
// nanosecond, context switches, resident memory; and says which processor a process runs on.
//
// The parsers of procfs build everywhere; what asks the kernel is Linux only.
package proc
