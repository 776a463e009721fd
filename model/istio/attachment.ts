/**
 * To what a security policy is attached: `selector` (workloads by label) or `targetRefs` (Gateway API objects).
 * What Istio's webhook refuses is refused here; lengths and characters are the CRD schema's (check-structure.ts).
 */
import { z } from 'zod';
import { report, type CheckContext } from '../issue.ts';

export const selectorSchema = z
  .strictObject({ matchLabels: z.record(z.string(), z.string()).optional() })
  .superRefine((selector, context) => {
    for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
      const path = ['matchLabels', key];
      if (key === '')
        report(context, { path, code: 'invalid-selector', message: 'a label key must not be empty' });
      if (key.includes('*') || value.includes('*')) {
        report(context, {
          path,
          code: 'invalid-selector',
          message: 'a selector takes no wildcards',
          hint: 'leave the selector out to select every workload of the namespace',
        });
      }
    }
  });

export type WorkloadSelector = z.infer<typeof selectorSchema>;

const TARGETS = [
  '/Service',
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
];

export const targetRefSchema = z
  .strictObject({
    group: z.string().default(''),
    kind: z.string().min(1),
    name: z.string().min(1),
    namespace: z.string().max(0, 'a policy can only target objects of its own namespace').optional(),
  })
  .superRefine((target, context) => {
    if (TARGETS.includes(`${target.group}/${target.kind}`)) return;
    report(context, {
      path: ['kind'],
      code: 'invalid-target',
      message: `a policy can't target ${target.kind}${target.group ? ` of ${target.group}` : ''}`,
      hint: 'targets are Service, ServiceEntry, Gateway and GatewayClass',
    });
  });

export type PolicyTargetReference = z.infer<typeof targetRefSchema>;

/** The three fields, to be spread into a policy's schema. */
export const attachmentFields = {
  selector: selectorSchema.optional(),
  targetRef: targetRefSchema.optional(),
  targetRefs: z.array(targetRefSchema).optional(),
};

interface Attachment {
  selector?: WorkloadSelector | undefined;
  targetRef?: PolicyTargetReference | undefined;
  targetRefs?: PolicyTargetReference[] | undefined;
}

/** At most one of the three may be written. */
export function checkAttachment(spec: Attachment, context: CheckContext): void {
  const written = (['selector', 'targetRef', 'targetRefs'] as const).filter(
    // An empty list is no list in protobuf.
    (field) => spec[field] !== undefined && !(field === 'targetRefs' && spec.targetRefs?.length === 0),
  );
  if (written.length < 2) return;
  report(context, {
    path: [written[1] ?? 'selector'],
    code: 'invalid-target',
    message: `only one of ${written.join(' and ')} can be set`,
  });
}
