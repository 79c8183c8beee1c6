package httpcore

import "github.com/weir-go/weir/loop"

// Closes reports whether the connections of l end behind the answers that are due. It is for the goroutine of l.
func (s *Server) Closes(l *loop.Loop) bool { return s.on(l).closing }
