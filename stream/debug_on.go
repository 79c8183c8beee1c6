//go:build weirdebug

package stream

// debug turns on checks that cost time: see the build tag weirdebug.
const debug = true
