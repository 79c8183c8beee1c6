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
)

// askEcho is a turn of messages that come back.
func askEcho(ctx context.Context, t *turn) error {
	return t.busy(ctx, load.Options{Protocol: load.NewEcho(int(t.scenario.size))}, 2*t.scenario.size)
}

// askHTTP is a turn of one request again and again.
func askHTTP(request func(*Scenario) load.Request) func(context.Context, *turn) error {
	return func(ctx context.Context, t *turn) error {
		r := request(t.scenario)
		o := load.Options{Protocol: load.NewHTTP(r)}
		if t.scenario.Name == "rate" {
			o.Rate = t.scenario.rate
		}
		return t.busy(ctx, o, max(r.Body, r.AnswerLength))
	}
}

// askChurn is a turn of connections with one request each.
func askChurn(ctx context.Context, t *turn) error {
	r := get(1)
	r.Close = true
	return t.busy(ctx, load.Options{Protocol: load.NewHTTP(r), Churn: true}, 0)
}

// warmOperations are what V8 needs to compile a handler; smallBody is where so many operations take little time. Who asks for a shorter
// warm-up than warmEnough wants it short.
const (
	warmOperations = 5000
	warmEnough     = 100 * time.Millisecond
	smallBody      = 4 * kib
)

// reading is everything looked at at one end of the measured time.
type reading struct {
	server     proc.Usage
	loadWaited time.Duration // of the client's thread
	counts     load.Counts
}

// busy keeps a fresh server busy for a turn. Body is what an operation moves, for those that count bytes.
func (t *turn) busy(ctx context.Context, o load.Options, body int64) (err error) {
	l, s := t.lab, t.scenario
	p, err := l.start(ctx, t.program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	length := s.measured(l.o)
	o.Sleep = l.sleeps()
	if body <= smallBody && l.o.WarmUp >= warmEnough {
		o.WarmOperations = warmOperations
	}
	o.Pulse = func(beat load.Pulse) {
		e := result.Event{
			Kind: result.TurnSample, Scenario: s.Name, Subject: t.program.Subject, Round: t.round, Rounds: s.most(l.o),
			Elapsed: beat.Elapsed, Length: length, Rate: beat.Rate,
		}
		if beat.Latency.TotalCount() > 0 {
			e.P50, e.P99 = time.Duration(beat.Latency.ValueAtQuantile(50)), time.Duration(beat.Latency.ValueAtQuantile(99))
		}
		l.tell(e)
	}
	engine, err := load.NewEngine(o)
	if err != nil {
		return err
	}
	defer engine.Close()
	start, err := proc.RSS(p.PID())
	if err != nil {
		return p.Blame(err)
	}
	if err := engine.Connect(p.Addr, s.conns, sourcesFor(o.Churn)); err != nil {
		return p.Blame(err)
	}
	var ends []reading
	err = engine.Measure(ctx, l.o.WarmUp, length, func() error {
		end, err := take(p.PID(), engine)
		ends = append(ends, end)
		return err
	})
	if err := p.Blame(err); err != nil {
		return err
	}
	if err := right(engine); err != nil {
		return err
	}
	t.latency, t.errors = engine.Latency(), engine.Errors()
	if err := t.between(ends[0], ends[1], body); err != nil {
		return err
	}
	peak, err := proc.PeakRSS(p.PID())
	t.set(result.RSSPeak, float64(peak))
	t.set(result.RSSGrowth, float64(max(0, peak-start)))
	return err
}

// sourcesFor spreads connections over addresses where there are many in a short time.
func sourcesFor(many bool) []netip.Addr {
	if many {
		return loopbackSources()
	}
	return nil
}

// brokenMost is the share of operations whose connection may break before a turn has failed. A server may end a connection now and then,
// which is counted and shown; one that ends them all the time is not measured by what is left.
const brokenMost = 0.01

// right says whether the answers were.
func right(engine *load.Engine) error {
	counts, broken := engine.Counts()
	if counts.Wrong > 0 {
		return fmt.Errorf("%d of %d answers had wrong bytes", counts.Wrong, counts.Operations)
	}
	if counts.Errors[load.KindAnswer]+counts.Errors[load.KindStatus] > 0 || float64(counts.Broken) > brokenMost*float64(counts.Operations) {
		return fmt.Errorf("%d connections broken beside %d answers: %w", counts.Broken, counts.Operations, broken)
	}
	return nil
}

// take is called by the client, on its thread.
func take(pid int, engine *load.Engine) (reading, error) {
	counts, _ := engine.Counts()
	server, err := proc.ReadUsage(pid)
	if err != nil {
		return reading{}, err
	}
	waited, err := proc.ThreadWaited()
	return reading{server: server, loadWaited: waited, counts: counts}, err
}

// leastCPU is less than any system call costs: a server that spends less an answer is not the one that answers.
const leastCPU = 20 * time.Nanosecond

// errDisturbed is of a turn that says nothing about the subject.
var errDisturbed = errors.New("other work had the processors: no answer in the measured time")

// between turns two readings into figures.
func (t *turn) between(a, b reading, body int64) error {
	spent := b.server.Sub(a.server)
	operations := b.counts.Operations - a.counts.Operations
	seconds := b.server.At.Sub(a.server.At).Seconds()
	disturbance := (spent.Waited + b.loadWaited - a.loadWaited).Seconds() / seconds
	switch {
	case operations == 0 && disturbance > 0.5:
		return errDisturbed
	case operations == 0 || seconds <= 0:
		return errors.New("no answer in the measured time")
	}
	if spent.CPU < leastCPU*time.Duration(operations) {
		return errors.New("the process that was started spent no time on its answers: is it a wrapper of the server?")
	}
	each := 1 / float64(operations)
	t.set(result.CPUMicrosPerOp, float64(spent.CPU.Nanoseconds())/1e3*each)
	t.set(result.OpsPerSecond, float64(operations)/seconds)
	t.set(result.Busy, spent.CPU.Seconds()/seconds)
	t.set(result.Disturbance, min(1, disturbance/2)) // there are two who may wait
	t.set(result.CtxSwitchesPerOp, float64(spent.Voluntary+spent.Involuntary)*each)
	if moved := max(b.counts.Sent-a.counts.Sent, b.counts.Got-a.counts.Got); body > 0 {
		// By what was seen of bodies, not by whole ones: there may be few of them in a turn.
		t.set(result.MBPerSecond, float64(moved)/1e6/seconds)
		t.set(result.CPUSecondsPerGB, spent.CPU.Seconds()/(float64(moved)/1e9))
	}
	for name, q := range map[string]float64{result.P50: 50, result.P90: 90, result.P99: 99, result.P999: 99.9, result.MaxLatency: 100} {
		t.set(name, float64(t.latency.ValueAtQuantile(q))/1e3)
	}
	return nil
}
