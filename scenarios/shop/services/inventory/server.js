/** Knows what is on the shelf. */
import { HttpError, serve } from '../serve.js';

const LEFT = { teapot: 1_000, mug: 1_000 };

serve('inventory', {
  'GET /healthz': () => ({ status: 'ok' }),
  'GET /stock/*': (_request, path) => {
    const item = path.slice('/stock/'.length);
    if (!(item in LEFT)) throw new HttpError(404, `no such item: ${item}`);
    return { item, left: LEFT[item] };
  },
});
