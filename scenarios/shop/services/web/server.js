/** The shop's front door: what a browser sees. It owns no data; it asks `orders` and `reviews`. */
import { call, serve } from '../serve.js';

serve('web', {
  'GET /': async (request) => {
    const [orders, reviews] = await Promise.all([
      call(request, 'GET', 'http://orders/orders'),
      call(request, 'GET', 'http://reviews/reviews'),
    ]);
    return { shop: 'Greenroom sample shop', orders: orders.orders.length, reviews: reviews.reviews };
  },
  'GET /healthz': () => ({ status: 'ok' }),
  'POST /checkout': (request, _path, body) =>
    call(request, 'POST', 'http://orders/orders', {
      item: body?.item ?? 'teapot',
      quantity: body?.quantity ?? 1,
    }),
});
