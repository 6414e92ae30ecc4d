import { createServer } from 'node:http';

/** The receiver of the callback bench, in a process of its own: answers 200 and counts calls and different message ids. */
let seen = new Set<string>();
let calls = 0;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('latin1');
    // The first value of the body is its message_id; a whole parse would measure the sink.
    seen.add(text.slice(0, text.indexOf('message_ts')));
    calls += 1;
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"message":{"ack_status":"ACK"}}');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send!({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('message', () => {
  process.send!({ calls, different: seen.size });
  seen = new Set();
  calls = 0;
});
process.on('disconnect', () => process.exit(0));
