// The database by its own command line, Redis by its own protocol.
const { execFile } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');

exports.sql = (statement) =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, PGPASSWORD: readFileSync(process.env.DATABASE_PASSWORD_FILE, 'utf8') };
    const args = [process.env.DATABASE_URL, '-v', 'ON_ERROR_STOP=1', '-Atc', statement];
    execFile('psql', args, { env, timeout: 10000 }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout.trim()),
    );
  });

exports.redis = (...words) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(process.env.REDIS_URL);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setTimeout(10000, () => socket.destroy(new Error('no answer of Redis')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().trim());
    });
    socket.write(`${words.join(' ')}\r\n`);
  });
