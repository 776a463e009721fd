/** Takes orders: checks the stock, has `payments` charge the customer, then remembers the order. */
import { call, HttpError, serve } from '../serve.js';

const PRICE_CENTS = { teapot: 2_400, mug: 900 };
const orders = [{ id: 1, item: 'mug', quantity: 2, paid: 1_800 }];

serve('orders', {
  'GET /healthz': () => ({ status: 'ok' }),
  'GET /orders': () => ({ orders }),
  'POST /orders': async (request, _path, body) => {
    const { item, quantity = 1 } = body ?? {};
    const price = PRICE_CENTS[item];
    if (!price) throw new HttpError(400, `no such item: ${item}`);
    const stock = await call(request, 'GET', `http://inventory/stock/${item}`);
    if (stock.left < quantity) throw new HttpError(409, `only ${stock.left} × ${item} left`);
    const charge = await call(request, 'POST', 'http://payments.billing/charge', { cents: price * quantity });
    const order = { id: orders.length + 1, item, quantity, paid: charge.charged, receipt: charge.receipt };
    orders.push(order);
    return order;
  },
  // For operators, by port-forward only: policies/orders.yaml denies it to every caller in the mesh.
  'GET /admin': () => ({
    orders: orders.length,
    turnover: orders.reduce((sum, order) => sum + order.paid, 0),
  }),
  'POST /admin/refund': () => ({ refunded: orders.at(-1)?.id ?? null }),
});
