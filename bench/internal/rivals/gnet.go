package rivals

import (
	"fmt"
	"net"
	"os"

	"github.com/panjf2000/gnet/v2"
)

// serveGnet is gnet as its README shows it: its defaults (level-triggered, a 64 KiB read buffer) with one event loop.
func serveGnet(addr, _ string) error {
	return gnet.Run(&gnetEcho{}, "tcp://"+addr,
		gnet.WithNumEventLoop(1),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay))
}

type gnetEcho struct {
	gnet.BuiltinEventEngine
}

// OnBoot asks a copy of the listening descriptor for its address: gnet does not tell which port it got.
func (*gnetEcho) OnBoot(eng gnet.Engine) gnet.Action {
	addr, err := boundAddress(eng)
	if err != nil {
		fmt.Fprintf(os.Stderr, "gnet: %v\n", err)
		return gnet.Shutdown
	}
	announce(addr)
	return gnet.None
}

func (*gnetEcho) OnTraffic(c gnet.Conn) gnet.Action {
	buf, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(buf); err != nil {
		return gnet.Close
	}
	return gnet.None
}

func boundAddress(eng gnet.Engine) (net.Addr, error) {
	fd, err := eng.Dup()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer func() { _ = f.Close() }()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr(), nil
}
