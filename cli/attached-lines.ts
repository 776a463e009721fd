/** What a person is told of a program that they start themselves: where it must listen, and its way out. */
import type { InstanceState } from '../model/session-state.ts';

export const ATTACHED_CONTAINMENT = 'containment partial: everybody on this machine can knock there';

/** While it is waited for. */
export function startItLine({ id, attached }: InstanceState): string | null {
  if (attached === undefined) return null;
  return `${id}: start it yourself, at ${attached.address}; its environment is in ${attached.environmentFile}`;
}

/** Below its service; `proxy` is where its outbound sidecar takes HTTP. */
export function attachedLines(
  { attached }: InstanceState,
  proxy: { host: string; port: number } | undefined,
): string[] {
  if (attached === undefined) return [];
  return [
    `      attached at             ${attached.address}; ${ATTACHED_CONTAINMENT}`,
    `      its environment         ${attached.environmentFile}`,
    ...(proxy ? [`      its way out             HTTP_PROXY=http://${proxy.host}:${proxy.port}`] : []),
  ];
}
