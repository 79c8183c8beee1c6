package loop

import (
	"encoding/json"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// libuv's tests of uv_metrics_*, and what else the numbers promise.

// sleepsOnce has a loop sleep again and again, until half of one sleep at least was counted as idle: a timer is never early, but that
// the loop begins to wait late takes from it what a busy machine takes. try returns what was counted.
func sleepsOnce(t *testing.T, sleep time.Duration, try func() (idle time.Duration)) {
	t.Helper()
	var idle []time.Duration
	for range 50 {
		counted := try()
		if idle = append(idle, counted); counted >= sleep/2 {
			return
		}
	}
	t.Errorf("slept for %v, and was idle for %v", sleep, idle)
}

func TestMetricsIdleTime(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const wait, work = 60 * time.Millisecond, 30 * time.Millisecond
		sleepsOnce(t, wait, func() time.Duration {
			before := l.Metrics()
			l.Post(func() { start(t, l.NewTimer(), func() { pass(l, work) }, wait, 0) }) // from the run on, as what has elapsed
			run(t, l)
			m := l.Metrics()
			idle, elapsed := m.Idle-before.Idle, m.Elapsed-before.Elapsed
			if elapsed < wait+work {
				t.Errorf("got %v elapsed, slept for %v and worked for %v", elapsed, wait, work)
			}
			if busy := elapsed - idle; busy < work {
				t.Errorf("got %v busy, worked for %v", busy, work)
			}
			if u := m.Utilization(); u <= 0 || u >= 1 || math.Abs(u-float64(m.Elapsed-m.Idle)/float64(m.Elapsed)) > 1e-9 {
				t.Errorf("got a utilisation of %v of %v idle in %v", u, m.Idle, m.Elapsed)
			}
			return idle
		})
	})
}

func TestMetricsIdleTimeThread(t *testing.T) {
	const sleep = 50 * time.Millisecond
	var loops sync.WaitGroup
	for range 5 {
		l := newLoop(t, Options{})
		loops.Go(func() {
			sleepsOnce(t, sleep, func() time.Duration {
				before := l.Metrics().Idle
				start(t, l.NewTimer(), func() { time.Sleep(10 * time.Millisecond) }, sleep, 0)
				if err := l.Run(); err != nil {
					t.Error(err)
				}
				return l.Metrics().Idle - before
			})
		})
	}
	loops.Wait()
}

// In libuv the one iteration of such a loop is counted; here timers that are due run before it, and it is not needed.
func TestMetricsIdleTimeZero(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		start(t, l.NewTimer(), func() { calls++ }, 0, 0)
		run(t, l)
		if m := l.Metrics(); calls != 1 || m.Idle != 0 || m.Iterations != 0 || m.Turns != 1 {
			t.Errorf("got %d calls, %v idle, %d iterations, %d turns; want 1, 0, 0, 1", calls, m.Idle, m.Iterations, m.Turns)
		}
		begin(t, l.NewIdle(), func() { // it never waits
			if calls++; calls == 2000 {
				l.Stop()
			}
		})
		run(t, l)
		if m := l.Metrics(); m.Idle != 0 || m.Iterations != 1999 {
			t.Errorf("got %v idle in %d iterations without a wait, want 0 in 1999", m.Idle, m.Iterations)
		}
	})
}

func TestMetricsInfoCheck(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		base := l.Metrics()
		check := func(what string, iterations uint64) Metrics {
			m := l.Metrics()
			if got := m.Iterations - base.Iterations; got != iterations {
				t.Errorf("%s: got %d iterations, want %d", what, got, iterations)
			}
			return m
		}
		prepare := l.NewPrepare()
		begin(t, prepare, func() {
			prepare.Stop()
			check("prepare", 0)
			send(t, client, "x", nil)
		})
		var inRead Metrics
		read(t, server, func([]byte, error) {
			inRead = check("read", 1)
			server.ReadStop()
		})
		once(t, l)
		after := check("after the run", 1)
		if after.Events <= base.Events || after.Turns <= base.Turns || after.EventsWaiting > after.Events {
			t.Errorf("got %+v after %+v", after, base)
		}
		if inRead.BytesRead != base.BytesRead { // as of when it went to wait
			t.Errorf("got %d bytes in the callback itself", inRead.BytesRead-base.BytesRead)
		}
		if after.BytesRead-base.BytesRead != 1 || after.BytesWritten-base.BytesWritten != 1 ||
			after.Reads == base.Reads || after.Writes-base.Writes != 1 {
			t.Errorf("got %d bytes by %d reads and %d by %d writes, want one each", after.BytesRead-base.BytesRead,
				after.Reads-base.Reads, after.BytesWritten-base.BytesWritten, after.Writes-base.Writes)
		}
	})
}

