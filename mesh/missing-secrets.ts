/** What DestinationRules name and the project gives to nobody who follows them: better told than refused on the way. */
import type { ClientCredentials } from '../model/mesh.ts';
import { positionOf } from '../model/policy-object.ts';
import type { Problem } from '../model/problem.ts';
import type { RuleTls } from '../policy/routes/rule-tls.ts';
import type { RouteClient } from '../policy/routes/sidecar-scope.ts';
import { findFile, type WantedFile } from './secret-files.ts';

/** A sidecar or gateway that may follow a rule. */
export interface Follower extends RouteClient {
  id: string;
  /** Its part of greenroom.yaml. */
  written: string;
  clientCredentials?: ClientCredentials;
}

/** Where nobody has all that the rule names; and each credential that has only a part of it. */
export function missingSecrets(
  named: RuleTls,
  wanted: readonly WantedFile[],
  followers: readonly Follower[],
): Problem[] {
  const { rule, tls } = named;
  if (followers.length === 0)
    return tls.credentialName !== '' && rule.spec.workloadSelector === undefined ? [unread(named)] : [];
  const lacking = followers
    .map((client) => ({
      client,
      files: wanted.filter((one) => findFile(one, client.clientCredentials) === null),
    }))
    .toSorted((one, other) => one.files.length - other.files.length);
  const incomplete = lacking.flatMap(({ client, files }) =>
    files.flatMap((file) => incompleteSecret(named, file, client)),
  );
  const [nearest] = lacking;
  if (incomplete.length > 0 || nearest === undefined) return incomplete;
  // A secret is missing once, not by its parts.
  return nearest.files
    .filter(({ field }, index, all) => all.findIndex((one) => one.field === field) === index)
    .map((file) => notGiven(named, file, nearest.client));
}

function titleOf({ rule }: RuleTls): string {
  return `DestinationRule ${rule.namespace}/${rule.name}`;
}

function notGiven(named: RuleTls, { field, name }: WantedFile, { written }: Follower): Problem {
  const { rule, path, tls } = named;
  const secret = field === 'credentialName';
  const parts = tls.mode === 'MUTUAL' ? 'certificate: …, key: …, ca: …' : 'ca: …';
  return {
    code: 'missing-credential',
    severity: 'error',
    message: secret
      ? `${titleOf(named)}: nobody who follows it is given files for credential ${name}`
      : `${titleOf(named)}: nobody who follows it is given a file for ${name}: paths are those of the proxy's file system, not of this machine's`,
    hint: secret
      ? `${written}.credentials: { ${name}: { ${parts} } } in greenroom.yaml, for each service or gateway that has the secret in the cluster`
      : `${written}.credentials: { ${name}: … } in greenroom.yaml says which file stands there, or the same of its folder, for each service or gateway that has it in the cluster`,
    at: positionOf(rule.object, [...path, field]),
  };
}

function incompleteSecret(
  named: RuleTls,
  { field, part, name }: WantedFile,
  { clientCredentials, written }: Follower,
): Problem[] {
  const secrets = clientCredentials?.secrets ?? {};
  const secret = field === 'credentialName' && Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret === undefined || part === 'key') return [];
  const lacks =
    part === 'ca'
      ? {
          what: 'no ca',
          use: 'believes servers by it',
          hint: 'ca: the PEM file of whoever signs for the server, `ca.crt` of the secret',
        }
      : {
          what: 'no certificate and key',
          use: 'shows servers one',
          hint: 'certificate: and key: of the client',
        };
  return [
    {
      code: 'incomplete-credential',
      severity: 'error',
      message: `credential ${name} of ${written} names ${lacks.what}, and ${titleOf(named)} ${lacks.use}`,
      hint: lacks.hint,
      at: secret.at,
    },
  ];
}

function unread(named: RuleTls): Problem {
  const { rule, path, tls } = named;
  return {
    code: 'credential-name-unread',
    severity: 'error',
    message: `${titleOf(named)}: sidecars read credential ${tls.credentialName} only by a rule with a workloadSelector, and no gateway runs here: in the cluster they send plaintext`,
    hint: 'workloadSelector: { matchLabels: … } in the rule; or clientCertificate, privateKey and caCertificates, which sidecars read',
    at: positionOf(rule.object, [...path, 'credentialName']),
  };
}
