/** Conditions (`when`) of an AuthorizationPolicy: which keys exist, and what their values may be. */
import { closest } from '../closest.ts';
import { report, type CheckContext } from '../issue.ts';
import type { AuthorizationCondition } from './authorization-policy.ts';
import {
  isAddressOrBlock,
  isPort,
  serviceAccountError,
  tooManyAccounts,
  wildcardError,
} from './policy-values.ts';

type Path = (string | number)[];

const PLAIN_KEYS = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'destination.ip',
  'destination.port',
  'connection.sni',
];
/** Keys of the form `a[b]`. */
const MAP_KEYS = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];
const NOT_WITH_CUSTOM = /^(source\.(namespace|principal|serviceAccount|trustDomain)$|request\.auth\.)/;

export function checkConditions(
  conditions: readonly AuthorizationCondition[],
  action: string,
  at: Path,
  context: CheckContext,
): void {
  for (const [index, condition] of conditions.entries()) {
    const path = [...at, index];
    const keyProblem = keyError(condition.key);
    if (keyProblem) {
      report(context, { path: [...path, 'key'], ...keyProblem });
      continue;
    }
    if (!condition.values?.length && !condition.notValues?.length) {
      report(context, {
        path,
        code: 'missing-field',
        message: `condition ${condition.key} has neither values nor notValues`,
      });
    }
    if (action === 'CUSTOM' && NOT_WITH_CUSTOM.test(condition.key)) {
      report(context, {
        path: [...path, 'key'],
        code: 'not-with-custom',
        message: `${condition.key} can't be used with action CUSTOM`,
      });
    }
    for (const field of ['values', 'notValues'] as const) {
      const tooMany =
        condition.key === 'source.serviceAccount' ? tooManyAccounts(condition[field] ?? []) : null;
      if (tooMany) report(context, { path: [...path, field], code: 'invalid-value', message: tooMany });
      for (const [place, value] of (condition[field] ?? []).entries()) {
        const message = valueError(condition.key, value);
        if (message) report(context, { path: [...path, field, place], code: 'invalid-value', message });
      }
    }
  }
}

function keyError(key: string): { code: string; message: string; hint?: string } | null {
  if (key === '') return { code: 'missing-field', message: 'a condition needs a key' };
  if (PLAIN_KEYS.includes(key)) return null;
  const mapKey = MAP_KEYS.find((prefix) => key.startsWith(prefix));
  if (mapKey) {
    if (hasBrackets(key)) return null;
    return {
      code: 'unknown-condition',
      message: `key "${key}" lacks its part in brackets`,
      hint: `write ${mapKey}[name]`,
    };
  }
  if (key === 'destination.namespace') {
    return {
      code: 'unknown-condition',
      message: 'destination.namespace is gone',
      hint: 'the namespace is that of the policy itself: metadata.namespace',
    };
  }
  const near = closest(key.replace(/\[.*$/, ''), [...PLAIN_KEYS, ...MAP_KEYS.slice(0, 2)]);
  return {
    code: 'unknown-condition',
    message: `unknown condition key "${key}": Istio would skip the whole rule`,
    ...(near ? { hint: `did you mean ${MAP_KEYS.includes(near) ? `${near}[…]` : near}?` } : {}),
  };
}

/** `a[b]`, whatever b is, as long as it is something. */
function hasBrackets(key: string): boolean {
  const open = key.indexOf('[');
  return key.endsWith(']') && open > 0 && open < key.length - 2;
}

function valueError(key: string, value: string): string | null {
  if (value === '') return `${key} must not hold an empty string`;
  switch (key) {
    case 'source.ip':
    case 'remote.ip':
    case 'destination.ip':
      return isAddressOrBlock(value) ? null : `"${value}" is neither an address nor a CIDR block`;
    case 'destination.port':
      return isPort(value) ? null : `"${value}" is not a port`;
    case 'source.serviceAccount':
      return serviceAccountError(value);
    case 'source.trustDomain':
      return wildcardError(value);
    default:
      return null;
  }
}
