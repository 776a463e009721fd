/**
 * The spec of a RequestAuthentication (security.istio.io): which tokens are verified, and where they are looked for.
 * Read and checked in this version; enforced in a later one, so a project that holds one is refused meanwhile.
 */
import { z } from 'zod';
import { report, type CheckContext } from '../issue.ts';
import { attachmentFields, checkAttachment } from './attachment.ts';

const nonEmptyStrings = z.array(z.string().min(1));
const jwksUri = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^https?:\/\/[^/?#\s\\]+/, 'not a URL: it must begin with http:// or https:// and name a host')
  .refine(
    (uri) => !/^https?:\/\/[^/?#]*:(?!\d{0,5}($|[/?#]))[^\]/?#@]*($|[/?#])/.test(uri),
    'the port of this URL is not a number',
  );

export const jwtRuleSchema = z
  .strictObject({
    issuer: z.string().min(1).optional(),
    audiences: nonEmptyStrings.optional(),
    jwksUri: jwksUri.optional(),
    /** The protobuf name, which Kubernetes takes as well. */
    jwks_uri: jwksUri.optional(),
    jwks: z.string().optional(),
    fromHeaders: z
      .array(z.strictObject({ name: z.string().min(1), prefix: z.string().optional() }))
      .optional(),
    fromParams: nonEmptyStrings.optional(),
    fromCookies: nonEmptyStrings.optional(),
    outputPayloadToHeader: z.string().optional(),
    forwardOriginalToken: z.boolean().optional(),
    outputClaimToHeaders: z
      .array(
        z.strictObject({
          header: z
            .string()
            .min(1)
            .regex(/^[-_A-Za-z0-9]+$/, 'not a header name'),
          claim: z.string().min(1),
        }),
      )
      .optional(),
    timeout: z.string().optional(),
    spaceDelimitedClaims: nonEmptyStrings.max(64).optional(),
  })
  .superRefine(checkJwtRule);

type JwtRuleFields = z.infer<typeof jwtRuleSchema>;

function checkJwtRule(rule: JwtRuleFields, context: CheckContext): void {
  const keySets = (['jwks', 'jwksUri', 'jwks_uri'] as const).filter((field) => rule[field] !== undefined);
  if (keySets.length > 1) {
    report(context, {
      path: [keySets[1] ?? 'jwks'],
      code: 'invalid-value',
      message: `only one of ${keySets.join(' and ')} can be set`,
    });
  }
  if (!rule.issuer && !rule.jwksUri && !rule.jwks_uri) {
    report(context, {
      path: ['issuer'],
      code: 'missing-field',
      message: 'a rule needs an issuer (or a jwksUri)',
    });
  }
  if (rule.jwks && !isKeySet(rule.jwks)) {
    report(context, {
      path: ['jwks'],
      code: 'invalid-value',
      message: 'jwks is not a JSON Web Key Set',
      hint: 'it is a string that holds {"keys": […]}',
    });
  }
  if (rule.timeout !== undefined && (durationMs(rule.timeout) ?? 0) < 1) {
    report(context, {
      path: ['timeout'],
      code: 'invalid-value',
      message: 'timeout must be a duration of at least 1ms',
      hint: 'such as 5s',
    });
  }
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
  } catch {
    return false;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

/** A duration as Go writes them (`1m30s`), in milliseconds; null when it isn't one. */
function durationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  }
  return total;
}

export const requestAuthenticationSpecSchema = z
  .strictObject({ ...attachmentFields, jwtRules: z.array(jwtRuleSchema).max(4096).optional() })
  .superRefine(checkAttachment);
