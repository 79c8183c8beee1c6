package faults

import (
	"errors"
	"io"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/stream"
)

// far is the far end of a connection: a simkernel.Peer, or that of a pair in memory.
type far interface {
	Send(p []byte) int
	Recv(limit int) ([]byte, error)
	CloseWrite()
	Reset()
	Close()
}

var (
	_ far = (*simkernel.Peer)(nil)
	_ far = (*memPeer)(nil)
)

// memPeer is an end of a transporttest.Pair as a peer, which is scripted from outside.
type memPeer struct {
	t   *transporttest.Mem
	got []byte
	err error
}

// pair makes a connection in memory: our end, and the peer's. It holds as much as the kernels' buffers do.
func (r *rig) pair(buffers int) (stream.Transport, *memPeer) {
	if buffers == 0 {
		buffers = 64 << 10
	}
	ours, theirs := transporttest.Pair(r.l, buffers)
	p := &memPeer{t: theirs}
	return ours, p
}

// OnRead keeps what comes.
func (p *memPeer) OnRead(b []byte, err error) { p.got, p.err = append(p.got, b...), err }

// Send sends all of it.
func (p *memPeer) Send(b []byte) int {
	if p.t.Write([][]byte{append([]byte(nil), b...)}, nil) != nil {
		return 0
	}
	return len(b)
}

// Recv gives what has come, and then how it has ended. Before it is called nothing is read.
func (p *memPeer) Recv(int) ([]byte, error) {
	if p.err == nil && !p.t.Reading() {
		if err := p.t.ReadStart(p); err != nil {
			return nil, io.EOF
		}
	}
	b := p.got
	if p.got = nil; len(b) > 0 {
		return b, nil
	}
	return nil, p.err
}

// CloseWrite sends the end.
func (p *memPeer) CloseWrite() { _ = p.t.CloseWrite(nil) }

// Reset closes with a reset.
func (p *memPeer) Reset() { _ = p.t.CloseReset(nil) }

// Close closes.
func (p *memPeer) Close() { p.t.Close(nil) }

// TestMatrixInMemory plays the cells that need no kernel over a Transport that is none of a loop's: what is told must not
// depend on that. A pair in memory fails neither reads nor writes, belongs to no panic, does not tell of a hang-up while it is not
// read, and a reset loses what its end was sending.
func TestMatrixInMemory(t *testing.T) {
	const needKernel = readFails | writeFails | panics
	played := 0
	for _, s := range []*subject{&serverRequest, &serverResponse, &socket} {
		each(func(f fault, m moment) {
			rule := s.ruleOf(f, m)
			if rule.want == "" || f&needKernel != 0 || f == rstArrives && m&(whilePaused|lastByte) != 0 {
				return
			}
			t.Run(s.name+", "+f.String()+", "+m.String(), func(t *testing.T) {
				played++
				r := newRig(t, f, m, true)
				r.mem = true
				playOn(r, s, rule)
			})
		})
	}
	if played < 80 {
		t.Errorf("%d cells were played", played)
	}
}

func isReset(err error) bool { return errors.Is(err, transporttest.ErrReset) }
