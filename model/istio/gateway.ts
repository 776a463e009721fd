/** Gateway (networking.istio.io), as Istio's webhook checks it. What a gateway does with it is read by `gateway-routing.ts`. */
import { z } from 'zod';
import { parseIpAddress } from '../ip-block.ts';
import { labels, portNumber, protocolName } from './routing-values.ts';

const tlsSchema = z.object({
  httpsRedirect: z.boolean().default(false),
  mode: z
    .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'])
    .default('PASSTHROUGH'),
  credentialName: z.string().default(''),
  serverCertificate: z.string().default(''),
  privateKey: z.string().default(''),
  caCertificates: z.string().default(''),
});

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?';
/** A name with a dot; its first label may be a star, its last is no number. */
const DNS_NAME = new RegExp(`^(\\*|${LABEL})(\\.${LABEL})*\\.(?!\\d+\\.?$)${LABEL}\\.?$`);
const MAX_NAME = 255;
const NAMESPACE = new RegExp(`^(\\.|\\*|${LABEL})$`);

/** `shop.example.com`, `*.example.com`, `*`; before a slash the namespace whose routes may serve it. */
function isHost(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return isName(text);
  return NAMESPACE.test(text.slice(0, slash)) && isName(text.slice(slash + 1));
}

function isName(text: string): boolean {
  if (text === '*' || (text.includes('.') && parseIpAddress(text) !== null)) return true;
  return text.length <= MAX_NAME && DNS_NAME.test(text);
}

const serverSchema = z
  .object({
    port: z.object({
      number: portNumber,
      name: z.string().min(1, 'a port needs a name'),
      protocol: protocolName,
    }),
    hosts: z
      .array(z.string().refine(isHost, 'not a host: a full name, one that begins with *., or *'))
      .min(1, 'a server needs hosts'),
    bind: z
      .string()
      .refine((text) => text === '' || parseIpAddress(text) !== null, 'not an IP address')
      .optional(),
    tls: tlsSchema.optional(),
  })
  .superRefine(({ port, tls }, context) => {
    const issue = (message: string): void =>
      void context.addIssue({ code: 'custom', path: ['tls'], message });
    const protocol = port.protocol.toLowerCase();
    const secured = protocol === 'https' || protocol === 'tls';
    if (secured && tls === undefined) issue(`a server of protocol ${port.protocol} needs tls`);
    if (tls === undefined) return;
    if (!secured && (!PLAINTEXT_HTTP.has(protocol) || tls.mode !== 'PASSTHROUGH'))
      issue(`a server of protocol ${port.protocol} takes no tls but httpsRedirect over HTTP`);
    const problem = certificateProblem(tls);
    if (problem !== null) issue(problem);
  });

const PLAINTEXT_HTTP: ReadonlySet<string> = new Set(['http', 'http2', 'grpc', 'grpc-web', 'http_proxy']);

/** What the mode asks for and isn't there, or has no use for. */
function certificateProblem(tls: z.infer<typeof tlsSchema>): string | null {
  const { mode, credentialName, serverCertificate, privateKey, caCertificates } = tls;
  const files = [serverCertificate, privateKey, caCertificates].some((path) => path !== '');
  if (mode === 'ISTIO_MUTUAL')
    return files || credentialName !== ''
      ? "mode ISTIO_MUTUAL shows the workload's own certificate, and takes no other"
      : null;
  if (mode.endsWith('PASSTHROUGH') || credentialName !== '') return null;
  if (serverCertificate === '' || privateKey === '')
    return `mode ${mode} needs a credentialName, or serverCertificate and privateKey`;
  return mode !== 'SIMPLE' && caCertificates === ''
    ? `mode ${mode} needs a credentialName, or caCertificates`
    : null;
}

export const gatewaySchema = z
  .object({
    selector: labels.default({}),
    servers: z.array(serverSchema).min(1, 'a Gateway needs servers'),
  })
  .superRefine(({ servers }, context) => {
    const seen = new Set<string>();
    servers.forEach(({ port: { name } }, index) => {
      if (seen.has(name))
        context.addIssue({
          code: 'custom',
          path: ['servers', index, 'port', 'name'],
          message: `two ports are called ${name}`,
        });
      seen.add(name);
    });
  });
