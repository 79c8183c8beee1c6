package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/subject"
)

// Echo lets the subjects take turns at the scenarios, round by round: A B C, A B C. It stops early, with whole rounds
// only, when more says so.
func (l *Lab) Echo(ctx context.Context, scenarios []report.Scenario, more func(done int) bool) ([]*report.Result, error) {
	results := make([]*report.Result, len(scenarios))
	for i, scenario := range scenarios {
		results[i] = l.result(scenario)
	}
	round := 0
	for ; more(round); round++ {
		l.log("round %d", round+1)
		for i, scenario := range scenarios {
			for j, s := range l.Ready {
				sample, err := l.echoSample(ctx, s, scenario)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				if err != nil {
					sample = report.Sample{Failure: err.Error()}
				}
				sample.Round = round
				results[i].Subjects[j].Samples = append(results[i].Subjects[j].Samples, sample)
			}
		}
	}
	for _, r := range results {
		r.Scenario.Rounds = round
	}
	return results, nil
}

// result begins with the subjects that are ready, in their order, and ends with those that are not.
func (l *Lab) result(scenario report.Scenario) *report.Result {
	r := &report.Result{Version: report.Version, Made: time.Now().UTC(), Environment: l.Env, Scenario: scenario}
	for _, s := range l.Ready {
		r.Subjects = append(r.Subjects, &report.Subject{Name: s.Name})
	}
	for _, missing := range l.Missing {
		r.Subjects = append(r.Subjects, &missing)
	}
	return r
}

// reading is everything looked at at one end of the measured time.
type reading struct {
	server     proc.Usage
	loadWaited time.Duration // of the client's thread
	messages   int64
}

func (l *Lab) echoSample(ctx context.Context, s subject.Subject, scenario report.Scenario) (sample report.Sample, err error) {
	limit := scenario.WarmUp + scenario.Length + 15*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
	defer cancel()
	p, err := l.start(ctx, s)
	if err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	client, err := load.NewClient(load.Options{Size: scenario.Size, Sleep: scenario.Sleep})
	if err != nil {
		return sample, err
	}
	defer client.Close()
	if err := client.Connect(p.Addr, scenario.Conns, nil); err != nil {
		return sample, errors.Join(err, p.Check())
	}
	var ends []reading
	err = client.Measure(ctx, scenario.WarmUp, scenario.Length, func() error {
		end, err := take(p.PID(), client)
		ends = append(ends, end)
		return err
	})
	if err != nil {
		return sample, errors.Join(err, p.Check(), context.Cause(ctx))
	}
	counts, broken := client.Counts()
	if counts.Wrong > 0 || counts.Broken > 0 {
		return sample, errors.Join(fmt.Errorf("%d messages with wrong bytes, %d connections broken", counts.Wrong, counts.Broken), broken)
	}
	sample, err = between(ends[0], ends[1])
	if err == nil {
		sample.PeakRSS, err = proc.PeakRSS(p.PID())
	}
	return sample, err
}

// take is called by the client, on its thread.
func take(pid int, client *load.Client) (reading, error) {
	counts, _ := client.Counts()
	server, err := proc.ReadUsage(pid)
	if err != nil {
		return reading{}, err
	}
	waited, err := proc.ThreadWaited()
	return reading{server: server, loadWaited: waited, messages: counts.Messages}, err
}

// leastCPU is less than any two system calls cost: a server that spends less a message is not the one that answers.
const leastCPU = 50 * time.Nanosecond

// between turns two readings into figures.
func between(a, b reading) (report.Sample, error) {
	spent := b.server.Sub(a.server)
	messages := b.messages - a.messages
	seconds := b.server.At.Sub(a.server.At).Seconds()
	if messages == 0 || seconds <= 0 {
		return report.Sample{}, errors.New("no message in the measured time")
	}
	if spent.CPU < leastCPU*time.Duration(messages) {
		return report.Sample{}, errors.New("the process that was started spent no time on its messages: is it a wrapper of the server?")
	}
	each := 1 / float64(messages)
	return report.Sample{
		Messages:    messages,
		Seconds:     seconds,
		CPUMicros:   float64(spent.CPU.Nanoseconds()) / 1e3 * each,
		Busy:        spent.CPU.Seconds() / seconds,
		Waited:      spent.Waited.Seconds() / seconds,
		LoadWaited:  (b.loadWaited - a.loadWaited).Seconds() / seconds,
		Voluntary:   float64(spent.Voluntary) * each,
		Involuntary: float64(spent.Involuntary) * each,
	}, nil
}
