// A server of Node's, on the socket that is descriptor 3, for interop_test.go: it answers as interopHandler there does.
'use strict';
const http = require('http');
const crypto = require('crypto');

const server = http.createServer((req, res) => {
  const url = new URL(req.url, 'http://a');
  switch (url.pathname) {
    case '/text':
      res.setHeader('Content-Length', 5);
      res.end('hello');
      break;
    case '/echo':
      req.pipe(res);
      break;
    case '/hash': {
      const hash = crypto.createHash('sha256');
      let n = 0;
      req.on('data', (p) => { n += p.length; hash.update(p); });
      req.on('end', () => {
        res.setHeader('Trailer', 'X-Length');
        res.write(hash.digest('hex'));
        res.addTrailers({ 'X-Length': String(n) });
        res.end();
      });
      break;
    }
    case '/big': {
      let left = Number(url.searchParams.get('n'));
      const piece = Buffer.from('0123456789abcdef'.repeat(4096));
      const more = () => {
        while (left > 0) {
          const n = Math.min(left, piece.length);
          left -= n;
          if (!res.write(piece.subarray(0, n))) {
            res.once('drain', more);
            return;
          }
        }
        res.end();
      };
      more();
      break;
    }
    default:
      res.statusCode = 404;
      res.end();
  }
});
server.on('checkContinue', (req, res) => {
  if (req.headers['x-refuse']) {
    res.writeHead(417, { 'Content-Length': 2 });
    res.end('no');
    return;
  }
  res.writeContinue();
  server.emit('request', req, res);
});
server.on('upgrade', (req, socket, head) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ');
  socket.write(head);
  socket.pipe(socket);
});
server.listen({ fd: 3 });