// What the pool does comes back as posts; libuv counts them as events.
func TestMetricsPoolEvents(t *testing.T) {
	l := newLoop(t, Options{})
	const jobs = 7
	ended := 0
	for range jobs {
		if _, err := l.QueueWork(func() {}, func(error) { ended++ }); err != nil {
			t.Fatal(err)
		}
	}
	run(t, l)
	m := l.Metrics()
	if ended != jobs || m.Posts != jobs || m.Turns != jobs || m.Wakeups > jobs {
		t.Errorf("got %d ends, %d posts, %d turns, %d wake-ups; want %d of each, wake-ups at most", ended, m.Posts, m.Turns, m.Wakeups, jobs)
	}
	if m.EventsWaiting > m.Events {
		t.Errorf("got %d events waiting of %d", m.EventsWaiting, m.Events)
	}
}

// Of a loop that sleeps for hours everybody sees how long it has done so, not how long it had before.
func TestIdleTimeGrowsWhileTheLoopSleeps(t *testing.T) {
	onParked(t, func(t *testing.T, l *Loop) {
		keep := l.NewAsync(nil)
		var watcher sync.WaitGroup
		watcher.Go(func() {
			last := Metrics{}
			waitFor(t, "idle time", func() bool {
				m := l.Metrics()
				if m.Idle < last.Idle || m.Elapsed < last.Elapsed || m.Idle > m.Elapsed {
					t.Errorf("%v idle of %v, and then %v of %v", last.Idle, last.Elapsed, m.Idle, m.Elapsed)
				}
				last = m
				return m.Idle > 20*time.Millisecond
			})
			l.Post(func() { keep.Close(nil) })
		})
		run(t, l)
		watcher.Wait()
		if m := l.Metrics(); m.Wakeups != 1 || m.Posts != 1 {
			t.Errorf("got %d wake-ups for %d posts, want one each", m.Wakeups, m.Posts)
		}
	})
}

// While a callback runs the loop is not idle, however long that takes.
func TestIdleTimeStandsStillWhileACallbackRuns(t *testing.T) {
	l := newLoop(t, Options{})
	inside, leave := make(chan struct{}), make(chan struct{})
	start(t, l.NewTimer(), func() {
		close(inside)
		<-leave
	}, 10*time.Millisecond, 0)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		<-inside
		first := l.Metrics()
		waitFor(t, "elapsed time", func() bool { return l.Metrics().Elapsed > first.Elapsed+20*time.Millisecond })
		if m := l.Metrics(); m.Idle != first.Idle {
			t.Errorf("got %v idle and then %v, inside one callback", first.Idle, m.Idle)
		}
		close(leave)
	})
	run(t, l)
	watcher.Wait()
}

// A loop that tells of itself, to a client say, does not leave out its last sleep.
func TestIdleTimeOfTheWaitBeforeIsThereInACallback(t *testing.T) {
	const sleep = 50 * time.Millisecond
	onKernels(t, func(t *testing.T, l *Loop) {
		sleepsOnce(t, sleep, func() (idle time.Duration) {
			before := l.Metrics().Idle
			start(t, l.NewTimer(), func() {
				m := l.Metrics()
				if idle = m.Idle - before; m.Idle > m.Elapsed {
					t.Errorf("got %v idle of %v", m.Idle, m.Elapsed)
				}
			}, sleep, 0)
			run(t, l)
			return idle
		})
	})
}

