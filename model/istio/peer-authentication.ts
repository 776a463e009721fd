/** The spec of a PeerAuthentication (security.istio.io): whether a port takes plaintext, mutual TLS or both. */
import { z } from 'zod';
import { report } from '../issue.ts';
import { selectorSchema } from './attachment.ts';

const modeSchema = z.enum(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']);
const mutualTlsSchema = z.strictObject({ mode: modeSchema.default('UNSET') });

export const peerAuthenticationSpecSchema = z
  .strictObject({
    selector: selectorSchema.optional(),
    mtls: mutualTlsSchema.optional(),
    /** By *workload* port. */
    portLevelMtls: z.record(z.string(), mutualTlsSchema).optional(),
  })
  .superRefine((spec, context) => {
    if (!spec.portLevelMtls) return;
    const path = ['portLevelMtls'];
    const ports = Object.keys(spec.portLevelMtls);
    if (ports.length === 0)
      report(context, { path, code: 'empty-value', message: 'portLevelMtls must name at least one port' });
    for (const port of ports) {
      if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535) {
        report(context, {
          path: [...path, port],
          code: 'invalid-port',
          message: `"${port}" is not a port (1 to 65535)`,
        });
      }
    }
    if (Object.keys(spec.selector?.matchLabels ?? {}).length === 0) {
      report(context, {
        path,
        code: 'selector-missing',
        message:
          'portLevelMtls needs a selector with labels: a policy for a whole namespace or mesh has no ports',
        hint: 'add `selector: { matchLabels: … }`, or set `mtls` for the whole namespace',
      });
    }
  });

export type PeerAuthenticationSpec = z.infer<typeof peerAuthenticationSpecSchema>;
