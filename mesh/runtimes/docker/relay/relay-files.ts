/** What is put into the relay's container before it starts, as text. Pure. */
import type { TarFile } from '../tar.ts';
import type { KeyPair } from './relay-keys.ts';

/** On the relay's loopback: HAProxy hands connections on to it, and the channel carries them to this process. */
export const WAY_TO_US = { host: '127.0.0.1', port: 9000 } as const;
/** The first port of the ones at which pods knock; the first itself is that of the canary. */
export const FIRST_PORT = 20_000;
/** Whoever it is in the image, it is nobody: neither HAProxy nor the SSH server needs a right. */
export const RELAY_USER = { uid: 65_534, gid: 65_534 } as const;
export const LOGIN = 'relay';

/** A volume, since the rest of the container is read-only; there sshd looks for the users. */
export const RELAY_FOLDER = '/etc';
const FOLDER = `${RELAY_FOLDER}/greenroom`;
/** sshd wants the name of a shell that exists; nobody gets one. */
const NO_SHELL = `${FOLDER}/no-shell`;

/** Starts HAProxy in the foreground. */
export const RELAY_COMMAND = ['haproxy', '-db', '-f', `${FOLDER}/haproxy.cfg`];
/** Serves one SSH connection on its standard input and output; sshd wants to be called by its whole path. */
export const CHANNEL_COMMAND = [
  'busybox',
  'sh',
  '-c',
  `exec "$(command -v sshd)" -i -f ${FOLDER}/sshd_config`,
];

/** Their paths begin at `RELAY_FOLDER`. `ports`: how many a pod may need. */
export function relayFiles(ports: number, keys: { server: KeyPair; client: KeyPair }): TarFile[] {
  const client = `ecdsa-sha2-nistp256 ${keys.client.publicBlob.toString('base64')}\n`;
  const file = (path: string, text: string, mode: number): TarFile => ({
    path: path.slice(RELAY_FOLDER.length),
    content: Buffer.from(text),
    mode,
    ...RELAY_USER,
  });
  const { uid, gid } = RELAY_USER;
  return [
    file(
      `${RELAY_FOLDER}/passwd`,
      `root:x:0:0::/:${NO_SHELL}\n${LOGIN}:x:${uid}:${gid}::/:${NO_SHELL}\n`,
      0o644,
    ),
    file(NO_SHELL, '#!/nonexistent\n', 0o755),
    file(`${FOLDER}/host_key`, keys.server.privatePem, 0o400),
    file(`${FOLDER}/authorized_keys`, client, 0o400),
    file(`${FOLDER}/sshd_config`, SSHD_CONFIG, 0o444),
    file(`${FOLDER}/haproxy.cfg`, haproxyConfig(ports), 0o444),
  ];
}

/** The channel: forwards to and from this process's side, and nothing else. */
const SSHD_CONFIG = `HostKey ${FOLDER}/host_key
AuthorizedKeysFile ${FOLDER}/authorized_keys
AuthenticationMethods publickey
StrictModes no
PidFile none
AllowUsers ${LOGIN}
AllowAgentForwarding no
AllowStreamLocalForwarding no
X11Forwarding no
PermitTTY no
PermitUserRC no
ForceCommand ${NO_SHELL}
PermitListen ${WAY_TO_US.host}:${WAY_TO_US.port}
ClientAliveInterval 15
ClientAliveCountMax 4
LogLevel ERROR
`;

/**
 * Any pod may knock at any of the ports, on whatever network it is: what HAProxy writes in front of the bytes, the
 * ends as it saw them, tells whose connection it is and which peer was meant.
 */
export function haproxyConfig(ports: number): string {
  // Idle connections are the sidecar's business, and a database's may be idle for days: 24 days are the longest.
  return `global
  fd-hard-limit 20000
defaults
  mode tcp
  timeout connect 10s
  timeout client 24d
  timeout server 24d
frontend pods
  bind :${FIRST_PORT}-${FIRST_PORT + ports}
  default_backend us
backend us
  server us ${WAY_TO_US.host}:${WAY_TO_US.port} send-proxy-v2
`;
}
