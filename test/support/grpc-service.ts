/** A gRPC service of four calls, one of each kind, on bytes as they are; and clients for it. */
import grpc from '@grpc/grpc-js';

type Bytes = Buffer;
const same = (bytes: Bytes): Bytes => bytes;

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/greenroom.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

const METHODS = {
  unary: method('Unary', false, false),
  collect: method('Collect', true, false),
  repeat: method('Repeat', false, true),
  chat: method('Chat', true, true),
};

export interface GrpcService {
  address: { host: string; port: number };
  /** Paths of the calls that reached it. */
  calls: string[];
  /** Paths of the calls whose cancellation reached it. */
  cancelled: string[];
  close(): void;
}

/** `unary` echoes with a trailer, or never answers `hang`; `collect` joins; `repeat` answers thrice; `chat` echoes. */
export async function startGrpcService(): Promise<GrpcService> {
  const calls: string[] = [];
  const cancelled: string[] = [];
  const seen = (call: { getPath(): string; on(event: 'cancelled', heard: () => void): unknown }): void => {
    calls.push(call.getPath());
    call.on('cancelled', () => cancelled.push(call.getPath()));
  };
  const server = new grpc.Server();
  server.addService(METHODS, {
    unary: (call: grpc.ServerUnaryCall<Bytes, Bytes>, answer: grpc.sendUnaryData<Bytes>) => {
      seen(call);
      if (call.request.toString() === 'hang') return;
      if (call.request.toString() === 'fail') {
        answer({ code: grpc.status.FAILED_PRECONDITION, details: 'not today: 100 %' });
        return;
      }
      const trailer = new grpc.Metadata();
      trailer.set('x-trailer', 'told');
      answer(null, call.request, trailer);
    },
    collect: (call: grpc.ServerReadableStream<Bytes, Bytes>, answer: grpc.sendUnaryData<Bytes>) => {
      seen(call);
      const pieces: Bytes[] = [];
      call.on('data', (piece: Bytes) => pieces.push(piece));
      call.on('end', () => answer(null, Buffer.concat(pieces)));
    },
    repeat: (call: grpc.ServerWritableStream<Bytes, Bytes>) => {
      seen(call);
      for (let turn = 0; turn < 3; turn += 1) call.write(call.request);
      call.end();
    },
    chat: (call: grpc.ServerDuplexStream<Bytes, Bytes>) => {
      seen(call);
      call.on('data', (piece: Bytes) => call.write(piece));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: { host: '127.0.0.1', port }, calls, cancelled, close: () => server.forceShutdown() };
}

/** A client that calls the service at `at`, in plaintext. */
export function grpcClient(at: { host: string; port: number }) {
  const client = new grpc.Client(`${at.host}:${at.port}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': 'orders',
    'grpc.enable_http_proxy': 0,
  });
  const path = (name: keyof typeof METHODS): string => METHODS[name].path;
  return {
    unary: (text: string, options: grpc.CallOptions = {}, metadata = new grpc.Metadata()) => {
      let trailers: grpc.Metadata | null = null;
      let call: grpc.ClientUnaryCall | null = null;
      const answer = new Promise<Bytes>((resolve, reject) => {
        call = client.makeUnaryRequest<Bytes, Bytes>(
          path('unary'),
          same,
          same,
          Buffer.from(text),
          metadata,
          options,
          (error, value) => (error === null ? resolve(value as Bytes) : reject(error)),
        );
        call.on('status', (status) => {
          trailers = status.metadata;
        });
      });
      return { answer, cancel: () => call?.cancel(), trailers: () => trailers };
    },
    collect: (pieces: string[]): Promise<Bytes> =>
      new Promise((resolve, reject) => {
        const call = client.makeClientStreamRequest<Bytes, Bytes>(
          path('collect'),
          same,
          same,
          (error, value) => (error === null ? resolve(value as Bytes) : reject(error)),
        );
        for (const piece of pieces) call.write(Buffer.from(piece));
        call.end();
      }),
    repeat: (text: string) =>
      client.makeServerStreamRequest<Bytes, Bytes>(path('repeat'), same, same, Buffer.from(text)),
    chat: () => client.makeBidiStreamRequest<Bytes, Bytes>(path('chat'), same, same),
    close: () => client.close(),
  };
}
