package loop_test

import (
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// Package stream imports neither of these, and they do not import it: they meet in the floors above. What keeps them
// fitting is here.
var (
	_ stream.Scheduler = (*loop.Loop)(nil)
	_ stream.Transport = (*reactor.Conn)(nil)
)
