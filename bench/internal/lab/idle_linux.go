package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/subject"
)

const (
	connectBatch = 500 // fewer than any subject's backlog
	settle       = time.Second
	idleTimeout  = 2 * time.Minute
	sources      = 8 // addresses the clients come from
)

// Idle measures what a connection that has been used once costs a subject in memory: the slope between from and conns of
// them. Then all of them speak at once, rounds times, and every message must come back.
func (l *Lab) Idle(ctx context.Context, s subject.Subject, from, conns, size, rounds int) (result report.Idle, err error) {
	ctx, cancel := context.WithTimeout(ctx, idleTimeout)
	defer cancel()
	result = report.Idle{Subject: s.Name, From: from, Conns: conns}
	p, err := l.start(ctx, s)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	client, err := load.NewClient(load.Options{Size: size, Sleep: true})
	if err != nil {
		return result, err
	}
	defer client.Close()
	if result.StartRSS, err = proc.RSS(p.PID()); err != nil {
		return result, err
	}
	if result.FromRSS, err = l.settleAt(ctx, p, client, 0, from); err != nil {
		return result, err
	}
	if result.ConnsRSS, err = l.settleAt(ctx, p, client, from, conns); err != nil {
		return result, err
	}
	result.Lost, err = client.Exchange(ctx, 0, rounds)
	counts, _ := client.Counts()
	result.Messages, result.Wrong, result.Broken = counts.Messages, counts.Wrong, counts.Broken
	return result, errors.Join(err, p.Check())
}

// settleAt brings the number of connections from have to want, each with one message, and returns the memory after a
// rest.
func (l *Lab) settleAt(ctx context.Context, p *subject.Process, client *load.Client, have, want int) (int64, error) {
	for have < want {
		n := min(connectBatch, want-have)
		if err := client.Connect(p.Addr, n, loopbackSources()); err != nil {
			return 0, errors.Join(fmt.Errorf("after %d connections: %w", have, err), p.Check())
		}
		missing, err := client.Exchange(ctx, have, 1)
		if err != nil {
			return 0, errors.Join(fmt.Errorf("%d of the first messages lost: %w", missing, err), p.Check())
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
