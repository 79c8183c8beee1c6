package reactor

import (
	"errors"
	"net/netip"
	"syscall"
)

// The errnos that callers of this package meet, so that floors without system calls can name them.
const (
	EACCES        = syscall.EACCES
	EADDRINUSE    = syscall.EADDRINUSE
	EADDRNOTAVAIL = syscall.EADDRNOTAVAIL
	EAFNOSUPPORT  = syscall.EAFNOSUPPORT
	EAGAIN        = syscall.EAGAIN
	EBADF         = syscall.EBADF
	EBUSY         = syscall.EBUSY
	ECANCELED     = syscall.ECANCELED
	ECONNABORTED  = syscall.ECONNABORTED
	ECONNREFUSED  = syscall.ECONNREFUSED
	ECONNRESET    = syscall.ECONNRESET
	EDESTADDRREQ  = syscall.EDESTADDRREQ
	EEXIST        = syscall.EEXIST
	EFBIG         = syscall.EFBIG
	EHOSTUNREACH  = syscall.EHOSTUNREACH
	EINPROGRESS   = syscall.EINPROGRESS
	EINTR         = syscall.EINTR
	EINVAL        = syscall.EINVAL
	EIO           = syscall.EIO
	EISCONN       = syscall.EISCONN
	EISDIR        = syscall.EISDIR
	ELOOP         = syscall.ELOOP
	EMFILE        = syscall.EMFILE
	EMSGSIZE      = syscall.EMSGSIZE
	ENAMETOOLONG  = syscall.ENAMETOOLONG
	ENETUNREACH   = syscall.ENETUNREACH
	ENFILE        = syscall.ENFILE
	ENOBUFS       = syscall.ENOBUFS
	ENOENT        = syscall.ENOENT
	ENOMEM        = syscall.ENOMEM
	ENOSPC        = syscall.ENOSPC
	ENOTCONN      = syscall.ENOTCONN
	ENOTDIR       = syscall.ENOTDIR
	ENOTSOCK      = syscall.ENOTSOCK
	EOPNOTSUPP    = syscall.EOPNOTSUPP
	EPERM         = syscall.EPERM
	EPIPE         = syscall.EPIPE
	ETIMEDOUT     = syscall.ETIMEDOUT
)

// ErrClosed says that a connection, a listener or a loop was used after Close. It is never the peer's doing.
var ErrClosed = errors.New("use of a closed handle")

// Error tells which operation failed, on which peer if it had one, and why. errors.Is works down to the errno.
type Error struct {
	Op   string         // "read", "write", "connect", "accept" …
	Peer netip.AddrPort // zero for Unix sockets, and where there is no peer
	Err  error          // an Errno, perhaps wrapped, ErrClosed, a *loop.PanicError, or what is wrong with an address
}

// Error returns "reactor: OP PEER: REASON".
func (e *Error) Error() string {
	s := "reactor: " + e.Op
	if e.Peer.IsValid() {
		s += " " + e.Peer.String()
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Code returns the name of the errno behind the error, "ECONNRESET", as Node's errors have it; "" if there is none.
func (e *Error) Code() string {
	var errno syscall.Errno
	if !errors.As(e.Err, &errno) {
		return ""
	}
	return errnoName(errno)
}
