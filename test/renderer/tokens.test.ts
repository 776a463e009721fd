/** Text must be readable on every surface that the window puts it on, in both themes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(new URL('../../renderer/tokens.css', import.meta.url), 'utf8');
const SURFACES = [
  'canvas',
  'surface',
  'raised',
  'sunken',
  'accent-soft',
  'deny-soft',
  'warn-soft',
  'info-soft',
  'allow-soft',
];
const PAIRS: [string, string][] = [
  ...['ink', 'ink-2', 'ink-3'].flatMap((ink) => SURFACES.map((surface): [string, string] => [ink, surface])),
  ...['allow', 'deny', 'warn', 'info'].flatMap((tone) =>
    ['canvas', 'surface', 'raised', 'sunken', `${tone}-soft`].map((surface): [string, string] => [
      tone,
      surface,
    ]),
  ),
  ['accent', 'canvas'],
  ['accent', 'surface'],
  ['accent', 'raised'],
  ['on-accent', 'accent'],
];

function tokens(theme: 'light' | 'dark'): Map<string, string> {
  const [light = '', dark = ''] = CSS.split('[data-theme="dark"]');
  const read = (text: string) =>
    [...text.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6})/g)].map((one) => [one[1] ?? '', one[2] ?? ''] as const);
  return new Map([...read(light), ...(theme === 'dark' ? read(dark) : [])]);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(['light', 'dark'] as const)('text in the %s theme', (theme) => {
  const values = tokens(theme);
  it.each(PAIRS)('%s on %s has a contrast of 4.5 at least', (text, surface) => {
    expect(contrast(values.get(text) ?? '#000000', values.get(surface) ?? '#000000')).toBeGreaterThanOrEqual(
      4.5,
    );
  });
});
