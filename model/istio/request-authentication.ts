/**
 * The spec of a RequestAuthentication (security.istio.io): which tokens are verified, and where they are looked for.
 * What Istio's webhook refuses is refused here; what the CRD's schema refuses: check-structure.ts.
 */
import { z } from 'zod';
import { report, type CheckContext } from '../issue.ts';
import { attachmentFields, checkAttachment } from './attachment.ts';
import { MILLISECOND_NS, parseGoDuration } from './go-duration.ts';
import { goUrlScheme } from './go-url.ts';
import { keyFilePath } from './key-file.ts';
import { keySetError } from './key-set.ts';

const nonEmptyStrings = z.array(z.string().min(1));

export const jwtRuleSchema = z
  .strictObject({
    issuer: z.string().optional(),
    audiences: nonEmptyStrings.optional(),
    jwksUri: z.string().optional(),
    /** The protobuf name, which Kubernetes takes as well. */
    jwks_uri: z.string().optional(),
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
    spaceDelimitedClaims: z.array(z.string()).optional(),
  })
  .superRefine(checkJwtRule);

/** Istio's refusal of a `jwksUri` that is a file: who works offline on purpose makes it a warning. */
export const KEYS_FROM_A_FILE = 'keys-from-a-file';

type JwtRuleFields = z.infer<typeof jwtRuleSchema>;

function checkJwtRule(rule: JwtRuleFields, context: CheckContext): void {
  const uriField = rule.jwksUri === undefined ? 'jwks_uri' : 'jwksUri';
  const uri = rule[uriField];
  if (!rule.issuer && !uri) {
    report(context, {
      path: ['issuer'],
      code: 'missing-field',
      message: 'a rule needs an issuer (or a jwksUri)',
    });
  }
  if (uri && keyFilePath(uri) !== null) {
    report(context, {
      path: [uriField],
      code: KEYS_FROM_A_FILE,
      message: `${uriField}: a file, and istiod takes only http:// and https://`,
      hint: 'good for work without a network; write the URL before you apply it',
    });
  } else if (uri && !['http', 'https'].includes(goUrlScheme(uri) ?? '')) {
    report(context, {
      path: [uriField],
      code: 'invalid-value',
      message: `${uriField}: not a URL that begins with http:// or https://`,
    });
  }
  const keySet = rule.jwks ? keySetError(rule.jwks) : null;
  if (keySet) {
    report(context, {
      path: ['jwks'],
      code: 'invalid-value',
      message: keySet,
      hint: 'it is a string that holds {"keys": […]}',
    });
  }
  if (rule.timeout === undefined) return;
  const timeout = parseGoDuration(rule.timeout);
  if (timeout === null || timeout < MILLISECOND_NS || timeout % MILLISECOND_NS !== 0n) {
    report(context, {
      path: ['timeout'],
      code: 'invalid-value',
      message: 'timeout must be a duration of whole milliseconds, at least 1ms',
      hint: 'such as 5s',
    });
  }
}

export const requestAuthenticationSpecSchema = z
  .strictObject({ ...attachmentFields, jwtRules: z.array(jwtRuleSchema).optional() })
  .superRefine(checkAttachment);
