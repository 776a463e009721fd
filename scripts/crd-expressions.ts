/**
 * The CEL expressions of Istio's CRDs -> the name of the check in model/istio/crd-rules.ts that does the same.
 * A closed list: an expression that isn't here stops the generator. Line breaks are read as spaces.
 */
export const CRD_EXPRESSIONS: Readonly<Record<string, string>> = {
  'has(self.wasm) != has(self.lua)': 'wasm-or-lua',
  'self.all(key, !key.contains("*"))': 'keys-without-wildcard',
  'self.all(key, key.size() != 0)': 'keys-not-empty',
  '!self.contains("*")': 'without-wildcard',
  'self.size() == 0': 'own-namespace',
  'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "file", "oci"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "file", "oci"])':
    'module-url',
  'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) && url("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])':
    'module-url',
  '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)': 'value-only-inline',
  "duration(self) >= duration('1ms')": 'duration',
  'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)':
    'waypoint-context',
  '0 < self && self <= 65535': 'port',
  '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))':
    'cidr-needs-static',
  '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true':
    'endpoints-need-resolution',
  '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true':
    'round-robin-one-endpoint',
  'has(self.address) || has(self.network)': 'address-or-network',
  '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true':
    'socket-without-ports',
  'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true':
    'socket-absolute',
  'self.startsWith("unix://") ? !self.endsWith("/") : true': 'socket-no-folder',
  'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))': 'port-names',
  'self != "*"': 'host-not-any',
  'self.all(l1, self.exists_one(l2, l1.number == l2.number))': 'port-numbers-unique',
  'self in ["", "HTTP", "HTTPS"]': 'probe-scheme',
  '(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true':
    'accounts-alone',
  'has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? self.selector.matchLabels : {}).size() > 0) : true':
    'ports-need-selector',
  'self.all(key, 0 < int(key) && int(key) <= 65535)': 'port-keys',
  'url(self).getScheme() in ["http", "https"]': 'http-url',
  '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true':
    'upsert-needs-value',
  '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true':
    'remove-without-value',
};
