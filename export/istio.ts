/**
 * Target `istio`: the mesh as Kubernetes manifests with the policies as written and a kustomization. Stable order,
 * no noise; what a manifest can't say (mesh configuration) is a file of Helm values beside them, and named.
 */
import { stringify } from 'yaml';
import type { Mesh, MeshConfig, MeshGateway } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { GATEWAY_NAME } from '../policy/scope.ts';
import { credentialNotices } from './credential-notices.ts';
import type { Exported, ExportedFile, PolicyText } from './exported.ts';
import { workloadObjects, type KubernetesObject } from './kubernetes-objects.ts';
import { exportPolicies } from './policies.ts';

function yamlDocuments(objects: readonly object[]): string {
  return objects
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

/** Namespaces that get sidecars: those with workloads. The root namespace is Istio's own and exists. */
function namespaces(mesh: Mesh): KubernetesObject[] {
  return [...new Set(mesh.workloads.map((workload) => workload.namespace))].toSorted().map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'istio-injection': 'enabled' } },
  }));
}

const ISTIO_DEFAULTS: MeshConfig = {
  pathNormalization: 'BASE',
  outboundTrafficPolicy: 'ALLOW_ANY',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  numTrustedProxies: 0,
};

/** Mesh settings that differ from Istio's defaults, as Helm values of istiod. */
function meshConfigValues(config: MeshConfig): object | null {
  const values = {
    ...(config.pathNormalization === ISTIO_DEFAULTS.pathNormalization ||
    config.pathNormalization === 'DEFAULT'
      ? {}
      : { pathNormalization: { normalization: config.pathNormalization } }),
    ...(config.outboundTrafficPolicy === ISTIO_DEFAULTS.outboundTrafficPolicy
      ? {}
      : { outboundTrafficPolicy: { mode: config.outboundTrafficPolicy } }),
    ...(config.rootNamespace === ISTIO_DEFAULTS.rootNamespace ? {} : { rootNamespace: config.rootNamespace }),
    ...(config.trustDomain === ISTIO_DEFAULTS.trustDomain ? {} : { trustDomain: config.trustDomain }),
    ...(config.trustDomainAliases.length === 0 ? {} : { trustDomainAliases: [...config.trustDomainAliases] }),
    ...(config.numTrustedProxies === 0
      ? {}
      : { defaultConfig: { gatewayTopology: { numTrustedProxies: config.numTrustedProxies } } }),
  };
  return Object.keys(values).length === 0 ? null : { meshConfig: values };
}

/** Its Gateways leave with the policies; what serves them is Istio's own. */
function gatewayNotice({ name, namespace, labels }: MeshGateway): Problem {
  const own = Object.entries(labels).map(([key, value]) => `--set labels.${key}=${value}`);
  const deployed = labels[GATEWAY_NAME];
  if (deployed !== undefined)
    return {
      code: 'gateway-apart',
      severity: 'notice',
      message: `gateway ${namespace}/${name} is deployed by istiod itself, from Gateway ${namespace}/${deployed}`,
    };
  return {
    code: 'gateway-apart',
    severity: 'notice',
    message: `gateway ${namespace}/${name} is installed by Istio's own chart, not by these manifests`,
    hint: `helm upgrade -i ${name} istio/gateway -n ${namespace} ${own.join(' ')}`,
  };
}

/**
 * The mesh as a folder for `kubectl apply -k`.
 * @param policies the policy files as written
 * @returns files sorted by path, and a problem for every field that a manifest can't carry
 */
export function exportIstio(mesh: Mesh, policies: readonly PolicyText[]): Exported {
  const problems: Problem[] = [];
  const files: ExportedFile[] = [{ path: 'namespaces.yaml', text: yamlDocuments(namespaces(mesh)) }];
  const accounts = new Set<string>();
  for (const workload of mesh.workloads) {
    // Two workloads may share an account, which must stand once in a kustomization.
    const objects = workloadObjects(workload, problems).filter((object) => {
      if (object.kind !== 'ServiceAccount') return true;
      const key = `${workload.namespace}/${object.metadata.name}`;
      const first = !accounts.has(key);
      accounts.add(key);
      return first;
    });
    files.push({ path: `${workload.namespace}/${workload.name}.yaml`, text: yamlDocuments(objects) });
  }
  problems.push(...(mesh.gateways ?? []).map(gatewayNotice), ...credentialNotices(mesh));
  files.push(...exportPolicies(policies, mesh.namespace, problems));
  const resources = files.map((file) => file.path).toSorted();
  files.push({
    path: 'kustomization.yaml',
    text: yamlDocuments([
      {
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        metadata: { name: mesh.name, namespace: mesh.namespace },
        resources,
      },
    ]),
  });
  const values = meshConfigValues(mesh.config);
  if (values !== null) {
    files.push({
      path: 'istiod-values.yaml',
      text: `# For istiod's Helm chart; kustomize doesn't apply it.\n${stringify(values)}`,
    });
    problems.push({
      code: 'mesh-config-apart',
      severity: 'warning',
      message:
        "meshConfig differs from Istio's defaults and is no Kubernetes object of its own: istiod-values.yaml holds it",
      hint: 'helm upgrade istiod istio/istiod -n istio-system --reuse-values -f istiod-values.yaml',
    });
  }
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), problems };
}
