/**
 * Makes X.509 certificates: node-forge writes the structures, node:crypto makes keys and signatures. forge knows
 * no EC keys (it throws on them), so the public key and the algorithm identifiers are spliced into its TBS.
 * Knows nothing of meshes; what a certificate says is the caller's business, faults included.
 */
import { createHash, generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const { asn1 } = forge;
/** Public in forge, missing in its types. */
const pki = forge.pki as typeof forge.pki & {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
};
const makeKeyPair = promisify(generateKeyPair);

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** The key type of everything that isn't faulty on purpose. */
export function generateEcKeyPair(): Promise<KeyPair> {
  return makeKeyPair('ec', { namedCurve: 'P-256' });
}

export function generateRsaKeyPair(modulusLength: number): Promise<KeyPair> {
  return makeKeyPair('rsa', { modulusLength });
}

/** Who signs: the key, and how it is named in what it signs. */
export interface Signer {
  privateKey: KeyObject;
  /** Common and organization name, empty for a signer without a subject. */
  subject: DistinguishedName;
  /** Subject key identifier, repeated as the authority key identifier. */
  keyId: Buffer;
}

export interface DistinguishedName {
  organization?: string;
  commonName?: string;
}

export interface CertificatePlan {
  subject: DistinguishedName;
  publicKey: KeyObject;
  notBefore: number;
  notAfter: number;
  ca: boolean;
  keyUsage: readonly ('digitalSignature' | 'keyEncipherment' | 'keyCertSign' | 'cRLSign')[];
  /** null = leave the extension out. */
  extendedKeyUsage: readonly ('serverAuth' | 'clientAuth')[] | null;
  uriSans: readonly string[];
  dnsSans?: readonly string[];
}

/** SHA-1 of the key's bits is the usual key identifier (RFC 5280 §4.2.1.2); it names, it protects nothing. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(publicKey)).digest();
}

/** Issues the certificate and returns it as PEM. */
export function issueCertificate(plan: CertificatePlan, signer: Signer): string {
  const certificate = pki.createCertificate();
  // Only a place in the structure; spliced over below.
  certificate.publicKey = pki.rsa.setPublicKey(
    new forge.jsbn.BigInteger('3'),
    new forge.jsbn.BigInteger('3'),
  );
  certificate.siginfo.algorithmOid = OID_ECDSA_SHA256;
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = new Date(plan.notBefore);
  certificate.validity.notAfter = new Date(plan.notAfter);
  certificate.setSubject(attributesOf(plan.subject));
  certificate.setIssuer(attributesOf(signer.subject));
  certificate.setExtensions(extensionsOf(plan, signer));
  const tbs = pki.getTBSCertificate(certificate);
  const algorithm = () => signatureAlgorithm(signer.privateKey);
  splice(tbs, TBS.signature, algorithm());
  splice(
    tbs,
    TBS.subjectPublicKeyInfo,
    asn1.fromDer(forge.util.createBuffer(spkiOf(plan.publicKey).toString('binary'))),
  );
  const signature = sign('sha256', derOf(tbs), signer.privateKey);
  const signed = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
    tbs,
    algorithm(),
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${signature.toString('binary')}`),
  ]);
  return `-----BEGIN CERTIFICATE-----\n${derOf(signed)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Places within TBSCertificate (RFC 5280 §4.1). */
const TBS = { signature: 2, subjectPublicKeyInfo: 6 } as const;
const OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const OID_RSA_SHA256 = '1.2.840.113549.1.1.11';

function splice(tbs: forge.asn1.Asn1, place: number, value: forge.asn1.Asn1): void {
  (tbs.value as forge.asn1.Asn1[])[place] = value;
}

function signatureAlgorithm(key: KeyObject): forge.asn1.Asn1 {
  const rsa = key.asymmetricKeyType === 'rsa';
  const oid = asn1.oidToDer(rsa ? OID_RSA_SHA256 : OID_ECDSA_SHA256).getBytes();
  const parts = [asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, oid)];
  // RFC 5758 §3.2: ECDSA has no parameters, RSA has NULL.
  if (rsa) parts.push(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, ''));
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function extensionsOf(plan: CertificatePlan, signer: Signer): object[] {
  const names = [
    ...plan.uriSans.map((value) => ({ type: 6, value })),
    ...(plan.dnsSans ?? []).map((value) => ({ type: 2, value })),
  ];
  const nameless = attributesOf(plan.subject).length === 0;
  const flags = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, true]));
  return [
    { name: 'basicConstraints', cA: plan.ca, critical: true },
    { name: 'keyUsage', critical: true, ...flags(plan.keyUsage) },
    ...(plan.extendedKeyUsage ? [{ name: 'extKeyUsage', ...flags(plan.extendedKeyUsage) }] : []),
    {
      id: '2.5.29.14',
      value: keyIdentifier(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, keyIdOf(plan.publicKey)),
    },
    { id: '2.5.29.35', value: authorityKeyIdentifier(signer.keyId) },
    // RFC 5280 §4.2.1.6: critical where the subject is empty, as in Istio's leaves.
    ...(names.length > 0 ? [{ name: 'subjectAltName', critical: nameless, altNames: names }] : []),
  ];
}

function keyIdentifier(tagClass: forge.asn1.Class, type: forge.asn1.Type, id: Buffer): forge.asn1.Asn1 {
  return asn1.create(tagClass, type, false, id.toString('binary'));
}

function authorityKeyIdentifier(id: Buffer): forge.asn1.Asn1 {
  const implicitZero = 0 as forge.asn1.Type;
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
    keyIdentifier(asn1.Class.CONTEXT_SPECIFIC, implicitZero, id),
  ]);
}

function attributesOf({ organization, commonName }: DistinguishedName): { name: string; value: string }[] {
  const attributes: { name: string; value: string }[] = [];
  if (organization) attributes.push({ name: 'organizationName', value: organization });
  if (commonName) attributes.push({ name: 'commonName', value: commonName });
  return attributes;
}

/** 127 random bits, positive. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function derOf(value: forge.asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'binary');
}
