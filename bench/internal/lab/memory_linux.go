package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

const (
	connectBatch = 500 // fewer than any subject's backlog
	settle       = time.Second
	sources      = 8 // addresses the clients come from
	lookEvery    = 100 * time.Millisecond
)

// askIdle measures what a connection that has been used once costs a subject in memory: the slope between two numbers of
// them. Then all of them speak at once, and every answer must come.
func askIdle(protocol func(*Scenario) load.Protocol) func(context.Context, *turn) error {
	return func(ctx context.Context, t *turn) (err error) {
		l, s := t.lab, t.scenario
		p, err := l.start(ctx, t.program)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Stop()) }()
		engine, err := load.NewEngine(load.Options{Protocol: protocol(s), Sleep: true})
		if err != nil {
			return err
		}
		defer engine.Close()
		few, err := settleAt(ctx, p, engine, 0, s.from)
		if err != nil {
			return err
		}
		many, err := settleAt(ctx, p, engine, s.from, s.conns)
		if err != nil {
			return err
		}
		missing, err := engine.Exchange(ctx, 0, 1)
		if err := p.Blame(err); err != nil {
			return err
		}
		if missing > 0 {
			return fmt.Errorf("%d of %d answers missing when all connections spoke at once", missing, s.conns)
		}
		t.errors = engine.Errors()
		t.set(result.BytesPerConn, float64(many-few)/float64(s.conns-s.from))
		t.set(result.RSSPeak, float64(many))
		return right(engine)
	}
}

// settleAt brings the number of connections from have to want, each with one message, and returns the memory after a
// rest.
func settleAt(ctx context.Context, p *subject.Process, engine *load.Engine, have, want int) (int64, error) {
	for have < want {
		n := min(connectBatch, want-have)
		if err := engine.Connect(p.Addr, n, loopbackSources()); err != nil {
			return 0, p.Blame(fmt.Errorf("after %d connections: %w", have, err))
		}
		missing, err := engine.Exchange(ctx, have, 1)
		if err != nil {
			return 0, p.Blame(fmt.Errorf("%d of the first answers missing after %d connections: %w", missing, have+n, err))
		}
		have += n
	}
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return proc.RSS(p.PID())
}

// loopbackSources are 127.0.0.2 and so on: one address has ports for 28,000 connections at the usual setting, and the
// client's side should not come near its end.
func loopbackSources() []netip.Addr {
	addrs := make([]netip.Addr, sources)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i)})
	}
	return addrs
}

// askSlow lets a crowd of slow peers at a subject and looks at its memory. A server that ends connections because they are slow has its own
// answer to the question, and the errors show it; one that ends them all has none.
func askSlow(crowd load.Crowd) func(context.Context, *turn) error {
	return func(ctx context.Context, t *turn) (err error) {
		l, s := t.lab, t.scenario
		p, err := l.start(ctx, t.program)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Stop()) }()
		before, err := proc.RSS(p.PID())
		if err != nil {
			return err
		}
		began, err := proc.ReadUsage(p.PID())
		if err != nil {
			return err
		}
		rss := result.Series{Name: "rss", Unit: "bytes", Points: [][2]float64{}}
		moved := result.Series{Name: "moved", Unit: "bytes", Points: [][2]float64{}}
		peak, last, beats := before, int64(0), 0
		length := s.measured(l.o)
		crowd.Conns, crowd.Rate, crowd.Body, crowd.Every = s.conns, int(s.rate), s.size, lookEvery
		crowd.Look = func(elapsed time.Duration, bytes int64) {
			now, err := proc.RSS(p.PID())
			if err != nil {
				return // it has died; the end of the turn says so
			}
			peak = max(peak, now)
			rss.Points = append(rss.Points, [2]float64{elapsed.Seconds(), float64(now)})
			moved.Points = append(moved.Points, [2]float64{elapsed.Seconds(), float64(bytes)})
			if beats++; beats%3 == 0 {
				l.tell(result.Event{
					Kind: result.TurnSample, Scenario: s.Name, Subject: t.program.Subject, Round: t.round, Rounds: s.most(l.o),
					Elapsed: elapsed, Length: length, RSS: now, Rate: float64(bytes-last) / (3 * lookEvery).Seconds(),
				})
				last = bytes
			}
		}
		bytes, failures, first := crowd.Run(ctx, p.Addr, length)
		if err := errors.Join(ctx.Err(), p.Check()); err != nil {
			return err
		}
		ended, err := proc.ReadUsage(p.PID())
		if err != nil {
			return err
		}
		var broken int64
		for _, n := range failures {
			broken += n
		}
		if bytes == 0 || int(broken) >= s.conns {
			return errors.Join(fmt.Errorf("%d of %d slow connections were ended by the server, %d bytes moved", broken, s.conns, bytes), first)
		}
		if failures[load.KindAnswer]+failures[load.KindStatus] > 0 {
			return first
		}
		if mark, err := proc.PeakRSS(p.PID()); err == nil {
			peak = max(peak, mark)
		}
		t.errors, t.series = failures, []result.Series{rss, moved}
		t.set(result.RSSPeak, float64(peak))
		t.set(result.RSSGrowth, float64(peak-before))
		t.set(result.MBPerSecond, float64(bytes)/1e6/length.Seconds())
		t.set(result.Busy, ended.Sub(began).CPU.Seconds()/length.Seconds())
		return nil
	}
}
