// Package load is the other end of the wire: clients that ping-pong messages with a server, check every answer, and cost
// so little that the server is what limits them.
//
// A [Client] is one epoll loop on one thread, without a goroutine, an allocation or an ordinary (scheduler-announced)
// system call on its path. Polling, it asks epoll with timeout 0 and never sleeps, so the server is not charged for
// waking it; sleeping, it blocks as wrk does, and a wake-up across processors is part of each send. Both are honest,
// and polling is steadier.
//
// [Verify] asks first whether a server echoes at all, through package net and byte by byte.
package load
