/** The measured http-proxy pair, in a process of its own. */
import { readFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { Agent as TlsAgent, createServer as createTlsServer } from 'node:https';
import { createProxyServer } from 'http-proxy';
import type { HttpProxySetting } from './http-proxy.ts';

const setting = JSON.parse(process.argv[2] ?? '') as HttpProxySetting;
const TLS = {
  ca: readFileSync(setting.root),
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

const inbound = createProxyServer({
  target: `http://127.0.0.1:${setting.upstream}`,
  agent: new Agent({ keepAlive: true }),
});
createTlsServer(
  {
    ...TLS,
    cert: readFileSync(setting.orders.certificate),
    key: readFileSync(setting.orders.key),
    requestCert: true,
    rejectUnauthorized: true,
    keepAliveTimeout: 3_600_000,
  },
  (request, response) => inbound.web(request, response),
).listen(setting.inbound, '127.0.0.1');

const outbound = createProxyServer({
  target: `https://127.0.0.1:${setting.inbound}`,
  // The certificate names an identity, not a host: the chain is what is verified.
  agent: new TlsAgent({
    ...TLS,
    cert: readFileSync(setting.web.certificate),
    key: readFileSync(setting.web.key),
    keepAlive: true,
    maxCachedSessions: 0,
    checkServerIdentity: () => undefined,
  }),
});
createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => outbound.web(request, response)).listen(
  setting.outbound,
  '127.0.0.1',
);
