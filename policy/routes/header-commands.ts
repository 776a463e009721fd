/** `%REQ(x-user)%` and its like in the values that a route writes into headers. */
import type { HeaderList } from '../../model/request-facts.ts';

/** What commands may ask for. */
export interface CommandFacts {
  /** The request's fields as they are at that moment, with `:path`, `:authority`, `:method`. */
  request: HeaderList;
  response: HeaderList;
  protocol: string;
  remoteAddress: string;
  remotePort: number;
  localAddress: string;
  localPort: number;
  routeName: string;
}

const COMMAND = /%%|%([A-Z_]+)(?:\(([^()]*)\))?(?::(\d+))?%/g;

/** Commands that this knows: a route with others is refused at admission, since Envoy would refuse it or we don't know. */
const KNOWN = new Set([
  'REQ',
  'RESP',
  'PROTOCOL',
  'DOWNSTREAM_REMOTE_ADDRESS',
  'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT',
  'DOWNSTREAM_REMOTE_PORT',
  'DOWNSTREAM_LOCAL_ADDRESS',
  'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT',
  'DOWNSTREAM_LOCAL_PORT',
  'ROUTE_NAME',
]);

/** A command that isn't known, or a lone `%`; null when all are. */
export function unknownCommand(value: string): string | null {
  for (const [whole, name] of value.matchAll(COMMAND))
    if (whole !== '%%' && !KNOWN.has(name ?? '')) return whole;
  return value.replace(COMMAND, '').includes('%') ? '%' : null;
}

/** A value with its commands carried out; what isn't there is empty. */
export function formatValue(value: string, facts: CommandFacts): string {
  if (!value.includes('%')) return value;
  return value.replace(COMMAND, (whole, name?: string, argument?: string, limit?: string) => {
    if (whole === '%%') return '%';
    const text = valueOf(name ?? '', argument ?? '', facts);
    return limit === undefined ? text : text.slice(0, Number(limit));
  });
}

function valueOf(name: string, argument: string, facts: CommandFacts): string {
  switch (name) {
    case 'REQ':
      return headerOf(facts.request, argument);
    case 'RESP':
      return headerOf(facts.response, argument);
    case 'PROTOCOL':
      return facts.protocol;
    case 'DOWNSTREAM_REMOTE_ADDRESS':
      return `${facts.remoteAddress}:${facts.remotePort}`;
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return facts.remoteAddress;
    case 'DOWNSTREAM_REMOTE_PORT':
      return String(facts.remotePort);
    case 'DOWNSTREAM_LOCAL_ADDRESS':
      return `${facts.localAddress}:${facts.localPort}`;
    case 'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT':
      return facts.localAddress;
    case 'DOWNSTREAM_LOCAL_PORT':
      return String(facts.localPort);
    case 'ROUTE_NAME':
      return facts.routeName;
    default:
      return '';
  }
}

/** `a?b`: the first of the two that is there; of several values the first. */
function headerOf(headers: HeaderList, argument: string): string {
  for (const wanted of argument.split('?')) {
    const name = wanted.trim().toLowerCase();
    const found = headers.find(([present]) => present === name);
    if (found !== undefined) return found[1];
  }
  return '';
}
