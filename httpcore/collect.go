package httpcore

// Collect reads the whole body and calls fn once: with the body, which is fn's own, or with why there is none. A body of
// more than limit bytes is ErrBodyTooLarge; what is left of it is then thrown away, as of any body that nobody reads, and
// the handler may answer with 413. One that is cut off is ErrAborted, by errors.Is, with why.
func (m *IncomingMessage) Collect(limit int, fn func(body []byte, err error)) {
	var body []byte
	told := false
	tell := func(err error) {
		if told {
			return
		}
		told = true
		if err != nil {
			fn(nil, err)
			return
		}
		fn(body, nil)
	}
	if m.hasBody && m.length > int64(limit) {
		m.Scheduler().NextTick(func() { tell(ErrBodyTooLarge) })
		m.discard()
		return
	}
	m.OnData(func(p []byte) {
		switch {
		case told:
		case len(body)+len(p) > limit:
			body = nil
			m.discard()
			tell(ErrBodyTooLarge)
		default:
			body = append(body, p...)
		}
	})
	m.OnEnd(func() { tell(nil) })
	m.OnClose(func() {
		if err := m.Errored(); err != nil {
			tell(err)
		} else {
			tell(ErrAborted)
		}
	})
}
