import { describe, expect, it } from 'vitest';
import { socketUrl } from '../../../renderer/store/carrier.ts';

describe('the WebSocket beside the page', () => {
  it('is of the page’s own origin and folder', () => {
    expect(socketUrl({ protocol: 'http:', host: '127.0.0.1:4400', pathname: '/' })).toBe(
      'ws://127.0.0.1:4400/ws',
    );
    expect(socketUrl({ protocol: 'https:', host: 'x', pathname: '/a/index.html' })).toBe('wss://x/a/ws');
  });
});
