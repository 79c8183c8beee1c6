package loop

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/weir-go/weir/reactor"
)

// Dialing is a connection that is being made: see Loop.Dial.
type Dialing struct {
	l       *Loop
	network string
	address string
	port    uint16
	o       DialOptions
	done    func(*reactor.Conn, error) // nil once it was called

	state    dialState
	asked    [families]*Lookup // under way
	untried  candidates
	attempts []*attempt // under way, the oldest first
	tried    []error    // why those that are over have failed
	unfound  []error    // why look-ups have
	pause    Timer      // before the next attempt: the Resolution Delay, then Connection Attempt Delays
	limit    Timer      // Timeout
	why      error      // of dialOwing
}

// dialState is where a Dialing stands. It only moves as dialMoves has it.
type dialState uint8

const (
	dialAsking  dialState = iota // there is no address yet
	dialHolding                  // there are IPv4 addresses, and IPv6 ones have a moment left to come before them
	dialTrying                   // an attempt was made; later all may have failed, with a look-up still under way
	dialOwing                    // it is over and done is owed the reason, in a later turn
	dialOver                     // done was called
)

// dialMoves are the states that may come next. done is called on the way to dialOver, and so once.
var dialMoves = [...][]dialState{
	dialAsking:  {dialHolding, dialTrying, dialOwing},
	dialHolding: {dialTrying, dialOwing},
	dialTrying:  {dialTrying, dialOwing, dialOver},
	dialOwing:   {dialOver},
	dialOver:    {},
}

// move goes to the state to, if that may come next.
func (d *Dialing) move(to dialState) bool {
	if !slices.Contains(dialMoves[d.state], to) {
		return false
	}
	d.state = to
	return true
}

// attempt is one connect.
type attempt struct {
	d *Dialing
	c *reactor.Conn
}

// Cancel gives up: everything is closed at once, and done called with ECANCELED in a later turn. It does nothing once
// done was called. It is for the loop's goroutine.
func (d *Dialing) Cancel() {
	d.l.r.CheckGoroutine()
	d.fail(reactor.ECANCELED)
	if d.state == dialOwing {
		d.why = reactor.ECANCELED // whatever it was going to be told
	}
}

func (d *Dialing) timedOut() { d.fail(reasons(append([]error{reactor.ETIMEDOUT}, d.whyNot()...))) }

// answered is a look-up's callback.
func (d *Dialing) answered(f family, addrs []netip.Addr, err error) {
	d.asked[f] = nil
	if d.state >= dialOwing {
		return
	}
	if err != nil {
		d.unfound = append(d.unfound, err)
	}
	d.untried.add(f, addrs)
	switch {
	case d.state == dialHolding:
		d.pause.Stop() // what it waited for is here
	case d.state == dialAsking && f == four && len(addrs) > 0 && d.asked[six] != nil && d.o.ResolutionDelay > 0:
		d.move(dialHolding)
		d.pause.startQuiet(d.proceed, d.o.ResolutionDelay)
	}
	d.proceed()
}

// proceed makes the next attempt if it is time for one, and ends the dial if there is nothing left to try.
func (d *Dialing) proceed() {
	for !d.pause.Active() && (len(d.attempts) == 0 || d.o.FallbackDelay > 0) {
		addr, ok := d.untried.next()
		if !ok {
			break
		}
		d.attempt(netip.AddrPortFrom(addr, d.port).String())
	}
	if len(d.attempts) == 0 && d.untried.len() == 0 && d.asked == [families]*Lookup{} {
		why := d.whyNot()
		if len(why) == 0 { // there was nothing to try, nor to ask for
			why = append(why, &net.AddrError{Err: "no suitable address", Addr: d.address})
		}
		d.fail(reasons(why))
	}
}

// attempt begins to connect, and the pause before the next attempt.
func (d *Dialing) attempt(address string) {
	a := &attempt{d: d}
	c, err := d.l.ConnectWith(d.network, address, reactor.ConnectOptions{LocalAddr: d.o.LocalAddr}, a.ended)
	if err != nil {
		d.tried = append(d.tried, err)
		return
	}
	a.c = c
	d.attempts = append(d.attempts, a)
	d.move(dialTrying)
	if d.o.FallbackDelay > 0 {
		d.pause.startQuiet(d.proceed, d.o.FallbackDelay)
	}
}

// ended is the callback of a connect. The turn belongs to the connection, so if done panics that is reset.
func (a *attempt) ended(err error) {
	d, c := a.d, a.c
	a.d, a.c = nil, nil
	if d.state >= dialOwing {
		return // it was closed when the dial ended without it
	}
	d.attempts = slices.DeleteFunc(d.attempts, func(b *attempt) bool { return a == b })
	if err != nil {
		c.Close(nil)
		d.tried = append(d.tried, err)
		d.pause.Stop()
		d.proceed()
		return
	}
	if d.move(dialOver) {
		d.tell(c, nil)
	}
}

// fail ends the dial, and owes done the reason.
func (d *Dialing) fail(why error) {
	if !d.move(dialOwing) {
		return
	}
	d.why = why
	d.release()
	_ = d.l.Post(d.tellWhy) // the loop cannot be closed: it counts what has not ended
}

func (d *Dialing) tellWhy() {
	if d.move(dialOver) {
		d.tell(nil, d.fault(d.why))
	}
}

// tell calls done, of which nothing is left behind.
func (d *Dialing) tell(c *reactor.Conn, err error) {
	done := d.done
	d.done, d.why = nil, nil
	d.release()
	d.l.working--
	done(c, err)
}

// release gives up all that is under way.
func (d *Dialing) release() {
	d.pause.Stop()
	d.limit.Stop()
	for f, k := range d.asked {
		if k != nil {
			d.asked[f] = nil
			k.Cancel()
		}
	}
	for _, a := range d.attempts {
		a.c.Close(nil)
	}
	d.attempts, d.untried, d.tried, d.unfound = nil, candidates{}, nil, nil
}

// whyNot are the reasons so far why there is no connection: of the attempts, and of the look-ups. That a name has no
// address of one family is no reason while it has some of the other.
func (d *Dialing) whyNot() []error {
	errs := slices.Clone(d.tried)
	missing := len(d.tried) > 0
	for _, err := range d.unfound {
		if notFound(err) {
			if missing {
				continue
			}
			missing = true
		}
		errs = append(errs, err)
	}
	return errs
}

// reasons are errors that are one together.
type reasons []error

// Error returns all of them, on one line.
func (r reasons) Error() string {
	texts := make([]string, len(r))
	for i, err := range r {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns all of them, for errors.Is and errors.As.
func (r reasons) Unwrap() []error { return r }
