package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

// Scenario is a question that subjects are asked.
type Scenario struct {
	Name, Title, About string

	role      string
	can       []string // abilities that an HTTP server has to have for it
	only      []string // the subjects it is about; nil is all with the role
	primary   string   // metric
	operation string
	base      string // of ratios
	rounds    int    // at most; 0 is as many as the run has
	length    time.Duration
	parameters
	ask func(ctx context.Context, t *turn) error
}

// parameters of a scenario. Which of them it uses, its description says.
type parameters struct {
	conns    int
	from     int // connections at the first look
	size     int64
	rate     float64
	pipeline int
}

// turn is one subject in one scenario in one round.
type turn struct {
	lab      *Lab
	scenario *Scenario
	program  subject.Program
	round    int

	values  map[string]float64
	latency *hdrhistogram.Histogram
	series  []result.Series
	errors  map[string]int64
}

func (t *turn) set(name string, v float64) { t.values[name] = v }

const kib, mib = 1 << 10, 1 << 20

// get is GET / and its answer.
func get(pipeline int) load.Request {
	return load.Request{Method: "GET", Target: "/", Pipeline: pipeline, Answer: "Hello, World!"}
}

// upload sends a body that the server counts.
func upload(s *Scenario) load.Request {
	return load.Request{Method: "POST", Target: "/upload", Body: s.size, Answer: fmt.Sprint(s.size)}
}

// download asks for a body that the server makes.
func download(s *Scenario) load.Request {
	return load.Request{Method: "GET", Target: fmt.Sprintf("/download?n=%d", s.size), AnswerLength: s.size}
}

