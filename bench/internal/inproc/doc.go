// Package inproc is what the bench measures without a client: the parsers, the streams, and being stopped and started.
// Each runs in a process of its own (`bench child WHAT SUBJECT TIME`), measures itself by its own processor time, and
// prints its figures as JSON, by the names of package result. child.js is the same for Node.
package inproc
