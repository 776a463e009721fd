/** Which ports speak HTTP/2 behind a sidecar: what Istio calls `http2` and `grpc`. */
import type { AppProtocol } from '../../model/mesh.ts';

export function speaksHttp2(protocol: AppProtocol): boolean {
  return protocol === 'http2' || protocol === 'grpc';
}