// scenarios are all there are, in the order of a report.
func scenarios() []*Scenario {
	const request, cpu = "request", result.CPUMicrosPerOp
	return []*Scenario{
		{
			Name: "echo-1k", Title: "TCP echo, 1 KiB messages",
			About: "Each connection sends a message and waits until it is back. What a message costs the server.",
			role:  subject.Echo, primary: cpu, operation: "message", base: "c",
			parameters: parameters{conns: 64, size: kib}, ask: askEcho,
		},
		{
			Name: "echo-64k", Title: "TCP echo, 64 KiB messages",
			About: "The same with messages that fill a buffer: copies and large writes count.",
			role:  subject.Echo, primary: cpu, operation: "message", base: "c",
			parameters: parameters{conns: 64, size: 64 * kib}, ask: askEcho,
		},
		{
			Name: "plaintext", Title: "GET on kept connections",
			About: "One small answer after the other; each connection waits for its answer. What a request costs the server.",
			role:  subject.HTTP, primary: cpu, operation: request, base: "c",
			parameters: parameters{conns: 64}, ask: askHTTP(func(*Scenario) load.Request { return get(1) }),
		},
		{
			Name: "pipeline", Title: "GET, 16 pipelined",
			About: "Sixteen requests at once, sixteen answers. Hardly a system call is left, so parsing and writing answers show.",
			role:  subject.HTTP, primary: cpu, operation: request, base: "c",
			parameters: parameters{conns: 64, pipeline: 16}, ask: askHTTP(func(s *Scenario) load.Request { return get(s.pipeline) }),
		},
		{
			Name: "rate", Title: "GET at a fixed rate",
			About: "Requests are due whatever comes back, and latency counts from when each was due: what somebody waits for who does not know the server's mood. Beside it what the server spends on a request at that rate, when it often runs dry.",
			role:  subject.HTTP, primary: result.P99, operation: request, base: "c",
			parameters: parameters{conns: 64, rate: 10_000}, ask: askHTTP(func(*Scenario) load.Request { return get(1) }),
		},
		{
			Name: "churn", Title: "Connect, GET, close",
			About: "A connection for each request. What accepting and closing costs beside answering.",
			role:  subject.HTTP, primary: cpu, operation: "connection", base: "c",
			parameters: parameters{conns: 32}, ask: askChurn,
		},
		{
			Name: "upload", Title: "Uploads, counted",
			About: "Bodies are read and thrown away. Who reads by small pieces pays for it.",
			role:  subject.HTTP, can: []string{subject.Upload}, primary: result.CPUSecondsPerGB, operation: "GB", base: "c",
			parameters: parameters{conns: 4, size: 4 * mib}, ask: askHTTP(upload),
		},
		{
			Name: "upload-1", Title: "Uploads on one connection",
			About: "The same with one body at a time: nobody else's fills the pauses.",
			role:  subject.HTTP, can: []string{subject.Upload}, primary: result.CPUSecondsPerGB, operation: "GB", base: "c",
			parameters: parameters{conns: 1, size: 4 * mib}, ask: askHTTP(upload),
		},
		{
			Name: "upload-8", Title: "Uploads on eight connections",
			About: "The same with eight at a time: beside one connection it says what each more costs, in time and in memory.",
			role:  subject.HTTP, can: []string{subject.Upload}, primary: result.CPUSecondsPerGB, operation: "GB", base: "c",
			parameters: parameters{conns: 8, size: 4 * mib}, ask: askHTTP(upload),
		},
		{
			Name: "download", Title: "Downloads, generated",
			About: "Bodies are made piece by piece as they are taken. nginx sends a file instead.",
			role:  subject.HTTP, can: []string{subject.Download}, primary: result.CPUSecondsPerGB, operation: "GB", base: "c",
			parameters: parameters{conns: 4, size: 4 * mib}, ask: askHTTP(download),
		},
		{
			Name: "body-echo", Title: "Bodies sent back",
			About: "The body of the request is the body of the answer, and both are under way at once.",
			role:  subject.HTTP, can: []string{subject.BodyEcho}, primary: result.CPUSecondsPerGB, operation: "GB", base: "c",
			parameters: parameters{conns: 4, size: mib},
			ask: askHTTP(func(s *Scenario) load.Request {
				return load.Request{Method: "POST", Target: "/echo", Body: s.size, AnswerLength: s.size}
			}),
		},
		{
			Name: "proxy", Title: "GET through a proxy",
			About: "What forwarding a request costs the proxy. The server behind it runs on the load's processor.",
			role:  subject.Proxy, primary: cpu, operation: request, base: "haproxy",
			parameters: parameters{conns: 64}, ask: askHTTP(func(*Scenario) load.Request { return get(1) }),
		},
		{
			Name: "proxy-upload", Title: "Uploads through a proxy",
			About: "Bodies from the client to the server behind the proxy: what passing them on costs it, and how much of them it holds.",
			role:  subject.Proxy, primary: result.CPUSecondsPerGB, operation: "GB", base: "haproxy",
			parameters: parameters{conns: 4, size: 4 * mib}, ask: askHTTP(upload),
		},
		{
			Name: "proxy-download", Title: "Downloads through a proxy",
			About: "Bodies from the server behind the proxy to the client.",
			role:  subject.Proxy, primary: result.CPUSecondsPerGB, operation: "GB", base: "haproxy",
			parameters: parameters{conns: 4, size: 4 * mib}, ask: askHTTP(download),
		},
		{
			Name: "idle", Title: "Idle HTTP connections",
			About: "Resident memory of a kept connection that has had one request: the slope between two numbers of them.",
			role:  subject.HTTP, primary: result.BytesPerConn, operation: "connection", base: "c", rounds: 3,
			parameters: parameters{conns: 8000, from: 2000}, ask: askIdle(func(*Scenario) load.Protocol { return load.NewHTTP(get(1)) }),
		},
		{
			Name: "idle-echo", Title: "Idle TCP connections",
			About: "Resident memory of a connection that has had one message of 1 KiB.",
			role:  subject.Echo, primary: result.BytesPerConn, operation: "connection", base: "c", rounds: 3,
			parameters: parameters{conns: 8000, from: 2000, size: kib},
			ask:        askIdle(func(s *Scenario) load.Protocol { return load.NewEcho(int(s.size)) }),
		},
		{
			Name: "slow-readers", Title: "Slow readers of downloads",
			About: "Each client takes 50 KiB a second of a body that the server could make at once. A server that does not wait for its reader has to keep the rest.",
			role:  subject.HTTP, can: []string{subject.Download}, primary: result.RSSGrowth, operation: "run", rounds: 3, length: 5 * time.Second,
			parameters: parameters{conns: 32, size: slowBody, rate: 50 * kib}, ask: askSlow(load.Crowd{}),
		},
		{
			Name: "slow-writers", Title: "Slow writers of uploads",
			About: "Each client sends 200 KiB a second of a large body. A server that waits for whole bodies has to keep them.",
			role:  subject.HTTP, can: []string{subject.Upload}, primary: result.RSSGrowth, operation: "run", rounds: 3, length: 5 * time.Second,
			parameters: parameters{conns: 32, size: slowBody, rate: 200 * kib}, ask: askSlow(load.Crowd{Write: true}),
		},
		{
			Name: "slow-echo", Title: "Slow readers of what they send",
			About: "Each client sends a body as fast as the server takes it and reads it back at 50 KiB a second: the reader has to stop the sender, through the server.",
			role:  subject.HTTP, can: []string{subject.BodyEcho}, primary: result.RSSGrowth, operation: "run", rounds: 3, length: 5 * time.Second,
			parameters: parameters{conns: 32, size: slowBody, rate: 50 * kib}, ask: askSlow(load.Crowd{Echo: true}),
		},
		{
			Name: "slow-proxy", Title: "Slow readers behind a proxy",
			About: "Downloads through a proxy at 50 KiB a second, from a server that sends as fast as it can: the reader has to stop the server, through the proxy.",
			role:  subject.Proxy, primary: result.RSSGrowth, operation: "run", rounds: 3, length: 5 * time.Second,
			parameters: parameters{conns: 32, size: slowBody, rate: 50 * kib}, ask: askSlow(load.Crowd{}),
		},
		{
			Name: "pause", Title: "Pause storm",
			About: "Connections with input waiting are stopped and started again and again. What it costs to be told to wait, in processor time and calls of epoll_ctl. Node makes none: it stops a socket only when its buffer is full. The floor is written in Go here, over plain epoll by raw calls.",
			role:  roleChild, only: []string{"weir", "node", "c"}, primary: cpu, operation: "stop and start", base: "c", rounds: 5,
			parameters: parameters{conns: 64}, ask: askChild("pause"),
		},
		{
			Name: "stream", Title: "Streams without sockets",
			About: "Bytes through a source, a stage between and a sink, in one process: what the stream layer itself costs. weir and Node hand the bytes on; net is two of io.Pipe with an io.CopyBuffer between, and each pipe copies them.",
			role:  roleChild, only: []string{"weir", "net", "node"}, primary: result.CPUSecondsPerGB, operation: "GB", base: "net", rounds: 5,
			parameters: parameters{size: 16 * kib}, ask: askChild("stream"),
		},
		{
			Name: "parser", Title: "Parsing a browser's request",
			About: "A request of 20 fields in memory, in one piece. weir's parser validates and tells a handler of each field; fasthttp's fills a struct and net/http's makes a Request, both from a bufio.Reader, which copies the text once.",
			role:  roleChild, only: []string{"weir", "net", "fasthttp"}, primary: result.NanosPerOp, operation: request, base: "fasthttp", rounds: 5,
			ask: askChild("parser"),
		},
	}
}

