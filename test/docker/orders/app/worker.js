const { setTimeout: pause } = require('node:timers/promises');
const { redis, sql } = require('./store.js');

async function work() {
  for (;;) {
    const popped = await redis('LPOP', 'placed').catch((error) => `-${error.message}`);
    const item = popped.startsWith('$') && popped !== '$-1' ? popped.split('\r\n')[1] : null;
    if (item) console.log('stored', item, await sql(`INSERT INTO orders (item) VALUES ('${item}')`));
    else await pause(200);
  }
}
work();
