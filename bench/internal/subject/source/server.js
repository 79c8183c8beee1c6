// Node's own server, with the routes of weir's cmd/echo: node server.js echo|http|proxy HOST:PORT [UPSTREAM]
'use strict';
const http = require('node:http');
const net = require('node:net');
const [role, address, upstream] = process.argv.slice(2);
const [host, port] = address.split(':');
const filler = Buffer.from('0123456789abcdef'.repeat(4096));

function generate(res, n) {
  (function more() {
    while (n > 0) {
      const piece = n < filler.length ? filler.subarray(0, n) : filler;
      n -= piece.length;
      if (!res.write(piece) && n > 0) return void res.once('drain', more);
    }
    res.end();
  })();
}

function answer(req, res) {
  const at = req.url.indexOf('?');
  const path = at < 0 ? req.url : req.url.slice(0, at);
  const n = at < 0 ? 0 : Number(new URLSearchParams(req.url.slice(at)).get('n')) || 0;
  switch (path) {
    case '/':
      res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 13 });
      return res.end('Hello, World!');
    case '/echo':
      res.setHeader('Content-Type', 'application/octet-stream');
      if (req.headers['content-length']) res.setHeader('Content-Length', req.headers['content-length']);
      return req.pipe(res);
    case '/upload': {
      let got = 0;
      req.on('data', (p) => { got += p.length; });
      return req.on('end', () => res.end(String(got)));
    }
    case '/download':
      res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': n });
      return generate(res, n);
    case '/stream':
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      return generate(res, n);
    default:
      res.statusCode = 404;
      return res.end();
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
function forward(req, res) {
  const [toHost, toPort] = upstream.split(':');
  const up = http.request({ host: toHost, port: toPort, method: req.method, path: req.url, headers: req.headers, agent }, (got) => {
    res.writeHead(got.statusCode, got.headers);
    got.pipe(res);
  });
  up.on('error', () => res.destroy());
  res.on('close', () => up.destroy());
  req.pipe(up);
}

let server;
if (role === 'echo') server = net.createServer({ noDelay: true, allowHalfOpen: true }, (s) => { s.on('error', () => {}); s.pipe(s); });
else {
  server = http.createServer(role === 'proxy' ? forward : answer);
  server.keepAliveTimeout = 65000;
}
server.listen({ port: Number(port), host, backlog: 4096 }, () => {
  console.log(`listening on ${host}:${server.address().port}`);
});
