/**
 * What Istio's webhook refuses in an AuthorizationPolicy beyond the shape of its fields. Kept apart from the schema
 * so that each refusal reads as one sentence. It refuses; it never repairs.
 */
import { report, type CheckContext } from '../issue.ts';
import { checkAttachment } from './attachment.ts';
import { checkConditions } from './authorization-condition.ts';
import type {
  AuthorizationPolicySpec,
  AuthorizationOperation,
  AuthorizationSource,
} from './authorization-policy.ts';
import { pathTemplateError } from './path-template.ts';
import {
  isAddressOrBlock,
  isPort,
  serviceAccountError,
  tooManyAccounts,
  trustDomainError,
} from './policy-values.ts';

type Path = (string | number)[];

/** Fields that an external authorizer's rule can't use: it runs before identities of tokens and peers are read. */
const NOT_WITH_CUSTOM = /^(not)?(principals|requestPrincipals|namespaces|serviceAccounts|trustDomains)$/i;

/** Fields that say the same as `serviceAccounts` in another way. */
const NOT_BESIDE_ACCOUNTS = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const;

export function checkAuthorizationPolicy(spec: AuthorizationPolicySpec, context: CheckContext): void {
  checkAttachment(spec, context);
  checkAction(spec, context);
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    const path = ['rules', index];
    for (const [at, from] of (rule.from ?? []).entries()) {
      checkSource(from.source, spec.action, [...path, 'from', at], context);
    }
    for (const [at, to] of (rule.to ?? []).entries())
      checkOperation(to.operation, [...path, 'to', at], context);
    checkConditions(rule.when ?? [], spec.action, [...path, 'when'], context);
  }
}

function checkAction(spec: AuthorizationPolicySpec, context: CheckContext): void {
  const { action, provider, rules } = spec;
  // An empty list is no list in protobuf.
  if ((action === 'DENY' || action === 'CUSTOM') && !rules?.length) {
    report(context, {
      path: ['action'],
      code: 'rules-missing',
      message: `a ${action} policy without rules never applies, and Istio refuses it`,
      hint: 'to match every request write `rules: [{}]`; to deny everything by default write `spec: {}`',
    });
  }
  if (action === 'CUSTOM' && !provider?.name) {
    report(context, {
      path: ['provider', 'name'],
      code: 'missing-field',
      message: 'a CUSTOM policy names its provider',
    });
  }
  if (action !== 'CUSTOM' && provider) {
    report(context, {
      path: ['provider'],
      code: 'invalid-value',
      message: `a ${action} policy takes no provider; only CUSTOM does`,
    });
  }
}

function checkSource(
  source: AuthorizationSource | undefined,
  action: string,
  path: Path,
  context: CheckContext,
): void {
  if (isEmpty(source)) {
    report(context, {
      path,
      code: 'empty-source',
      message: 'a source without any field is refused by Istio',
      hint: 'to match every caller leave `from` out',
    });
    return;
  }
  const at = [...path, 'source'];
  checkLists(source, at, context);
  for (const field of ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'] as const) {
    for (const [index, value] of (source[field] ?? []).entries()) {
      if (value !== '' && !isAddressOrBlock(value)) {
        report(context, {
          path: [...at, field, index],
          code: 'invalid-ip',
          message: `"${value}" is neither an address nor a CIDR block`,
        });
      }
    }
  }
  checkAccounts(source, at, context);
  for (const field of ['trustDomains', 'notTrustDomains'] as const) {
    for (const [index, value] of (source[field] ?? []).entries()) {
      const message = trustDomainError(value);
      if (message) report(context, { path: [...at, field, index], code: 'invalid-value', message });
    }
  }
  if (action !== 'CUSTOM') return;
  for (const [field, values] of Object.entries(source)) {
    if (!values?.length || !NOT_WITH_CUSTOM.test(field)) continue;
    report(context, {
      path: [...at, field],
      code: 'not-with-custom',
      message: `${field} can't be used with action CUSTOM`,
    });
  }
}

function checkAccounts(source: AuthorizationSource, at: Path, context: CheckContext): void {
  for (const field of ['serviceAccounts', 'notServiceAccounts'] as const) {
    const values = source[field];
    if (!values?.length) continue;
    const tooMany = tooManyAccounts(values);
    if (tooMany) report(context, { path: [...at, field], code: 'invalid-value', message: tooMany });
    for (const [index, value] of values.entries()) {
      const message = value === '' ? null : serviceAccountError(value);
      if (message) report(context, { path: [...at, field, index], code: 'invalid-value', message });
    }
    if (NOT_BESIDE_ACCOUNTS.some((other) => source[other]?.length)) {
      report(context, {
        path: [...at, field],
        code: 'invalid-value',
        message: `${field} can't stand beside principals or namespaces in one source`,
        hint: 'write two entries under `from`: they are alternatives',
      });
    }
  }
}

function checkOperation(
  operation: AuthorizationOperation | undefined,
  path: Path,
  context: CheckContext,
): void {
  if (isEmpty(operation)) {
    report(context, {
      path,
      code: 'empty-operation',
      message: 'an operation without any field is refused by Istio',
      hint: 'to match every request leave `to` out',
    });
    return;
  }
  const at = [...path, 'operation'];
  checkLists(operation, at, context);
  for (const field of ['ports', 'notPorts'] as const) {
    for (const [index, value] of (operation[field] ?? []).entries()) {
      if (value !== '' && !isPort(value)) {
        report(context, {
          path: [...at, field, index],
          code: 'invalid-port',
          message: `"${value}" is not a port`,
        });
      }
    }
  }
  for (const field of ['paths', 'notPaths'] as const) {
    for (const [index, value] of (operation[field] ?? []).entries()) {
      const message = pathTemplateError(value);
      if (message && value !== '')
        report(context, { path: [...at, field, index], code: 'invalid-path-template', message });
    }
  }
}

/** Empty strings are refused in every list. */
function checkLists(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  at: Path,
  context: CheckContext,
): void {
  for (const [field, values] of Object.entries(fields)) {
    for (const [index, value] of (values ?? []).entries()) {
      if (value === '')
        report(context, {
          path: [...at, field, index],
          code: 'empty-value',
          message: `${field} must not hold an empty string`,
        });
    }
  }
}

function isEmpty<T extends Readonly<Record<string, readonly string[] | undefined>>>(
  fields: T | undefined,
): fields is undefined {
  return fields === undefined || Object.values(fields).every((values) => !values || values.length === 0);
}
