/** What customers say. Runs twice. */
import { serve } from '../serve.js';

serve('reviews', {
  'GET /healthz': () => ({ status: 'ok' }),
  'GET /reviews': () => ({
    reviews: [
      { item: 'teapot', stars: 5, text: 'Pours without dripping.' },
      { item: 'mug', stars: 4, text: 'Holds what it promises.' },
    ],
  }),
});
