/**
 * The shapes of the Istio specs that are compiled here, as far as the compiler reads them.
 * The schemas of model/istio have checked them before; lists may still be null, as YAML has it.
 */
import type { Scoped } from './scope.ts';

type Values = readonly string[] | null | undefined;

/** `from[].source` and `to[].operation`: a field name to its values. */
export type FieldValues = Readonly<Record<string, Values>>;

export interface RuleSpec {
  from?: readonly ({ source?: FieldValues | null } | null)[] | null;
  to?: readonly ({ operation?: FieldValues | null } | null)[] | null;
  when?: readonly ({ key: string; values?: Values; notValues?: Values } | null)[] | null;
}

export interface AuthorizationPolicySpec extends Scoped {
  action?: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM' | null;
  rules?: readonly (RuleSpec | null)[] | null;
}

export interface PeerAuthenticationSpec extends Scoped {
  mtls?: { mode?: string | null } | null;
  portLevelMtls?: Readonly<Record<string, { mode?: string | null } | null>> | null;
}
