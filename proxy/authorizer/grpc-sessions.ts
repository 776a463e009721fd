/** HTTP/2 connections to external authorizers, one a route, opened when first asked. Whatever breaks is opened anew. */
import { connect, type ClientHttp2Session } from 'node:http2';
import type { AuthorizerRoute } from './authorizer-route.ts';

export class GrpcSessions {
  readonly #sessions = new Map<string, Promise<ClientHttp2Session>>();

  /** An open session; rejects when the authorizer can't be reached. */
  session({ key, dial }: AuthorizerRoute): Promise<ClientHttp2Session> {
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const opening = dial().then((stream) => {
      const session = connect('http://authorizer', { createConnection: () => stream });
      // What goes wrong with it fails its requests; the session itself is only forgotten.
      session.on('error', () => session.destroy());
      session.once('close', () => this.#forget(key, opening));
      session.once('goaway', () => this.#forget(key, opening));
      return session;
    });
    this.#sessions.set(key, opening);
    opening.catch(() => this.#forget(key, opening));
    return opening;
  }

  /** Closes the sessions that `keep` doesn't want, with their exchanges in flight done first. */
  retire(keep: (key: string) => boolean): void {
    for (const [key, opening] of this.#sessions) {
      if (keep(key)) continue;
      this.#sessions.delete(key);
      opening.then(
        (session) => session.close(),
        () => undefined,
      );
    }
  }

  close(): void {
    for (const opening of this.#sessions.values())
      opening.then(
        (session) => session.destroy(),
        () => undefined,
      );
    this.#sessions.clear();
  }

  #forget(key: string, opening: Promise<ClientHttp2Session>): void {
    if (this.#sessions.get(key) === opening) this.#sessions.delete(key);
  }
}
