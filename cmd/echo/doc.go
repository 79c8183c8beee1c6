// Echo is a server that sends back what it is sent, with backpressure: who does not read what comes back is not read
// from any more. It is the program that weir is measured with.
//
//	go run ./cmd/echo -tcp 127.0.0.1:7000 -http 127.0.0.1:8080
//	nc 127.0.0.1 7000
//	curl -d hello http://127.0.0.1:8080/echo
//	curl -o /dev/null 'http://127.0.0.1:8080/download?n=10000000'
//
// Over HTTP, / greets, /echo answers a POST with its body, /upload with how long that was, /download?n=N and /stream?n=N send N bytes,
// with and without a length (/big is another name of /download), /slow?ms=N waits, /status/N has that status, /dump tells what it was
// asked, /noread reads nothing of a POST.
package main
