/**
 * Whatever opens, closes: after each test file no socket, server, pipe or child process may be left that was not
 * there before it. Resources close asynchronously, so the check polls until they are gone or a deadline passes.
 */
import { afterAll, beforeAll, expect } from 'vitest';

const WATCHED = new Set([
  'TCPServerWrap',
  'TCPSocketWrap',
  'TLSWrap',
  'ProcessWrap',
  'UDPWrap',
  'PipeServerWrap',
  'Worker',
  'MessagePort',
]);
const PATIENCE_MS = 3_000;

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (WATCHED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function extra(before: Map<string, number>): string[] {
  return [...count()]
    .filter(([name, now]) => now > (before.get(name) ?? 0))
    .map(([name, now]) => `${name} × ${now - (before.get(name) ?? 0)}`);
}

let before = new Map<string, number>();
beforeAll(() => {
  before = count();
});

afterAll(async () => {
  const deadline = Date.now() + PATIENCE_MS;
  while (extra(before).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(extra(before), 'resources left open by this test file').toEqual([]);
});
