/** How scenario files write a time: `500ms`, `5s`, `1m`. */
import { z } from 'zod';

export const durationSchema = z.string().regex(/^\d+(ms|s|m)$/, 'a duration: 500ms, 5s, 1m');
