// Package parser has no code of its own: its benchmarks put weir's parser beside those of net/http and fasthttp, on the same
// messages in the same run.
//
//	go -C bench test -bench Parser -count 10 ./...
package parser
