package httpcore_test

// The scenes of this package tell what Node's http server does, case by case: the bytes, and the order of what a handler is
// told. It differs on purpose, where RFC 9112 and 9110 do, or where Node loses something:
//
//   - An answer to HTTP/1.0 has a Content-Length if its body is known, and is never chunked, TE: chunked or not (9112 6.1).
//   - A Transfer-Encoding is dropped from a 204 (9112 6.1), and the connection goes on.
//   - An answer that only the end of the connection ends says Connection: close (9112 9.6).
//   - A body is as long as its Content-Length, or its write fails and the connection ends (9110 8.6).
//   - The answers of an Upgrade with a body, and of requests behind one that nobody takes, come in order (9110 7.8).
//   - CONNECT that nobody takes is answered with 501, not with a close.
//   - MaxRequestsPerSocket closes behind the last answer, and looks at no request more (9112 9.6). Node answers 503.
//   - What comes behind Connection: close is dropped without an error (9112 9.6).
//   - A client that has ended its side gets its answer, with Connection: close, unless CloseOnFIN is set.
//   - Any token is a method; HTTP/2.0 is a 505, a long target a 414, an unknown coding a 501 before any handler is called.
//   - The answer to a bad request comes behind those that are due (9112 9.3.2), and has a Date (9110 6.6.1) and a length.
//   - All responses of a lost connection close, those that wait too, and every callback is called once, with why.
//   - A request whose body was never received closes with 'aborted', also when its response is over.
//   - A failed write is no success: no 'finish' follows it.
//   - An error that Destroy gives to a response is told to those who listen with OnError. Node tells its server.
//   - A second End is told of 'finish'. Node may have written already, and fails it with ERR_STREAM_ALREADY_FINISHED.
//   - A Trailer field without chunks is refused by WriteHead and by AddTrailer. Node drops what AddTrailer adds.
//   - Shutdown lets the answers that are due say Connection: close, and ends when they are sent.
//   - A 100, 102 or 103 has no callback of its own: they leave with what comes next.
//   - Another answer to Expect than WriteContinue ends the connection; so does an unknown expectation.
//   - A body that is not sent, as that of a HEAD, is answered with false once a mark, and drains in a later turn.
//   - A limit counts what h1.Limits says, and a 431 or 414 comes when that is passed, not at Node's numbers.
