/**
 * The one table from a failure to the answer that Envoy gives: status, body, response code details.
 * Nothing else in proxy/ chooses a status.
 */
import type { Decision, Phase } from '../model/decision.ts';

/** What can go wrong on a sidecar's side of a request, besides the policy's own denial. */
export type Failure =
  | 'normalization-failed'
  | 'upgrade-refused'
  | 'unknown-host'
  | 'cluster-not-found'
  | 'no-healthy-upstream'
  | 'connect-failure'
  | 'connect-timeout'
  | 'wrong-peer-identity'
  | 'upstream-reset'
  | 'upstream-remote-reset'
  | 'upstream-overflow'
  | 'response-timeout'
  | 'per-try-timeout'
  | 'route-not-found'
  | 'upstream-protocol-error'
  | 'headers-too-large'
  | 'header-timeout'
  | 'codec-error'
  | 'control-in-target'
  | 'internal-error';

interface Answer {
  phase: Phase;
  status: number;
  body: string;
  details: string;
}

const RESET = 'upstream connect error or disconnect/reset before headers. reset reason: ';

const TABLE: Record<Failure, Answer> = {
  'normalization-failed': {
    phase: 'normalization',
    status: 400,
    body: '',
    details: 'path_normalization_failed',
  },
  'upgrade-refused': { phase: 'codec', status: 403, body: '', details: 'upgrade_failed' },
  'unknown-host': { phase: 'egress', status: 502, body: '', details: 'direct_response' },
  'cluster-not-found': { phase: 'upstream', status: 503, body: '', details: 'cluster_not_found' },
  'no-healthy-upstream': {
    phase: 'upstream',
    status: 503,
    body: 'no healthy upstream',
    details: 'no_healthy_upstream',
  },
  'connect-failure': {
    phase: 'upstream',
    status: 503,
    body: `${RESET}remote connection failure`,
    details:
      'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
  },
  'connect-timeout': {
    phase: 'upstream',
    status: 503,
    body: `${RESET}connection timeout`,
    details: 'upstream_reset_before_response_started{connection_timeout}',
  },
  'wrong-peer-identity': {
    phase: 'mtls',
    status: 503,
    body: `${RESET}remote connection failure`,
    details:
      'upstream_reset_before_response_started{remote_connection_failure|TLS_error:CERTIFICATE_VERIFY_FAILED}',
  },
  'upstream-reset': {
    phase: 'upstream',
    status: 503,
    body: `${RESET}connection termination`,
    details: 'upstream_reset_before_response_started{connection_termination}',
  },
  'upstream-remote-reset': {
    phase: 'upstream',
    status: 503,
    body: `${RESET}remote reset`,
    details: 'upstream_reset_before_response_started{remote_reset}',
  },
  'upstream-overflow': {
    phase: 'upstream',
    status: 503,
    body: `${RESET}overflow`,
    details: 'upstream_reset_before_response_started{overflow}',
  },
  'response-timeout': {
    phase: 'upstream',
    status: 504,
    body: 'upstream request timeout',
    details: 'response_timeout',
  },
  'per-try-timeout': {
    phase: 'upstream',
    status: 504,
    body: 'upstream request timeout',
    details: 'upstream_per_try_timeout',
  },
  'route-not-found': { phase: 'route', status: 404, body: '', details: 'route_not_found' },
  'upstream-protocol-error': {
    phase: 'upstream',
    status: 502,
    body: `${RESET}protocol error`,
    details: 'upstream_reset_before_response_started{protocol_error}',
  },
  'headers-too-large': {
    phase: 'codec',
    status: 431,
    body: 'Request Header Fields Too Large',
    details: 'http1.headers_too_large',
  },
  'header-timeout': {
    phase: 'codec',
    status: 408,
    body: 'request header timeout',
    details: 'request_header_timeout',
  },
  'codec-error': { phase: 'codec', status: 400, body: 'Bad Request', details: 'http1.codec_error' },
  'control-in-target': {
    phase: 'codec',
    status: 400,
    body: 'Bad Request',
    details: 'http1.invalid_characters',
  },
  'internal-error': { phase: 'codec', status: 500, body: '', details: 'internal_error' },
};

/** The denial that stands for a failure; `reason` tells more than the failure's name where the caller knows more. */
export function decisionOf(failure: Failure, reason: string = failure): Decision {
  const { phase, status, body, details } = TABLE[failure];
  return { verdict: 'deny', phase, reason, matched: null, status, body, details };
}

/** Envoy's words for an exchange that didn't come to its end. */
const BROKEN_OFF = {
  'client-gone': 'downstream_remote_disconnect',
  'upstream-gone': 'upstream_reset_after_response_started{connection_termination}',
};

/** The decision of a request that was let through, with who broke its exchange off. */
export function endedAs(decision: Decision, end: 'complete' | keyof typeof BROKEN_OFF): Decision {
  return end === 'complete' ? decision : { ...decision, details: BROKEN_OFF[end] };
}

/** TCP has no status: its client sees a close. */
export function withoutStatus({ verdict, phase, reason, matched, details }: Decision): Decision {
  return { verdict, phase, reason, matched, ...(details === undefined ? {} : { details }) };
}
