package reactor

import "golang.org/x/sys/unix"

// sharePort sets SO_REUSEPORT on a socket that was bound without: the kernel looks at the option when the next one is
// bound.
func sharePort(fd int) Errno {
	return errnoOf(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

// deafen drops who asks to connect, by a filter that sees each segment to the listening socket from its TCP header on
// and lets through all but a SYN without ACK: handshakes that are under way still come to their end. The connections
// accepted from then on have the filter too, where it drops nothing that matters.
func deafen(fd int) Errno {
	const (
		flags   = 13 // the octet of the TCP header with these
		syn     = 0x02
		ack     = 0x10
		dropAll = 0
		keepAll = 1<<32 - 1
	)
	program := [...]unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: dropAll},
		{Code: unix.BPF_RET | unix.BPF_K, K: keepAll},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	return errnoOf(unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &filter))
}
