// Package static serves the files of a folder over httpcore's server: whole, in parts, or only if they have changed.
//
//	h, err := static.New("public", static.Options{CacheControl: "max-age=60"})
//	srv.OnRequest(h.Serve)
//
// Or, behind a prefix, from a handler of one's own:
//
//	if rest, ok := strings.CutPrefix(req.Path(), "/static"); ok {
//		h.ServePath(req, res, rest)
//		return
//	}
//
// # Who blocks
//
// Nobody on the loop. A file is looked for, opened, and looked at in one piece of the loop's slow work
// (Loop.QueueSlowWork), in which the whole answer is decided. A body of up to 16 KiB is read there too, so a small file costs
// one trip; a larger one is a files.ReadStream that is piped to the response, which holds its mark and one read, however
// slow the client and however large the file. A client that goes away has the work dropped that has not begun, and the file
// closed.
//
// # What is served
//
// GET and HEAD. Every path stays below the root: it is taken apart and decoded before anything is opened, dot segments end
// at the root, and the root is an os.Root, which follows no link out of it. What is neither a file nor a folder is not
// found: a named pipe would block whoever opens it. Names that begin with a dot are not found either unless Options.DotFiles
// says otherwise, but for /.well-known/ (RFC 8615); so what files.Replace has not finished is never seen.
//
// Preconditions are weighed in the order of RFC 9110 section 13.2.2, ranges served as section 14 says: one as it is, several as
// multipart/byteranges. docs/static.md in the repository has the table, and what differs from net/http's file server.
//
// # What goes wrong
//
// What can be told the client is, in a line: 400, 404, 403, 503 without descriptors or memory, 500. A file that cannot be read to
// the length that was promised, because it was made shorter, say, cuts its connection off: it never looks complete. The
// reasons of a 500, a 503 and a cut go to the loop's OnUncaught, a line each, with the file's name, which the client is not told.
//
// A Handler may be used on any number of loops at the same time.
package static
