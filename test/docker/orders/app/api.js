const { createServer } = require('node:http');
const { redis, sql } = require('./store.js');

async function answer(request) {
  if (request.url === '/health') return { ok: true };
  if (request.url === '/orders' && request.method === 'POST') {
    await redis('RPUSH', 'placed', 'lamp');
    return { queued: 'lamp' };
  }
  if (request.url === '/orders')
    return { orders: (await sql('SELECT item FROM orders ORDER BY id')).split('\n') };
  if (request.url === '/hits') return { hits: await redis('INCR', 'hits'), release: process.env.RELEASE };
  return null;
}

createServer((request, response) => {
  answer(request).then(
    (body) =>
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    (error) => response.writeHead(502).end(error.message),
  );
}).listen(Number(process.env.PORT), '0.0.0.0');
