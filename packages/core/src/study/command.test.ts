import { expect, test } from '@jest/globals';
import { commandOf } from './command.js';

test('a command stands as it is typed: words that a shell would take apart are quoted', () => {
  const command = ['ir', 'study', 'run', 'my study.yaml', '--seeds', '0,1', '--out', "a'b", '--long-side=512', ''];
  expect(commandOf({ command })).toBe(`ir study run 'my study.yaml' --seeds 0,1 --out 'a'\\''b' --long-side=512 ''`);
});

test('a line break does not break the line', () => {
  expect(commandOf({ command: ['ir', 'a\nb'] })).toBe("ir 'a'$'\\n''b'");
});

test('of another program it is its name and arguments, without where it or Node lies', () => {
  const before = [process.argv, process.execArgv] as const;
  try {
    process.argv = ['/usr/local/bin/node', '/home/someone/compare.mjs', 'photos and more'];
    process.execArgv = ['--import', 'setup.mjs'];
    expect(commandOf({})).toBe("node --import setup.mjs compare.mjs 'photos and more'");
    process.execArgv = [];
    process.argv = ['/usr/local/bin/node'];
    expect(commandOf({})).toBe('node');
  } finally {
    [process.argv, process.execArgv] = [[...before[0]], [...before[1]]];
  }
});
