// Node's part of what is measured without a client: node child.js stream|pause MILLISECONDS
// node child.js pause MILLISECONDS count is for who counts its system calls from outside: it says when it is ready, begins at a line of input, says
// how many operations there were, and ends with its input.
'use strict';
const net = require('node:net');
const { PassThrough, Readable, Writable, pipeline } = require('node:stream');
const [what, millis, counted] = process.argv.slice(2);
const length = Number(millis);

function say(operations, bytes, before) {
  const spent = process.cpuUsage(before);
  const micros = spent.user + spent.system;
  const figures = { cpuMicrosPerOp: micros / operations, nanosPerOp: (micros * 1000) / operations };
  if (bytes > 0) figures.cpuSecondsPerGB = micros / 1e6 / (bytes / 1e9);
  console.log(JSON.stringify(figures));
}

function stream(duration, then) {
  const chunk = Buffer.alloc(16 * 1024);
  const deadline = performance.now() + duration;
  let chunks = 0;
  let bytes = 0;
  const source = new Readable({
    read() { this.push(++chunks % 64 === 0 && performance.now() > deadline ? null : chunk); },
  });
  const sink = new Writable({ write(p, _, done) { bytes += p.length; done(); } });
  pipeline(source, new PassThrough(), sink, (err) => { if (err) throw err; then(chunks, bytes); });
}

const uncounted = { begin: (go) => go(), end: (n, go) => go() };

function pause(duration, then, count = uncounted) {
  const message = Buffer.alloc(512);
  const served = [];
  const clients = new Map();
  let n = 0;
  let over = false;
  const server = net.createServer((s) => {
    served.push(s);
    begin();
  });
  function begin() {
    if (served.length === 64 && clients.size === 64) count.begin(storm);
  }
  function storm() {
    for (const s of served) {
      const peer = clients.get(s.remotePort);
      s.on('data', (p) => {
        if (over) return;
        n++;
        s.pause();
        peer.write(p.subarray(0, 512));
        setImmediate(() => s.resume());
      });
      peer.write(message);
    }
    setTimeout(() => {
      over = true;
      count.end(n, () => {
        for (const s of [...served, ...clients.values()]) s.destroy();
        server.close();
        then(n, 0);
      });
    }, duration);
  }
  server.listen(0, '127.0.0.1', () => {
    for (let i = 0; i < 64; i++) {
      const c = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
      c.on('connect', () => {
        clients.set(c.localPort, c);
        begin();
      });
    }
  });
}

const job = { stream, pause }[what];
if (counted === 'count') {
  pause(length, null, {
    begin(go) { console.log('ready'); process.stdin.once('data', go); },
    end(operations) { console.log(JSON.stringify({ operations })); process.stdin.on('end', () => process.exit()); },
  });
} else {
  job(length / 4, () => {
    const before = process.cpuUsage();
    job(length, (operations, bytes) => say(operations, bytes, before));
  });
}