// The estimate of a wait under way is a little more than what the kernel says afterwards: nobody sees the difference.
func TestIdleTimeNeverGoesBack(t *testing.T) {
	p := published{waiting: 10}
	p.stats.Idle = 5
	for _, x := range []struct {
		now   time.Duration
		waits bool
		slept time.Duration
		want  time.Duration
	}{
		{4, true, 5, 5}, // the clock was read before the loop went to wait
		{100, true, 5, 95},
		{101, false, 5, 95}, // it has woken, and not told yet
		{102, false, 93, 95},
		{103, false, 96, 96},
	} {
		p.stats.Idle = x.slept
		if got := p.idle(x.now, x.waits); got != x.want {
			t.Errorf("at %d: got %d, want %d", x.now, got, x.want)
		}
	}
}

// What a callback right before the wait took is not sleep, not even to those who look while the wait goes on.
func TestIdleTimeBeginsWithTheWait(t *testing.T) {
	const work = 30 * time.Millisecond
	l := newLoop(t, Options{})
	prepare, keep := l.NewPrepare(), l.NewAsync(nil)
	begin(t, prepare, func() {
		time.Sleep(work)
		prepare.Stop()
	})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		waitFor(t, "idle time", func() bool {
			m := l.Metrics()
			if m.Idle > 0 && m.Idle > m.Elapsed-work {
				t.Errorf("got %v idle of %v, of which a callback took %v", m.Idle, m.Elapsed, work)
			}
			return m.Idle > 20*time.Millisecond
		})
		l.Post(func() { keep.Close(nil) })
	})
	run(t, l)
	watcher.Wait()
}

// A loop that is run now and then is not asleep in between.
func TestIdleTimeDoesNotCountWhatIsBetweenRuns(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		timer := l.NewTimer()
		for range 3 {
			pass(l, 20*time.Millisecond)
			l.UpdateTime()
			start(t, timer, func() {}, time.Millisecond, 0)
			pass(l, 20*time.Millisecond)
			once(t, l)
		}
		if m := l.Metrics(); m.Idle > m.Elapsed-80*time.Millisecond {
			t.Errorf("got %v idle of %v, of which it was left alone for 80 ms at least", m.Idle, m.Elapsed)
		}
	})
}

func TestMetricsOfALoopThatNeverRan(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		if m := l.Metrics(); m != (Metrics{}) || m.Utilization() != 0 {
			t.Errorf("got %v, want zero", m)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if m := l.Metrics(); m != (Metrics{}) {
			t.Errorf("got %v after Close, want zero", m)
		}
	})
}

func TestPostsAndSendsAreCountedAndWakeOnce(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		async := l.NewAsync(func() {})
		for range 3 {
			async.Send()
			if err := l.Post(func() {}); err != nil {
				t.Fatal(err)
			}
		}
		noWait(t, l)
		if m := l.Metrics(); m.Posts != 4 || m.Wakeups != 0 || m.Turns != 4 {
			t.Errorf("got %d posts, %d wake-ups, %d turns; want 4, 0, 4: two sends were merged and nobody slept", m.Posts, m.Wakeups, m.Turns)
		}
		async.Close(nil)
	})
}

func TestInterestThatIsTakenBackIsCountedAsSaved(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		_, server := pair(t, l, "tcp")
		read(t, server, func([]byte, error) {})
		noWait(t, l)
		base := l.Metrics()
		for range 10 {
			server.ReadStop()
			read(t, server, func([]byte, error) {})
		}
		noWait(t, l)
		m := l.Metrics()
		if saved, made := m.InterestSaved-base.InterestSaved, m.InterestChanges-base.InterestChanges; saved != 20 || made != 0 {
			t.Errorf("got %d changes saved and %d made, want 20 and none", saved, made)
		}
	})
}

func TestEveryChangeOfInterestIsMadeOrSaved(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		keep := l.NewAsync(nil)
		base := l.Metrics()
		read(t, server, func([]byte, error) {}) // told
		noWait(t, l)
		server.ReadStop() // not told
		noWait(t, l)
		send(t, client, "x", nil)
		runUntil(t, l, "unwanted byte", func() bool { return l.Metrics().Squelches > base.Squelches })
		noWait(t, l)
		server.Close(nil) // takes it out of the set by itself
		noWait(t, l)
		keep.Close(nil)
		m := l.Metrics()
		if made, saved, parks := m.InterestChanges-base.InterestChanges, m.InterestSaved-base.InterestSaved, m.Parks-base.Parks; made != 2 || saved != 1 || parks != 1 {
			t.Errorf("got %d made (%d of them parks) and %d saved; want 2 (1) and 1", made, parks, saved)
		}
	})
}

