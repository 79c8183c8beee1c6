// Package bystander measures what loops at full load cost the other goroutines of their process: how late one is that
// sleeps, and one that waits for the network in package net. A loop that only makes raw system calls looks fast and
// starves both; what it does about that is seen here.
package bystander
