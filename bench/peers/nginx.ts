/** Both sidecars in one nginx process: mutual TLS, but no identity policy (it knows no URI names). HTTP/2 to an upstream for gRPC only. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { find, freePorts, listening, start } from '../pair/processes.ts';
import type { PairPeer } from './pair-peer.ts';

export const nginx: PairPeer = {
  name: 'nginx',
  policy: false,
  missing: () => (find('nginx') === null ? 'no nginx: apt-get install nginx-light' : null),
  start: async ({ backend, identities: { root, web, orders }, folder }) => {
    const [http1 = 0, http1In = 0, grpc = 0, grpcIn = 0] = await freePorts(4);
    const file = join(folder, 'nginx.conf');
    // It would look for the host's name in the server's certificate, and an SVID has none: it verifies clients only.
    const client = (kind: 'proxy' | 'grpc'): string => `
      ${kind}_ssl_certificate ${web.certificate}; ${kind}_ssl_certificate_key ${web.key};
      ${kind}_ssl_verify off; ${kind}_ssl_protocols TLSv1.3; ${kind}_ssl_session_reuse off;
      ${kind}_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;`;
    const server = `
      ssl_certificate ${orders.certificate}; ssl_certificate_key ${orders.key};
      ssl_client_certificate ${root}; ssl_verify_client on; ssl_verify_depth 2;
      ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
      ssl_session_tickets off; ssl_session_cache off;`;
    writeFileSync(
      file,
      `
daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_temp_path ${folder}/nginx-body; proxy_temp_path ${folder}/nginx-proxy;
  http2_max_concurrent_streams 1024;
  upstream peer { server 127.0.0.1:${http1In}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 3600s; }
  upstream application { server 127.0.0.1:${backend.ports.http1}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 3600s; }
  upstream grpc_peer { server 127.0.0.1:${grpcIn}; keepalive 512; keepalive_requests 1000000000; }
  upstream grpc_application { server 127.0.0.1:${backend.ports.http2}; keepalive 512; keepalive_requests 1000000000; }
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  server {
    listen 127.0.0.1:${http1} backlog=1024;
    location / { proxy_pass https://peer; ${client('proxy')} }
  }
  server {
    listen 127.0.0.1:${http1In} ssl backlog=1024; ${server}
    location / { proxy_pass http://application; }
  }
  server {
    listen 127.0.0.1:${grpc} http2 backlog=1024;
    location / { grpc_pass grpcs://grpc_peer; ${client('grpc')} }
  }
  server {
    listen 127.0.0.1:${grpcIn} ssl http2 backlog=1024; ${server}
    location / { grpc_pass grpc://grpc_application; }
  }
}
`,
    );
    const program = start('sidecars', [find('nginx') ?? 'nginx', '-c', file, '-p', folder]);
    await listening(grpcIn, program);
    return { ports: { http1, grpc }, pids: [program.pid], stop: () => program.stop() };
  },
};
