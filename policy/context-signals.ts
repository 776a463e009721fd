/**
 * ContextSignals, applied purely: what a gateway tells the services about a caller. A client's own header of such a
 * name is removed whatever else happens: services believe it because clients can't send it.
 */
import type { ContextSignalsSpec } from '../model/greenroom/context-signals.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { HeaderList } from '../model/request-facts.ts';
import { blockContains, type ByteBlock, readBlock } from '../wire/ip-block.ts';
import type { ValueMatch } from './compiled-policy.ts';
import { objectsInScope, type PolicyTarget } from './scope.ts';
import { expandPrincipal } from './trust-domains.ts';
import { compileString, matchesValue } from './value-match.ts';

/** One signal, plain JSON. */
export interface CompiledSignal {
  header: string;
  /** The first that fits; an absent condition holds. */
  values: readonly {
    value: string;
    blocks: readonly ByteBlock[] | null;
    principals: readonly ValueMatch[] | null;
  }[];
  default: string | null;
}

/** What a signal may depend on. */
export interface SignalFacts {
  /** As the gateway takes it to be, trusted proxies counted. */
  clientIp: string;
  /** Of the client's verified certificate, without the scheme; null without one. */
  principal: string | null;
}

export interface Signalled {
  headers: HeaderList;
  /** Names that the client had sent itself: worth telling. */
  forged: readonly string[];
}

/** The signals that the gateway sets, in the order given. */
export function compileSignals(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  config: { rootNamespace: string; trustDomain: string; trustDomainAliases: readonly string[] },
): CompiledSignal[] {
  const trustDomains = [config.trustDomain, ...config.trustDomainAliases];
  return objectsInScope<ContextSignalsSpec>(objects, 'ContextSignals', target, config.rootNamespace).flatMap(
    ({ spec }) =>
      spec.signals.map((signal) => ({
        header: signal.header,
        values: signal.values.map(({ value, ipBlocks, principals }) => ({
          value,
          blocks: ipBlocks?.flatMap((text) => readBlock(text) ?? []) ?? null,
          principals:
            principals?.flatMap((one) =>
              expandPrincipal(one, trustDomains).map((text) => compileString(text)),
            ) ?? null,
        })),
        default: signal.default ?? null,
      })),
  );
}

/** The request's headers as the services behind the gateway get them. */
export function applySignals(
  signals: readonly CompiledSignal[],
  facts: SignalFacts,
  headers: HeaderList,
): Signalled {
  const names = new Set(signals.map(({ header }) => folded(header)));
  const kept = headers.filter(([name]) => !names.has(folded(name)));
  const forged = [...new Set(headers.filter(([name]) => names.has(folded(name))).map(([name]) => name))];
  const set = new Map<string, string>();
  for (const signal of signals) {
    const value = valueOf(signal, facts);
    // Two objects may name one header: the first that has a value for the caller sets it.
    if (value !== null && !set.has(signal.header)) set.set(signal.header, value);
  }
  return { headers: [...kept, ...set], forged };
}

function valueOf(signal: CompiledSignal, { clientIp, principal }: SignalFacts): string | null {
  const found = signal.values.find(
    ({ blocks, principals }) =>
      (blocks === null || blocks.some((block) => blockContains(block, clientIp))) &&
      (principals === null ||
        (principal !== null && principals.some((match) => matchesValue(match, principal)))),
  );
  return found?.value ?? signal.default;
}

/** Many servers take `x_country` for `x-country`, so a client may send neither. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
