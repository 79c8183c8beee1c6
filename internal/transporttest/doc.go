// Package transporttest has Transports without a kernel, for tests of what stands on stream.Transport: a Pair in memory,
// and a Resplit that makes other pieces of every byte. Both keep the contract of stream.Transport to the letter: no
// callback runs inside the call that caused it, each is a turn of its own, bytes given out are spoilt when the turn
// ends, and requests complete exactly once.
package transporttest
