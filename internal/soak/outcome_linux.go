package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// outcome is what has become of an exchange.
type outcome string

const (
	whole      outcome = "whole"
	left       outcome = "left" // the client went away, on purpose
	cut        outcome = "cut"
	refused    outcome = "refused"
	badGateway outcome = "502"
	late       outcome = "504"
	wrong      outcome = "WRONG"
)

var outcomes = []outcome{whole, left, cut, refused, badGateway, late, wrong}

// class is what may die on a route.
type class string

const (
	steady class = "steady" // nothing
	frail  class = "frail"  // the server at the address
	front  class = "front"  // a proxy; the origin behind it is steady
	behind class = "behind" // the origin, behind a steady proxy
)

// explained are the outcomes that a class has reasons for. A client may leave at any time.
var explained = map[class][]outcome{
	steady: {whole, left},
	frail:  {whole, left, cut, refused},
	front:  {whole, left, cut, refused},
	behind: {whole, left, cut, badGateway, late},
}

// outcomeOf is the outcome of an exchange that has failed with err.
func outcomeOf(err error) outcome {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ENOTCONN),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, httpcore.ErrHangUp), errors.Is(err, httpcore.ErrAborted), errors.Is(err, stream.ErrPrematureClose),
		errors.Is(err, net.ErrClosed): // net/http closes a connection whose read has failed, and may then be told of the write
		return cut
	case strings.Contains(err.Error(), "server closed idle connection"): // net/http has no name for it
		return cut
	}
	return wrong
}

// outcomeOfStatus is that of an answer which is not the one that was asked for.
func outcomeOfStatus(status int) outcome {
	switch status {
	case http.StatusBadGateway:
		return badGateway
	case http.StatusGatewayTimeout:
		return late
	}
	return wrong
}
