import { expect, test } from '@jest/globals';
import { openProgress } from './progress.js';
import { Session } from './session.js';
import { PaperTerminal } from './testing/terminal.js';

const step = (completed: number) => ({ phase: 'study', completed, total: 100, detail: 'kodim01, Wiener' });

test('without a terminal a line is written at most every five seconds', () => {
  let now = 0;
  const { stderr, ...paper } = new PaperTerminal();
  const { onProgress, end } = openProgress(stderr, false, () => now);
  for (let i = 0; i <= 100; i++) {
    now = i * 200;
    onProgress(step(i));
  }
  end();
  expect(paper.err).toEqual([25, 50, 75, 100].map((i) => `study: ${i} of 100, kodim01, Wiener\n`));
});

test('silenced, nothing is written, on a terminal or not', () => {
  for (const isTTY of [true, false]) {
    const paper = new PaperTerminal(undefined, isTTY);
    const { onProgress, end } = openProgress(paper.stderr, true, () => Number.MAX_SAFE_INTEGER);
    onProgress(step(1));
    end();
    expect(paper.told).toBe('');
  }
});

test('remarks are kept from stderr by --quiet, and by --json where a script reads it', () => {
  const told = (flags: object, isTTY: boolean) => {
    const paper = new PaperTerminal(undefined, isTTY);
    const session = new Session(paper, flags);
    session.note('a remark');
    session.result({ seed: 2n ** 63n, small: 7n }, 'words');
    return [paper.told, paper.printed];
  };
  const json = '{"seed":"9223372036854775808","small":7}\n';
  expect(told({}, false)).toEqual(['a remark\n', 'words\n']);
  expect(told({ quiet: true }, true)).toEqual(['', 'words\n']);
  expect(told({ json: true }, false)).toEqual(['', json]);
  expect(told({ json: true }, true)).toEqual(['a remark\n', json]);
});
