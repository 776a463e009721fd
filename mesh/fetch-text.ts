/** Fetches one document over HTTP(S): bounded in time and size, no redirects, no connection kept. */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

/** The body of a 200, or a rejection that says why. */
export type FetchText = (uri: string, signal: AbortSignal) => Promise<string>;

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1_048_576;

/** Istiod's five seconds; a body of at most a megabyte. */
export const fetchText: FetchText = (uri, signal) =>
  new Promise((resolve, reject) => {
    const get = uri.startsWith('https:') ? getHttps : getHttp;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const options = { agent: false, signal: bounded, headers: { accept: 'application/json' } } as const;
    const request = get(uri, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > MAX_BYTES) request.destroy(new Error('the answer is longer than a megabyte'));
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`it answered ${response.statusCode}`));
      });
    });
    request.once('error', reject);
  });
