package main

import (
	"io"
	"testing"
)

const asksForTunnel = "GET /t HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: tunnel\n\n"

// tunnelled is a client and a server that speak another protocol with one another.
func tunnelled(t *testing.T) (client, server *peer) {
	s := stage(t)
	c := s.dial(asksForTunnel + "early")
	up := s.accept()
	if got, want := up.head("X-Forwarded", "Via"), "GET /t HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: tunnel\n"; got != want {
		t.Errorf("the server gets\n%s\nwant\n%s", got, want)
	}
	up.say("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade, X-Hop\nX-Hop: 1\nUpgrade: tunnel\nX-Mine: 1\n\nhello")
	c.hears("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nX-Mine: 1\nUpgrade: tunnel\n\nhello")
	up.hears("early")
	return c, up
}

func TestAnUpgradeIsATunnelWithTwoEnds(t *testing.T) {
	c, up := tunnelled(t)
	for range 3 {
		c.say("from the client")
		up.hears("from the client")
		up.say("from the server")
		c.hears("from the server")
	}
	c.CloseWrite()
	up.ended()
	up.say("more")
	c.hears("more")
	up.Close()
	c.ended()
}

func TestTheServersEndOfATunnelIsNotTheClients(t *testing.T) {
	c, up := tunnelled(t)
	up.CloseWrite()
	c.ended()
	c.say("more")
	up.hears("more")
	c.Close()
	up.ended()
}

func TestATunnelThatIsCutOffIsCutOffOnTheOtherSide(t *testing.T) {
	for _, side := range []string{"client", "server"} {
		t.Run(side, func(t *testing.T) {
			c, up := tunnelled(t)
			one, other := c, up
			if side == "server" {
				one, other = up, c
			}
			one.reset()
			if _, err := other.Read(make([]byte, 1)); !wasReset(err) {
				t.Errorf("got %v, want a reset", err)
			}
		})
	}
}

func TestATunnelPassesBackpressureThrough(t *testing.T) {
	c, up := tunnelled(t)
	sent := flood(up)
	got, err := io.CopyN(io.Discard, c.r, int64(sent))
	if err != nil {
		t.Errorf("got %d of %d bytes and %v", got, sent, err)
	}
}

func TestARefusedUpgradeIsAnAnswer(t *testing.T) {
	s := stage(t)
	c := s.dial("")
	var up *peer
	for _, k := range []struct {
		answer string
		status int
	}{
		{"HTTP/1.1 200 OK\nContent-Length: 2\n\nno", 200},
		{"HTTP/1.1 400 Bad Request\nTransfer-Encoding: chunked\n\n2\nno\n0\n\n", 400},
		{"HTTP/1.1 426 Upgrade Required\nUpgrade: other\nConnection: Upgrade\nContent-Length: 2\n\nno", 426},
	} {
		c.say(asksForTunnel)
		if up == nil {
			up = s.accept()
		}
		up.head() // over the same connections each time
		up.say(k.answer)
		c.gets(k.status, "no")
	}
}

func TestASwitchThatNobodyHasAskedForIsNotBelieved(t *testing.T) {
	s := stage(t)
	c := s.dial("GET / HTTP/1.1\nHost: a\n\n")
	up := s.accept()
	up.head()
	up.say("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: tunnel\n\nhello")
	if res, _, _ := c.answer("GET"); res.StatusCode != 502 {
		t.Errorf("got %d, want 502", res.StatusCode)
	}
	up.gone()
}

// The connection can't leave HTTP while an answer is due that comes first.
func TestASwitchBehindAnAnswerThatIsDueIsRefused(t *testing.T) {
	s := stage(t)
	c := s.dial("GET /first HTTP/1.1\nHost: a\n\n" + asksForTunnel)
	first, second := s.accept(), s.accept()
	if head := first.head(); head[:7] == "GET /t " {
		first, second = second, first
		first.head()
	} else {
		second.head()
	}
	second.say("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: tunnel\n\n")
	second.gone()
	first.say("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
	c.gets(200, "ok")
	if res, _, _ := c.answer("GET"); res.StatusCode != 502 {
		t.Errorf("got %d, want 502", res.StatusCode)
	}
}

func TestAClientThatDoesNotWaitForTheSwitchTakesTheServersConnectionWithIt(t *testing.T) {
	s := stage(t)
	for range 20 {
		c := s.dial(asksForTunnel)
		up := s.accept()
		up.head()
		c.reset() // just before, or just after
		up.say("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: tunnel\n\nhello")
		up.gone()
	}
}
