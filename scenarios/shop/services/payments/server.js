/** Charges customers. Lives in the namespace `billing`; nobody but `orders` has business here. */
import { HttpError, serve } from '../serve.js';

let receipts = 0;

serve('payments', {
  'GET /health': () => ({ status: 'ok' }),
  'POST /charge': (_request, _path, body) => {
    const cents = body?.cents ?? 100;
    if (!Number.isInteger(cents) || cents <= 0) throw new HttpError(400, 'cents must be a positive integer');
    receipts += 1;
    return { charged: cents, receipt: `r-${receipts}` };
  },
});
