/**
 * Who signs for a session, and whom it trusts. Owns the rotation of the root: at every moment each leaf in use is
 * signed by a root that everybody trusts, so no connection is refused on the way. (Leaves are renewed by
 * mesh/certificates.ts.)
 */
import type { Clock } from '../../model/clock.ts';
import { issueLeaf, issueServerCertificate } from './issuer.ts';
import type { IssuedLeaf, LeafRequest, ServerRequest } from './leaf.ts';
import type { Root } from './root.ts';

export interface RootRotationSteps {
  /** Brings the changed bundle into force everywhere; rejects when a data plane doesn't take it. */
  publish(): Promise<void>;
  /** Issues and publishes new leaves for everybody. */
  renewLeaves(): Promise<void>;
}

export interface MeshAuthority {
  /** The current roots; two of them while one replaces the other. */
  trustBundlePem(): readonly string[];
  issue(request: LeafRequest): Promise<IssuedLeaf>;
  /** A certificate for names of the DNS, without an identity of the mesh. */
  issueServer(request: ServerRequest): Promise<IssuedLeaf>;
  /**
   * Trust both, sign with the new one, trust only the new one. When a step fails it rejects; what is in force then
   * still fits together, and another call may try again.
   */
  rotateRoot(next: Root, steps: RootRotationSteps): Promise<void>;
}

export function createAuthority(root: Root, clock: Clock): MeshAuthority {
  let signing = root;
  let trusted: readonly Root[] = [root];
  let rotating = false;

  const rotate = async (next: Root, steps: RootRotationSteps): Promise<void> => {
    const before = { signing, trusted };
    trusted = [next, ...trusted];
    try {
      await steps.publish();
    } catch (error) {
      // Refused as a whole: the old bundle is in force, and nothing was signed with the new root yet.
      trusted = before.trusted;
      throw error;
    }
    signing = next;
    try {
      await steps.renewLeaves();
    } catch (error) {
      // Some may have a new leaf already, so both stay trusted.
      signing = before.signing;
      throw error;
    }
    const overlap = trusted;
    trusted = [next];
    try {
      await steps.publish();
    } catch (error) {
      trusted = overlap;
      throw error;
    }
  };

  return {
    trustBundlePem: () => trusted.map(({ certificatePem }) => certificatePem),
    issue: (request) => issueLeaf(signing, request, clock),
    issueServer: (request) => issueServerCertificate(signing, request, clock),
    async rotateRoot(next, steps) {
      if (rotating) throw new Error('the root is being rotated already');
      rotating = true;
      try {
        await rotate(next, steps);
      } finally {
        rotating = false;
      }
    },
  };
}
