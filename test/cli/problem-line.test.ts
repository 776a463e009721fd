import { expect, it } from 'vitest';
import { problemLine } from '../../cli/problem-line.ts';

it('what a container said in a problem moves no cursor and makes no line of its own', () => {
  const line = problemLine({
    code: 'watch-failed',
    severity: 'warning',
    message:
      'a change of web could not be taken in: \u001b[2J\u001b]52;c;AAAA\u0007\npolicies are valid again',
    hint: 'x\u009b2J',
    at: { file: 'compose.yaml', line: 3, column: 5 },
  });
  expect(line.split('\n')).toEqual([
    expect.stringMatching(/^compose\.yaml:3:5: warning watch-failed: .*policies are valid again$/),
    expect.stringMatching(/^ {2}hint: x/),
  ]);
  expect(line).not.toMatch(/(?!\n)\p{Cc}/u);
});
