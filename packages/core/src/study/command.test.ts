import { expect, test } from '@jest/globals';
import { commandOf } from './command.js';

test('a command stands as it is typed: words that a shell would take apart are quoted', () => {
  const command = ['ir', 'study', 'run', 'my study.yaml', '--seeds', '0,1', '--out', "a'b", '--long-side=512', ''];
  expect(commandOf({ command })).toBe(`ir study run 'my study.yaml' --seeds 0,1 --out 'a'\\''b' --long-side=512 ''`);
});

test('of another program it is its name and arguments, without where it or Node lies', () => {
  const before = process.argv;
  try {
    process.argv = ['/usr/local/bin/node', '/home/someone/compare.mjs', 'photos and more'];
    expect(commandOf({})).toBe("node compare.mjs 'photos and more'");
    process.argv = ['/usr/local/bin/node'];
    expect(commandOf({})).toBe('node');
  } finally {
    process.argv = before;
  }
});
