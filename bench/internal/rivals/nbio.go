package rivals

import (
	"errors"
	"net"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
)

// serveNbio is nbio's echo, as its README shows it, with one poller.
func serveNbio(addr, _ string) error {
	logging.SetLevel(logging.LevelError)
	e := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{addr}, NPoller: 1, Listen: announced})
	e.OnData(func(c *nbio.Conn, data []byte) {
		_, _ = c.Write(data)
	})
	if err := e.Start(); err != nil {
		return err
	}
	select {} // it ends by signal
}

// serveNbioHTTP is nbio's HTTP server with net/http's handlers, one poller, and its own pool of goroutines for them.
func serveNbioHTTP(addr, _ string) error {
	logging.SetLevel(logging.LevelError)
	e := nbhttp.NewEngine(nbhttp.Config{Network: "tcp", Addrs: []string{addr}, NPoller: 1, Handler: routes(), Listen: announced})
	if err := e.Start(); err != nil {
		return err
	}
	select {}
}

// announced listens, and says where.
func announced(network, addr string) (net.Listener, error) {
	ln, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	if ln.Addr().Network() != "tcp" {
		return nil, errors.Join(errors.New("not TCP"), ln.Close())
	}
	announce(ln.Addr())
	return ln, nil
}
