// A service that greets, and that tells which marked requests reached it: with that a rehearsal can prove that a
// blocked request never arrived. Put your own services in its place.
import http from 'node:http';

const received = new Map();

const server = http.createServer((request, response) => {
  const url = new URL(request.url.startsWith('/') ? `http://service${request.url}` : request.url);
  response.setHeader('content-type', 'application/json');
  if (url.pathname === '/.well-known/greenroom/received') {
    const mark = url.searchParams.get('mark') ?? '';
    response.end(JSON.stringify({ mark, requests: received.get(mark) ?? [] }));
    return;
  }
  const mark = request.headers['x-greenroom-mark'];
  if (mark)
    received.set(mark, [...(received.get(mark) ?? []), { method: request.method, path: request.url }]);
  console.log(`${request.method} ${JSON.stringify(request.url)}`);
  response.statusCode = url.pathname === '/hello' ? 200 : 404;
  response.end(JSON.stringify({ hello: url.pathname === '/hello' ? 'from Greenroom' : null }));
});

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
