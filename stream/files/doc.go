// Package files is Node's file streams on a loop: a Readable from a file, a Writable to one, an upload that is there whole or
// not at all, and streams over any io.Reader or io.Writer, blocking ones included.
//
//	files.Open(l, "upload.bin", files.ReadOptions{}).Pipe(req)            // up at the pace of the network
//	res.Pipe(files.Create(l, "answer.bin", files.WriteOptions{}))         // down at the pace of the disk
//	stream.Pipeline(done, req, files.Replace(l, path, files.ReplaceOptions{})) // the old file, or all of the new one
//
// # Who blocks
//
// Nobody on the loop. A disk has no readiness, so opening, reading, writing, syncing, renaming and closing happen in the
// loop's slow work (Loop.QueueSlowWork), one at a time for a stream, and the stream hears of it in a turn of its own. The one
// exception is a read of what is already in memory, where the kernel promises not to wait (Linux); it is bounded, 256 KiB
// a turn, so that a file in the page cache does not keep the loop from everybody else. The pool's slow half is two
// goroutines unless Options.Pool says more: whoever reads what may block for long, a pipe or a terminal, gives the
// loop a larger one.
//
// # Without reading
//
// What is piped to a Socket over a connection, or to a message of package httpcore, is not read at all where the kernel can
// send it by itself (Linux), as long as nobody else looks at the bytes: the events, the counts and the backpressure are
// the same. It is sent as the file is when it leaves, so who changes files in their place may want ReadOptions.NoSendFile.
// docs/files.md says when bytes are read nevertheless.
//
// # Events
//
// As Node's: OnOpen, OnReady, OnData …, OnEnd, OnClose of a ReadStream; OnOpen, OnReady, OnFinish, OnClose of a WriteStream.
// OnFinish means that the system has taken everything (and with Sync that it is on the disk, and of Replace that the name is
// there); the descriptor is closed between that and OnClose. An error is an *Error with the operation and the path, and
// errors.Is finds the errno in it, fs.ErrNotExist and its kin included.
//
// # Who owns the bytes
//
// A read fills a block of the streams' pool, which is given to the stream without a copy and goes back when it was read. So a
// ReadStream holds its mark and one read, whatever the file's size, and a WriteStream its mark and one write.
//
// # Ends
//
// A stream that is destroyed while something of it is off the loop waits for that before its descriptor is closed: no
// other file can get the number meanwhile. OnClose comes when it is closed. Pipe ends a WriteStream when its source ends, and
// does nothing to it when its source fails: that is what stream.Pipeline is for, and how an upload that was aborted is
// taken back.
//
// All functions and methods are for the loop's goroutine.
package files
