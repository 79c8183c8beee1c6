// Echo is a server that sends back what it is sent, with backpressure: who does not read what comes back is not read
// from any more. It is the program that weir is measured with.
package main
