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
//
// The errands do the same for Node's http client. What is different there on purpose:
//
//   - Host comes first (9110 7.2), is there although it was removed (9112 3.2), and is that of the target if it has one: CONNECT
//     a:1 says Host: a:1.
//   - A body of any method has a framing: GET too has a Content-Length, or chunks (9112 6).
//   - Cookies are given as one field; there are no lists of values. A list of fields is in the order that it is given in, and
//     what is missing comes behind it.
//   - OnSocket tells of a connection that is made; Node tells of one that is begun. So it is not told when there is none.
//   - A body waits for the 100 that its Expect asks for, for a final answer, or for ContinueTimeout (9110 10.1.1). If the answer
//     is final the body is not sent, and its connection ends. Node sends what is written.
//   - FlushHeaders of a method that seldom has a body says that there is none.
//   - A 2xx to CONNECT, or a 101, that nobody takes is an error, not only a 'close'; another answer to CONNECT is an answer.
//   - Bytes behind an answer spoil its connection, but are no error of the request: it has its answer.
//   - A Transfer-Encoding that is not chunked, with a length or without, is an error: nobody here can decode it (9112 6.1).
//   - A GET, or another idempotent request, that has found its connection closed is made once more (9110 9.2.2), unless NoRetry.
//   - A request that is destroyed while it waits is told at once, not when its turn comes.
//   - MaxSockets without keep-alive closes each connection and says so, rather than to use it for the next in the queue.
//   - An answer that was received, and not read when its request is destroyed, is aborted. Node throws it away and lets it end.
//   - A body that nobody listens for is thrown away up to a bound; behind that its connection is closed, which is an error.
//   - A write on a request that is over has its callback, with ERR_STREAM_DESTROYED.
//   - A limit counts what h1.Limits says, and a length that is wrong is refused on both sides (9110 8.6).
//   - There are neither abort(), names of pools, lenient parsers nor https.
