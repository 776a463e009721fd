/**
 * The target of an HTTP/1 request (RFC 9112 §3.2) as Envoy's parser splits it: a path, or a URL whose authority then
 * stands in the place of Host. Observed on Envoy 1.40, refusals and all.
 */
import { parseIpAddress } from '../model/ip-block.ts';

/** A refusal of Envoy's codec or connection manager. */
export interface Http1Refusal {
  status: number;
  body: string;
  /** Envoy's response code details. */
  details: string;
  reason: string;
}

/** What is left of a target; `host` is null where it named none. */
export interface Http1Target {
  path: string;
  host: string | null;
}

/** What Envoy's codec answers to a broken message. */
export function codecError(reason: string, details = 'http1.codec_error'): Http1Refusal {
  return { status: 400, body: 'Bad Request', details, reason };
}

/** Any control byte but the tab. */
export function hasControlByte(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

/** Splits a target. Text has one character a byte. */
export function splitTarget(method: string, target: string): Http1Target | Http1Refusal {
  if (hasControlByte(target)) return codecError('control-in-path', 'http1.invalid_characters');
  // Envoy's parser takes no byte above ASCII in a path over HTTP/1.
  if (/[^\x21-\x7e]/.test(target)) return codecError('byte-in-path');
  if (method === 'CONNECT') return codecError('bad-target', 'http1.invalid_url');
  if (target.startsWith('/')) return { path: target, host: null };
  if (target === '*') return method === 'OPTIONS' ? NO_PATH : codecError('bad-target', 'http1.invalid_url');
  return splitUrl(target);
}

const NO_PATH: Http1Refusal = {
  status: 404,
  body: '',
  details: 'absolute_path_rejected',
  reason: 'path-not-absolute',
};

/** Scheme, then everything up to the path or query. */
const URL_START = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(.*)$/i;
/** The characters of an authority; a `#` before the path is none of them. */
const AUTHORITY = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@[\]]*$/;

function splitUrl(target: string): Http1Target | Http1Refusal {
  const [, scheme = '', authority = '', rest = ''] = URL_START.exec(target) ?? [];
  if (scheme === '' || !AUTHORITY.test(authority) || authority.includes('@@'))
    return codecError('bad-target');
  if (!/^https?$/i.test(scheme)) return codecError('bad-target', 'http1.invalid_scheme');
  const parts = authority.split('@');
  const host = parts.at(-1) ?? '';
  if (parts.length > 2 || !isHostAndPort(host)) return codecError('bad-target', 'http1.invalid_url');
  if (rest.startsWith('?')) return NO_PATH;
  return { path: rest === '' ? '/' : rest, host };
}

/** `name`, `1.2.3.4` or `[::1]`, with a port or without. */
function isHostAndPort(text: string): boolean {
  const [, name, address, port] = /^(?:([A-Za-z0-9.-]+)|\[([^\]]*)\])(?::([0-9]+))?$/.exec(text) ?? [];
  if (port !== undefined && Number(port) > 65_535) return false;
  if (address !== undefined) return address.includes(':') && parseIpAddress(address) !== null;
  return name !== undefined;
}
