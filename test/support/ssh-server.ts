/** A private sshd on loopback, and an `ssh` whose configuration knows it: what a user has in ~/.ssh. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './greenroom.ts';
import { eventually } from './patience.ts';

export const SSHD = '/usr/sbin/sshd';
/** Where Debian's sshd wants its empty folder. */
const PRIVILEGE_FOLDER = '/run/sshd';

export interface SshServer {
  /** `ssh://user@127.0.0.1:port`. */
  readonly url: string;
  /** To be the first on the PATH: its `ssh` is the real one with this server's configuration. */
  readonly programs: string;
  /** How many connections it has taken. */
  accepted(): number;
  stop(): Promise<void>;
}

/** Starts one that lets this user in with a key of its own. */
export async function startSshServer(): Promise<SshServer> {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const port = await freePort();
  writeFileSync(at('authorized'), readFileSync(at('user.pub')), { mode: 0o600 });
  writeFileSync(
    at('known'),
    `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8').split(' ').slice(0, 2).join(' ')}\n`,
  );
  writeFileSync(
    at('sshd_config'),
    `ListenAddress 127.0.0.1:${port}\nHostKey ${at('host')}\nAuthorizedKeysFile ${at('authorized')}\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n`,
  );
  writeFileSync(
    at('ssh_config'),
    `Host 127.0.0.1\n  IdentityFile ${at('user')}\n  IdentitiesOnly yes\n  BatchMode yes\n  StrictHostKeyChecking yes\n  UserKnownHostsFile ${at('known')}\n`,
  );
  const real = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
  mkdirSync(at('programs'));
  writeFileSync(at('programs/ssh'), `#!/bin/sh\nexec ${real} -F ${at('ssh_config')} "$@"\n`, { mode: 0o755 });
  if (!existsSync(PRIVILEGE_FOLDER)) mkdirSync(PRIVILEGE_FOLDER, { mode: 0o755 });
  const server = spawn(SSHD, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise((resolve) => server.once('close', resolve));
  await eventually('sshd listens', () => {
    if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}:\n${said}`);
    return said.includes('Server listening');
  });
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    programs: at('programs'),
    accepted: () => said.split('Accepted publickey').length - 1,
    async stop() {
      server.kill();
      await ended;
      await folder.remove();
    },
  };
}
