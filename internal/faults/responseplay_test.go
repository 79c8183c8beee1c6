package faults

import "time"

// serverResponse is written in pieces, and ended when the cell is over.
var serverResponse = subject{
	name: "server response",
	about: "A client asks without a body, and the handler writes its answer in pieces. Told are: the request (Req), the response (res), the " +
		"callbacks of a write that was taken (a), of one that waits (b) and of End (e), and what the first subject has besides.",
	at: map[moment]string{
		beforeHead:  "nothing was written",
		inHead:      "the kernel has taken a part of the head, and the client reads nothing",
		midBody:     "a first chunk was taken, in its callback or behind it",
		lastByte:    "in the turn that has called End; a timeout: while the last bytes wait for the client",
		afterEnd:    "'finish' and 'close' were told; the connection rests",
		whilePaused: "the client reads nothing, and the handler waits for 'drain'",
		whileCorked: "Cork was called first, then something was written",
	},
	got: map[moment]string{
		beforeHead: "-", inHead: "cut", midBody: "200cut", lastByte: "-", afterEnd: "200", whilePaused: "200cut", whileCorked: "-",
	},
	rules: serverResponseRules,
	play:  playServerResponse,
}

func playServerResponse(r *rig) {
	buffers := 0
	if r.m == inHead && r.f != panics {
		buffers = 48
	}
	ended := false
	large := make([]byte, 300_000)
	k := r.serve(buffers, func(k *serverRig) {
		q, res := k.q, k.res
		if r.f == cancelled {
			r.withContext(res)
		}
		q.Resume()
		first := func(m moment) {
			res.WriteChunk([]byte("first"), func(err error) {
				r.callback("a")(err)
				r.here(m, res)
			})
		}
		if r.f == timePasses {
			switch r.m {
			case beforeHead, midBody, whileCorked:
				res.SetTimeout(3*time.Second, nil)
			}
		}
		switch r.m {
		case beforeHead:
			if r.f == panics {
				r.here(beforeHead, res)
			}
		case inHead:
			res.WriteChunk([]byte("first"), r.callback("b"))
			if r.f == panics {
				r.here(inHead, res)
			}
		case midBody:
			first(midBody)
		case lastByte:
			ended = true
			if r.f == timePasses {
				res.EndWith(large, r.callback("e"))
				return
			}
			res.EndWith([]byte("last"), r.callback("e"))
			if k.c.unread = 0; r.f&byUs == 0 {
				k.c.strike()
			}
			r.here(lastByte, res)
		case afterEnd:
			ended = true
			res.EndWith([]byte("last"), r.callback("e"))
			if r.f == panics {
				res.OnClose(func() { r.here(afterEnd, res) })
			}
		case whilePaused:
			first(0)
			if r.f == panics {
				first(whilePaused)
				res.WriteChunk(large, r.callback("b"))
			}
		case whileCorked:
			res.Cork()
			res.WriteChunk([]byte("first"), r.callback("b"))
			if r.f == panics {
				r.here(whileCorked, res)
			}
		}
	})
	c := k.c
	c.deaf = r.m == inHead || r.m == whilePaused || r.m == lastByte && r.f == timePasses
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r.run()
	if r.m == whilePaused && r.f != panics {
		r.on(func() { k.res.WriteChunk(large, r.callback("b")) })
	}
	if !r.struck {
		if r.f&byUs == 0 {
			c.strike()
		} else {
			r.on(func() { r.here(r.m, k.res) })
		}
	}
	if r.f == writeFails && !ended && !k.res.Destroyed() {
		if r.m == midBody {
			r.on(func() { k.res.WriteChunk([]byte("w"), r.callback("b")) })
		} else { // let it go on writing
			c.take()
		}
	}
	r.run()
	r.await()
	if r.f == timePasses {
		k.pass(25 * time.Second)
	}
	if !k.res.Closed() {
		r.note("go")
		r.spent = true
		c.deaf = false
		r.on(func() {
			if !ended {
				k.res.EndWith([]byte("last"), r.callback("e"))
			}
		})
	}
	k.over(answers)
}
