package result

// Names of metrics, the keys of Cell.Metrics.
const (
	CPUMicrosPerOp   = "cpuMicrosPerOp"   // the figure to steer by
	CPUSecondsPerGB  = "cpuSecondsPerGB"  // the same where bytes are counted, not operations
	CPURatio         = "cpuRatio"         // to Scenario.Base in the same round
	OpsPerSecond     = "opsPerSecond"     //
	MBPerSecond      = "mbPerSecond"      // 10^6 bytes
	P50              = "p50"              // latency; open loop: from the intended start
	P90              = "p90"              //
	P99              = "p99"              //
	P999             = "p999"             //
	MaxLatency       = "max"              //
	Busy             = "busy"             // share of its processor that the server used
	RSSPeak          = "rssPeak"          // of the round, by looking often; where that misses, the kernel's mark
	RSSGrowth        = "rssGrowth"        // RSSPeak less what was resident before the first connection
	BytesPerConn     = "bytesPerConn"     // resident memory of an idle connection
	SyscallsPerOp    = "syscallsPerOp"    // of the server
	CtxSwitchesPerOp = "ctxSwitchesPerOp" // of the server, voluntary and not
	EpollCtlPerOp    = "epollCtlPerOp"    // of the server; pause storm: by a stop and a start
	NanosPerOp       = "nanosPerOp"       // without sockets: parser, stream
	AllocsPerOp      = "allocsPerOp"      // of the Go heap
	Disturbance      = "disturbance"      // share of the time that server or load was ready and something else ran
)

// MetricInfo is how a metric is shown.
type MetricInfo struct {
	Name  string
	Title string // for a column: "CPU µs/op"
	Unit  string // "µs", "s/GB", "1/s", "MB/s", "bytes", "×", "" (a plain number), "share" (0 to 1)
	// Better is "lower", "higher", or "" where neither is.
	Better string
	// About is a sentence on what it is.
	About string
}

// Metrics are all known ones in the order of a table's columns.
var Metrics = []MetricInfo{
	{CPUMicrosPerOp, "CPU µs/op", "µs", "lower", "Processor time of the server, user and kernel, all threads, divided by the operations that came back meanwhile."},
	{CPUSecondsPerGB, "CPU s/GB", "s/GB", "lower", "Processor time of the server for 10^9 bytes of body."},
	{NanosPerOp, "ns/op", "ns", "lower", "Time of one operation, without sockets."},
	{CPURatio, "× base", "×", "lower", "Processor time divided by the base subject's of the same round; it drifts less than either."},
	{OpsPerSecond, "op/s", "1/s", "higher", "Operations a second; it depends on the client too."},
	{MBPerSecond, "MB/s", "MB/s", "higher", "Body bytes a second."},
	{P50, "p50 µs", "µs", "lower", "Half of the operations took no longer."},
	{P90, "p90 µs", "µs", "lower", "Nine of ten operations took no longer."},
	{P99, "p99 µs", "µs", "lower", "99 of 100 operations took no longer."},
	{P999, "p99.9 µs", "µs", "lower", "999 of 1000 operations took no longer."},
	{MaxLatency, "max µs", "µs", "lower", "The slowest operation."},
	{RSSPeak, "peak RSS", "bytes", "lower", "The most memory that the server had resident in a round."},
	{RSSGrowth, "RSS growth", "bytes", "lower", "Peak memory less what was resident before the first connection."},
	{BytesPerConn, "B/conn", "bytes", "lower", "Resident memory of one idle connection: the slope between two numbers of them."},
	{SyscallsPerOp, "syscalls/op", "", "lower", "System calls of the server for one operation."},
	{EpollCtlPerOp, "epoll_ctl/op", "", "lower", "Calls of epoll_ctl for one operation."},
	{CtxSwitchesPerOp, "switches/op", "", "lower", "Context switches of the server for one operation."},
	{AllocsPerOp, "allocs/op", "", "lower", "Allocations on the Go heap for one operation."},
	{Busy, "busy", "share", "", "The server's share of its processor. Near 1 the server was the limit; well below, the load or other work was."},
	{Disturbance, "disturbance", "share", "lower", "The share of the time that the server or the load was ready to run but something else had its processor."},
}

// Beside are the metrics without which a primary one misleads, wherever it is shown: a latency is easily bought with processor time and its slow
// end says nothing of the middle, and bodies are moved cheaply by who keeps them whole.
func Beside(primary string) []string {
	switch primary {
	case P99:
		return []string{CPUMicrosPerOp, P50}
	case CPUSecondsPerGB:
		return []string{RSSPeak}
	}
	return nil
}

// InfoOf returns how to show a metric; an unknown one is shown by its name.
func InfoOf(name string) MetricInfo {
	for _, m := range Metrics {
		if m.Name == name {
			return m
		}
	}
	return MetricInfo{Name: name, Title: name}
}
