/** JUnit: well-formed whatever is in the report, numbers that add up, nothing secret. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJUnit } from '../../export/junit.ts';
import { sampleReport, sampleScenario, sampleStep } from '../support/sample-report.ts';

/** A reader that knows just enough XML to refuse what isn't well-formed; the elements it met, with their attributes. */
function readXml(text: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const unescape = (value: string): string => {
    if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)|</.test(value)) throw new Error(`not escaped: ${value}`);
    return value
      .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&apos;', "'")
      .replaceAll('&amp;', '&');
  };
  // oxlint-disable-next-line no-control-regex -- XML 1.0's own list
  const bad = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/u.exec(text);
  if (bad || !text.isWellFormed()) throw new Error('a character that XML 1.0 has not');
  let at = text.indexOf('?>') + 2;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next < 0 ? text.length : next);
    const top = open.at(-1);
    if (top) top.text += unescape(between);
    else if (between.trim() !== '') throw new Error(`text outside: ${between}`);
    if (next < 0) break;
    const tag = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/y;
    tag.lastIndex = next;
    const [all, closing, name = '', attributes = '', empty] = tag.exec(text) ?? [];
    if (all === undefined) throw new Error(`not a tag: ${text.slice(next, next + 60)}`);
    at = next + all.length;
    if (closing) {
      if (open.pop()?.name !== name) throw new Error(`wrong end of ${name}`);
      continue;
    }
    const read = {
      name,
      text: '',
      attributes: Object.fromEntries(
        [...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key, value]) => [
          key ?? '',
          unescape(value ?? ''),
        ]),
      ),
    };
    found.push(read);
    if (!empty) open.push(read);
  }
  if (open.length > 0) throw new Error('not closed');
  return found;
}

describe('JUnit', () => {
  it('stays well-formed whatever hostile text is in the report, and says it all', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('<', '&', '"', "'", ']]>', '\u0000', '\ud800', '\n', '<!--', '\u0085'),
      }),
      fc.constant(']]></failure><testcase name="x"/>'),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const step = sampleStep({
          verdict: 'failed',
          sent: text,
          message: text,
          assertions: [
            {
              what: 'status',
              wanted: '200',
              got: text,
              passed: false,
              at: { file: text, line: 1, column: 1 },
            },
          ],
        });
        const scenario = sampleScenario('failed', { title: text, message: text, steps: [step] });
        const elements = readXml(toJUnit(sampleReport([scenario])));
        expect(elements.map((each) => each.name)).toEqual(['testsuites', 'testsuite', 'testcase', 'failure']);
      }),
    );
  });

  it('counts one test case a scenario; an interrupted one is an error', () => {
    const verdicts = ['passed', 'failed', 'errored', 'skipped', 'interrupted'] as const;
    const elements = readXml(toJUnit(sampleReport(verdicts.map((verdict) => sampleScenario(verdict)))));
    expect(elements[0]?.attributes).toMatchObject({
      tests: '5',
      failures: '1',
      errors: '2',
      skipped: '1',
      time: '0.099',
    });
    expect(elements.map((each) => each.name).slice(2)).toEqual([
      'testcase',
      'testcase',
      'failure',
      'testcase',
      'error',
      'testcase',
      'skipped',
      'testcase',
      'error',
    ]);
  });

  it('names the step, the claim and the rule of a failure with file and line', () => {
    const at = { file: 'policies/payments.yaml', line: 14, column: 7 };
    const step = sampleStep({
      verdict: 'failed',
      message: 'POST /charge of inventory got through',
      assertions: [
        {
          what: 'decision',
          wanted: 'deny',
          got: 'allow',
          passed: false,
          at: { file: 's.yaml', line: 9, column: 3 },
        },
      ],
      decision: {
        verdict: 'allow',
        phase: 'allow',
        reason: 'allow-matched',
        matched: {
          kind: 'AuthorizationPolicy',
          namespace: 'billing',
          name: 'charge',
          action: 'ALLOW',
          rule: 1,
          at,
        },
      },
    });
    const failure = readXml(toJUnit(sampleReport([sampleScenario('failed', { steps: [step] })]))).find(
      (each) => each.name === 'failure',
    );
    expect(failure?.text).toContain('steps call: POST /charge [failed] scenarios/a.scenario.yaml:3:5');
    expect(failure?.text).toContain('decision: wanted deny, got allow (s.yaml:9:3)');
    expect(failure?.text).toContain('decided by ALLOW billing/charge[1] (policies/payments.yaml:14:7)');
  });

  it('tells of a green hole, with the remedy', () => {
    const steps = [
      sampleStep({ findings: [{ code: 'istio-allows', message: 'two names', remedy: 'issue one' }] }),
    ];
    const output = readXml(
      toJUnit(sampleReport([sampleScenario('passed', { outcome: 'istio-allows', steps })])),
    ).find((each) => each.name === 'system-out');
    expect(output?.text).toBe('outcome: istio-allows\nistio-allows: two names\nremedy: issue one');
  });
});
