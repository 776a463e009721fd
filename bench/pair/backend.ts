/** The application behind every pair: nginx with answers of fixed sizes, much cheaper than any sidecar before it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../model/environment-error.ts';
import { find, freePorts, listening, type Program, start } from './processes.ts';

export interface Backend {
  program: Program;
  ports: { http1: number; http2: number };
}

const SIZES = { '64k': 65_536, '1m': 1_048_576 } as const;

/** Starts it on the load's core, its files in `folder`. */
export async function startBackend(folder: string): Promise<Backend> {
  const nginx = find('nginx');
  if (nginx === null)
    throw new EnvironmentError('no-nginx', 'the bench needs nginx as its application', {
      hint: 'Debian: apt-get install nginx-light nghttp2-client',
    });
  const [http1 = 0, http2 = 0] = await freePorts(2);
  mkdirSync(join(folder, 'bench'), { recursive: true });
  mkdirSync(join(folder, 'bench.Echo'), { recursive: true });
  for (const [name, bytes] of Object.entries(SIZES))
    writeFileSync(join(folder, 'bench', name), Buffer.alloc(bytes, 'x'));
  writeFileSync(join(folder, 'bench.Echo', 'Say'), Buffer.alloc(5));
  const config = join(folder, 'backend.conf');
  writeFileSync(config, configuration(folder, http1, http2));
  const program = start('load', [nginx, '-c', config, '-p', folder]);
  await listening(http1, program);
  return { program, ports: { http1, http2 } };
}

function configuration(folder: string, http1: number, http2: number): string {
  return `
daemon off; master_process off; worker_processes 1; pid ${folder}/backend.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; default_type text/plain; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 3600s; http2_max_concurrent_streams 1024;
  client_body_temp_path ${folder}/body; open_file_cache max=100;
  root ${folder};
  server {
    listen 127.0.0.1:${http1} backlog=1024;
    listen 127.0.0.1:${http2} http2 backlog=1024;
    location = /bench/0b { return 200 ""; }
    location = /bench/1k { return 200 "${'x'.repeat(1_024)}"; }
    location /bench.Echo/ {
      default_type application/grpc;
      add_trailer grpc-status 0;
      error_page 405 =200 $uri;
    }
  }
}
`;
}
