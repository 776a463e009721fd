/** The policies' word on a connection whose bytes nobody reads, at its first byte: CUSTOM, then DENY and ALLOW. */
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { askAboutConnection, asksAboutConnection } from '../policy/custom/ask-about-connection.ts';
import { withoutCustom } from '../policy/custom/ask-authorizer.ts';
import { decide } from '../policy/decide.ts';
import { explain } from '../policy/explain.ts';
import { authorizeConnectionBy } from './authorizer/authorize.ts';
import type { Source } from './connection-table.ts';
import type { Core } from './core.ts';
import type { InboundConnection } from './inbound-connection.ts';
import type { InForce } from './in-force.ts';
import type { InstanceSnapshot } from './snapshot.ts';

/** Whose connection it is, and where it came to. */
export interface BytesPlace {
  core: Core;
  inForce: InForce;
  instance: InstanceSnapshot;
  connection: Pick<InboundConnection, 'endpoints' | 'port' | 'spiffeId'>;
  source: Source;
}

export interface BytesVerdict {
  decision: Decision;
  explanation: Explanation | null;
  findings: readonly Finding[];
}

/** At once, unless an authorizer is asked. Never rejects. */
export function judgeBytes(
  { core, inForce, instance, connection, source }: BytesPlace,
  policy: CompiledPolicy,
  facts: RequestFacts,
): BytesVerdict | Promise<BytesVerdict> {
  const verdict = (denied: Decision | null, findings: readonly Finding[]): BytesVerdict => {
    const decision = denied ?? decide(withoutCustom(policy), facts);
    const explanation = decision.verdict === 'allow' ? null : explain(policy, facts, decision);
    return { decision, explanation, findings };
  };
  const question = asksAboutConnection(policy, facts);
  if (question.ask === null) return verdict(question.decision, question.findings);
  const authorize = authorizeConnectionBy({
    core,
    inForce,
    instance,
    source: {
      address: source.ip,
      port: connection.endpoints.remotePort,
      principal: connection.spiffeId,
    },
    port: connection.port,
  });
  return askAboutConnection(question.ask, question.rule, authorize).then((denied) => verdict(denied, []));
}
