//go:build !(linux || darwin || freebsd || openbsd || netbsd)

package reactor

import (
	"errors"
	"fmt"
	"runtime"
)

// System returns an error wrapping errors.ErrUnsupported: there is neither epoll nor kqueue on this system.
func System(SystemOptions) (Kernel, error) {
	return nil, fmt.Errorf("reactor: no poller for %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
