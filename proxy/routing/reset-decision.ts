/** How a failed attempt is told: Envoy's status, body and details for each way to fail before an answer. */
import type { Decision } from '../../model/decision.ts';
import { decisionOf, type Failure } from '../error-table.ts';
import type { UpstreamFailure } from '../http2/upstream.ts';
import type { ResetKind } from './retry-conditions.ts';

/** Envoy's response flags of failures. */
export type ResetFlag = 'UF' | 'UR' | 'UT' | 'UC' | 'UPE' | 'UO';

/** RST_STREAM with REFUSED_STREAM. */
const REFUSED_STREAM = 7;

const FAILURES: Readonly<Record<ResetKind, Failure>> = {
  'connect-failure': 'connect-failure',
  'refused-stream': 'upstream-remote-reset',
  'per-try-timeout': 'per-try-timeout',
  'remote-reset': 'upstream-remote-reset',
  'connection-termination': 'upstream-reset',
  'protocol-error': 'upstream-protocol-error',
  overflow: 'upstream-overflow',
};

/** null: it isn't the upstream's failure (the request can't be put in its protocol), and nothing is tried again. */
export function resetKindOf(
  { decision, unsent, code }: UpstreamFailure,
  connected: boolean,
): ResetKind | null {
  if (decision.phase === 'codec') return null;
  if (code === REFUSED_STREAM || (connected && unsent && code === null && decision.reason === 'refused'))
    return 'refused-stream';
  if (decision.reason === 'upstream-protocol-error') return 'protocol-error';
  if (code !== null) return 'remote-reset';
  return connected ? 'connection-termination' : 'connect-failure';
}

/** `known`: the failure's own decision, whose reason and details say more. */
export function resetDecision(kind: ResetKind, attempts: number, known: Decision | null = null): Decision {
  const knows = kind === 'connect-failure' || known?.reason === 'peer-refused-certificate';
  const told = known !== null && knows ? known : decisionOf(FAILURES[kind]);
  const retried = attempts > 1 ? 'retried and the latest reset reason: ' : 'reset reason: ';
  return { ...told, body: (told.body ?? '').replace(/(?<=headers\. )reset reason: /, retried) };
}