func TestConnectionsAreCountedWhileTheyLive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		noWait(t, l)
		if m := l.Metrics(); m.Connections != 2 || m.Accepted != 1 {
			t.Errorf("got %d connections, %d accepted; want 2, 1", m.Connections, m.Accepted)
		}
		client.Close(nil)
		server.Close(nil)
		noWait(t, l)
		if m := l.Metrics(); m.Connections != 0 {
			t.Errorf("got %d connections after all were closed", m.Connections)
		}
	})
}

func TestStaleEventsAreCounted(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		a, b := pair(t, l, "unix")
		for _, c := range [][2]*reactor.Conn{{a, b}, {b, a}} {
			read(t, c[0], func([]byte, error) {
				a.Close(nil)
				b.Close(nil)
			})
			send(t, c[0], "x", nil)
		}
		run(t, l)
		if m := l.Metrics(); m.StaleEvents != 1 {
			t.Errorf("got %d stale events, want 1: of two in a batch one closed both", m.StaleEvents)
		}
	})
}

func TestEventsFoundWithoutSleepingAreCountedAsWaiting(t *testing.T) {
	w, l := newSimWithoutCost(t)
	client, server := pair(t, l, "tcp")
	read(t, server, func([]byte, error) {})
	noWait(t, l)
	base := l.Metrics()
	send(t, client, "x", nil)
	once(t, l) // sent before it waits: the event is there
	if m := l.Metrics(); m.Events-base.Events != 1 || m.EventsWaiting-base.EventsWaiting != 1 || m.Idle != base.Idle {
		t.Errorf("got %d events, %d waiting, %v idle; want 1, 1, none", m.Events-base.Events, m.EventsWaiting-base.EventsWaiting, m.Idle-base.Idle)
	}
	w.After(time.Second, func() {
		if _, errno := l.r.Kernel().Write(client.FD(), []byte("y")); errno != 0 {
			t.Error(errno)
		}
	})
	once(t, l)
	if m := l.Metrics(); m.Events-base.Events != 2 || m.EventsWaiting-base.EventsWaiting != 1 || m.Idle-base.Idle != time.Second {
		t.Errorf("got %d events, %d waiting, %v idle; want 2, 1, a second", m.Events-base.Events, m.EventsWaiting-base.EventsWaiting, m.Idle-base.Idle)
	}
}

func TestThoseTurnedAwayAreCounted(t *testing.T) {
	w, l := newSim(t, simkernel.Options{Seed: 1, FDLimit: 8})
	ln := listen(t, l, "tcp", func(*reactor.Conn) {})
	for range 6 {
		w.Dial(ln.Addr().String())
	}
	runUntil(t, l, "somebody turned away", func() bool { return l.Metrics().Shed > 0 })
	if m := l.Metrics(); m.Accepted+m.Shed != 6 {
		t.Errorf("got %d accepted and %d turned away, want 6 in all", m.Accepted, m.Shed)
	}
}

// fill sets every field of a Metrics to a number of its own.
func fillMetrics(factor int64) (m Metrics) {
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanInt() {
			f.SetInt(factor * int64(i+1))
		} else {
			f.SetUint(uint64(factor) * uint64(i+1))
		}
	}
	return m
}

func TestAddSumsEveryField(t *testing.T) {
	got, want := fillMetrics(1).Add(fillMetrics(10)), fillMetrics(11)
	want.LongestCallback = fillMetrics(10).LongestCallback // the longer one
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if swapped := fillMetrics(10).Add(fillMetrics(1)); swapped != want {
		t.Errorf("the other way round: got %+v", swapped)
	}
}

func TestStringIsJSONOfEveryField(t *testing.T) {
	m := fillMetrics(7)
	var back Metrics
	if err := json.Unmarshal([]byte(m.String()), &back); err != nil {
		t.Fatal(err)
	}
	if back != m {
		t.Errorf("got %+v back, want %+v", back, m)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(m.String()), &fields); err != nil || len(fields) != reflect.TypeFor[Metrics]().NumField() {
		t.Errorf("got %d fields, %v", len(fields), err)
	}
}