// slowBody is what a slow peer never gets to the end of, and what a server that keeps everything may keep of it: with 32 clients, 256 MiB.
const slowBody = 8 * mib

// roleChild is no server: the scenario starts a process that measures itself.
const roleChild = "child"

// List returns the scenarios, to be described.
func List() []*Scenario { return scenarios() }

// find returns the named scenarios in the order of the list.
func find(names []string) ([]*Scenario, error) {
	all := scenarios()
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var found []*Scenario
	for _, s := range all {
		if wanted[s.Name] || wanted["all"] {
			found = append(found, s)
			delete(wanted, s.Name)
		}
	}
	delete(wanted, "all")
	for name := range wanted {
		return nil, fmt.Errorf("no scenario named %q; bench list names them", name)
	}
	return found, nil
}

// describe is the scenario's part of a result, before anything is measured.
func (s *Scenario) describe(o Options) result.Scenario {
	info := result.InfoOf(s.primary)
	p := map[string]string{}
	if s.conns > 0 {
		p["connections"] = fmt.Sprint(s.conns)
	}
	if s.from > 0 {
		p["connections at the first look"] = fmt.Sprint(s.from)
	}
	if s.size > 0 {
		p["bytes"] = fmt.Sprint(s.size)
	}
	if s.pipeline > 0 {
		p["pipelined"] = fmt.Sprint(s.pipeline)
	}
	if s.role != roleChild {
		switch {
		case s.Name == "rate":
			p["load"] = fmt.Sprintf("open loop, %.0f requests a second, latency from when each was due", s.rate)
		case s.rate > 0:
			p["load"] = fmt.Sprintf("%.0f bytes a second of each connection", s.rate)
		case s.from == 0:
			p["load"] = "closed loop"
		}
	}
	p["measured"] = s.measured(o).String()
	return result.Scenario{
		Name: s.Name, Title: s.Title, About: s.About, Parameters: p, Primary: s.primary, Unit: info.Unit,
		LowerIsBetter: info.Better == "lower", Operation: s.operation, Base: s.base,
	}
}

// measured is how long a turn is looked at.
func (s *Scenario) measured(o Options) time.Duration {
	switch {
	case s.length > 0 && o.SlowLength > 0:
		return o.SlowLength
	case s.length > 0:
		return s.length
	case o.Length > 0:
		return o.Length
	}
	return time.Second
}

// most is how many rounds it has in a run.
func (s *Scenario) most(o Options) int {
	switch {
	case s.length > 0 && o.SlowRounds > 0:
		return min(o.SlowRounds, o.Rounds)
	case s.rounds > 0:
		return min(s.rounds, o.Rounds)
	}
	return o.Rounds
}
