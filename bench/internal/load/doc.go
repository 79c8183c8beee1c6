// Package load is the other end of the wire: clients that send messages to a server, check every answer, and cost so
// little that the server is what limits them.
//
// An [Engine] is one epoll loop on one thread, without a goroutine, an allocation or an ordinary (scheduler-announced)
// system call on its path. What a message and its answer are is a [Protocol]: [Echo] or [HTTP]. Polling, the engine asks
// epoll with timeout 0 and never sleeps, so the server is not charged for waking it; sleeping, it blocks as wrk does, and
// a wake-up across processors is part of each send. Both are honest, and polling is steadier.
//
// Closed loop, each connection waits for its answer before it sends again: that finds what a message costs, and hides how
// long somebody would have waited while the server stood still. Open loop, messages are due at a fixed rate, whatever
// comes back, and latency counts from the moment each was due: no coordinated omission.
//
// A [Crowd] is many slow peers at once, which is about memory, not about speed.
//
// [VerifyEcho] and [VerifyHTTP] ask first whether a server answers rightly at all, through package net and net/http, byte
// by byte.
package load
