/** Why no engine answers, and what to do about it, by what went wrong and on which way. Pure. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { endpointWords, type EngineEndpoint } from './endpoint.ts';

/** The one error of an engine that isn't to be had. */
export function noEngine(endpoint: EngineEndpoint, cause: unknown): EnvironmentError {
  const why = cause instanceof Error ? cause.message.trim() : String(cause);
  return new EnvironmentError(
    'no-engine',
    `No Docker engine answers at ${endpointWords({ ...endpoint, url: withoutPassword(endpoint.url) })}: ${why}`,
    { hint: hintFor(endpoint, cause, why), cause },
  );
}

function hintFor({ url, tls }: EngineEndpoint, cause: unknown, why: string): string {
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
      ? cause.code
      : '';
  if (url.startsWith('ssh://'))
    return `ssh has to get there without a question, and find docker: ssh ${withoutPassword(url).replace(/(ssh:\/\/[^/]+).*/, '$1')} docker version`;
  if (/HTTP request to an HTTPS server/i.test(why))
    return 'this engine wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem, or make a context with them';
  if (tls !== undefined && /WRONG_VERSION_NUMBER|wrong version number/.test(`${code} ${why}`))
    return 'this engine speaks no TLS on that port; its TLS port is usually 2376';
  if (
    tls !== undefined &&
    /CERT|SIGNATURE|SELF_SIGNED|ALERT|ERR_TLS|ISSUER|certificate|\.pem/.test(`${code} ${why}`)
  )
    return 'its certificates don’t fit: ca.pem, cert.pem and key.pem are those of DOCKER_CERT_PATH (or ~/.docker), or of the context';
  if (code === 'EACCES')
    return 'this user may not open the socket: add it to the group `docker` (sudo usermod -aG docker $USER), then log in again';
  return 'install and start one (Debian, Ubuntu: sudo apt-get install docker.io), choose another (DOCKER_HOST, DOCKER_CONTEXT, `docker context ls`), or run with the process runtime, which needs none';
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^/@:]*):[^@]*@/, '$1@');
}
