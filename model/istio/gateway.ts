/** Gateway (networking.istio.io), as Istio's webhook checks it. What a gateway does with it is read by `gateway-routing.ts`. */
import { z } from 'zod';
import { labels, names, portNumber, protocolName } from './routing-values.ts';

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

const serverSchema = z
  .object({
    port: z.object({
      number: portNumber,
      name: z.string().min(1, 'a port needs a name'),
      protocol: protocolName,
    }),
    hosts: names.min(1, 'a server needs hosts'),
    tls: tlsSchema.optional(),
  })
  .superRefine(({ port, tls }, context) => {
    const issue = (message: string, path: string[]): void =>
      void context.addIssue({ code: 'custom', path, message });
    const secured = ['https', 'tls'].includes(port.protocol.toLowerCase());
    if (secured && tls === undefined) issue(`a server of protocol ${port.protocol} needs tls`, []);
    if (tls === undefined || tls.httpsRedirect) return;
    if (!secured) {
      issue(`a server of protocol ${port.protocol} may have httpsRedirect in its tls, and nothing else`, [
        'tls',
      ]);
      return;
    }
    const { mode, credentialName, serverCertificate, privateKey, caCertificates } = tls;
    const files = [serverCertificate, privateKey, caCertificates].some((path) => path !== '');
    if (mode === 'ISTIO_MUTUAL') {
      if (files || credentialName !== '')
        issue("mode ISTIO_MUTUAL shows the workload's own certificate, and takes no other", ['tls']);
      return;
    }
    if (mode.endsWith('PASSTHROUGH') || credentialName !== '') return;
    if (serverCertificate === '' || privateKey === '')
      issue(`mode ${mode} needs a credentialName, or serverCertificate and privateKey`, ['tls']);
    if (mode !== 'SIMPLE' && caCertificates === '')
      issue(`mode ${mode} needs a credentialName, or caCertificates`, ['tls']);
  });

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
