import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from './program.js';
import { ir } from './testing/ir.js';
import { PaperTerminal } from './testing/terminal.js';

/** What was typed, and what the one line on stderr has to say. */
const MISTAKES: readonly [typed: string, code: string, ...says: string[]][] = [
  ['degrad a.png', 'IR_E_UNKNOWN_NAME', 'got "degrad"', 'Did you mean degrade?'],
  ['frobnicate', 'IR_E_UNKNOWN_NAME', 'a command (degrade, restore, score, study', 'See `ir --help`'],
  ['study rnu', 'IR_E_UNKNOWN_NAME', 'ir study:', 'Did you mean run?'],
  ['help stduy', 'IR_E_UNKNOWN_NAME', 'Did you mean study?'],
  ['--jsn', 'IR_E_USAGE', 'only known flags'],
  ['degrade', 'IR_E_USAGE', 'expected --out, got nothing'],
  ['degrade -o b.png', 'IR_E_USAGE', 'expected in, got nothing'],
  ['degrade a.png -o', 'IR_E_USAGE', 'a value after --out'],
  ['degrade a.png extra.png -o b.png', 'IR_E_USAGE', 'expected only in, got also "extra.png"'],
  ['models list extra', 'IR_E_USAGE', 'expected no argument, got also "extra"'],
  ['degrade a.png -o b.png --sed 1', 'IR_E_USAGE', 'got --sed', 'Did you mean --seed?'],
  ['degrade a.png -o b.png --sed=1', 'IR_E_USAGE', 'Did you mean --seed?'],
  ['degrade a.png -o b.png', 'IR_E_USAGE', 'one of --preset, --degradation, --spec, got none'],
  ['degrade a.png -o b.png --preset SR2 --degradation SR4', 'IR_E_USAGE', 'got --preset and --degradation'],
  ['degrade a.png -o b.png --preset SR3', 'IR_E_USAGE', 'one of SR2, SR4, Blur1, Blur20', 'Did you mean SR2?'],
  ['degrade a.png -o b.png --degradation blurr[sigma=2]', 'IR_E_UNKNOWN_NAME', 'Did you mean blur?'],
  ['degrade a.png -o b.png --degradation blur[sigma=99]', 'IR_E_SCHEMA', 'at most 50', 'got 99'],
  ['degrade a.png -o b.png --preset SR2 --seed -1', 'IR_E_USAGE', '--seed: expected a whole number', '"-1"'],
  ['degrade a.png -o b.png --preset SR2 --seed 18446744073709551616', 'IR_E_USAGE', '2^64 - 1'],
  ['degrade a.png -o b.png --preset SR2 --threads 0', 'IR_E_USAGE', 'from 1 to 1024', '"0"'],
  ['degrade a.png -o b.png --preset SR2 --depth 12', 'IR_E_USAGE', 'one of 8, 16'],
  ['degrade a.png -o b.gif --preset SR2', 'IR_E_USAGE', '.png', '".gif"'],
  ['restore a.png -o b.png --tile 512', 'IR_E_USAGE', 'SIZE+OVERLAP', '"512"'],
  ['restore a.png -o b.png --tile 8+0', 'IR_E_SCHEMA', 'tile'],
  ['restore a.png -o b.png --set tile=8+0', 'IR_E_SCHEMA', 'settings.tile: expected a SIZE of at least 16', '"8+0"'],
  ['restore a.png -o b.png --set tile=512', 'IR_E_SCHEMA', 'settings.tile: expected auto, none or SIZE+OVERLAP', '512'],
  ['restore a.png -o b.png --set iterations', 'IR_E_USAGE', 'NAME=VALUE'],
  ['restore a.png -o b.png --model restorer', 'IR_E_UNKNOWN_NAME', 'Did you mean "restorer-s"?'],
  ['restore a.png -o b.png --model wiener --set nsrr=1', 'IR_E_SCHEMA', 'Did you mean "nsr"?'],
  ['restore a.png -o b.png --model wiener --threads 2', 'IR_E_SCHEMA', 'only known keys, got "threads"'],
  ['restore a.png -o b.png --providers cdua', 'IR_E_USAGE', 'some of cpu, cuda', 'cdua'],
  ['restore a.png -o b.png --providers cpu,,cuda', 'IR_E_USAGE', 'words with commas between them'],
  ['score a.png b.png --metric psnr,nique', 'IR_E_UNKNOWN_NAME', 'Did you mean "niqe"?'],
  ['score a.png b.png --csv --json', 'IR_E_USAGE', '--csv or --json, got both'],
  ['score a.png b.png --crop 1.5', 'IR_E_USAGE', '--crop: expected a whole number'],
  ['score a.png b.png --align-size nativ', 'IR_E_USAGE', 'Did you mean native?'],
  ['score', 'IR_E_USAGE', 'expected a picture or a folder, got nothing'],
  ['score a b c', 'IR_E_USAGE', 'also "c"'],
  ['score a --ab b', 'IR_E_USAGE', 'two folders of outputs, got 1'],
  ['score --ab a b c', 'IR_E_USAGE', 'got 3', 'before --ab'],
  ['score a b --ab c d', 'IR_E_USAGE', 'only the references, got also "b"'],
  ['score a --ab b c --csv', 'IR_E_USAGE', '--ab or --csv, got both'],
  ['score --convention a b', 'IR_E_USAGE', 'Did you mean --conventions?'],
  ['score --conventions a b --metric psnr', 'IR_E_USAGE', '--conventions or --metric, got both'],
  ['metrics describe ikd', 'IR_E_UNKNOWN_NAME', 'Did you mean "kid"?'],
  ['models add net.onnx --range 0', 'IR_E_USAGE', 'black and white'],
  ['models add net.onnx --range 1,1', 'IR_E_USAGE', 'black and white'],
  ['models add net.onnx --colour bgr', 'IR_E_USAGE', 'Did you mean BGR?'],
  ['models verify restorer-z', 'IR_E_UNKNOWN_NAME', 'Did you mean "restorer-s"?'],
  ['models remove nothing-of-this-name', 'IR_E_UNKNOWN_NAME', 'got "nothing-of-this-name"'],
  ['models remove', 'IR_E_USAGE', 'expected id, got nothing'],
  ['metrics describe ssmi', 'IR_E_UNKNOWN_NAME', 'Did you mean "ssim"?'],
  ['profile --model restorer', 'IR_E_UNKNOWN_NAME', 'Did you mean "restorer-s"?'],
  ['profile --size 512', 'IR_E_USAGE', 'WIDTHxHEIGHT', '"512"'],
  ['profile --size 8x512', 'IR_E_USAGE', 'size.width'],
  ['profile --runs 0', 'IR_E_USAGE', '--runs: expected a whole number from 1'],
  ['profile --guidance -1', 'IR_E_USAGE', '--guidance: expected a number of at least 0'],
  ['profile --metric niqe', 'IR_E_USAGE', 'a folder of photographs', 'Give --images DIR'],
  ['profile --images nowhere', 'IR_E_NOT_FOUND', 'nowhere'],
  ['profile --model wiener --set nsrr=1', 'IR_E_SCHEMA', 'Did you mean "nsr"?'],
  ['study run figure2', 'IR_E_NOT_FOUND', 'figure2', 'Did you mean the study figure-2?'],
  ['study run --jobs many', 'IR_E_USAGE', '--jobs: expected a whole number from 1 to 256'],
  ['study report nowhere', 'IR_E_NOT_FOUND', 'nowhere'],
];

describe('what is typed wrongly', () => {
  test.each(MISTAKES)('%s', async (typed, code, ...says) => {
    const { code: status, stdout, stderr } = await ir(...typed.split(' ').filter(Boolean));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(typed.endsWith('--json') ? /^\{"error":\{.*\}\}\n$/ : /^error: .* \[IR_E_[A-Z_]+\]\n$/s);
    expect(stderr).toContain(code);
    for (const words of says) expect(stderr).toContain(words);
  });

  test('with --json is told as one object of exactly a code and a message', async () => {
    const { code, stdout, stderr } = await ir('metrics', 'describe', 'ssmi', '--json');
    expect([code, stdout]).toEqual([2, '']);
    const told = JSON.parse(stderr);
    expect(told).toEqual({ error: { code: 'IR_E_UNKNOWN_NAME', message: expect.any(String) } });
  });

  test('--json after -- is a file name, not a flag', async () => {
    const { stderr } = await ir('degrade', '-o', 'b.png', '--preset', 'SR2', '--', '--json');
    expect(stderr).toMatch(/^error: --json: expected a readable picture file/);
  });
});

describe('help', () => {
  test('of ir names every command, examples and exit status on stdout', async () => {
    const { code, stdout, stderr } = await ir('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const word of [
      'degrade',
      'restore',
      'score',
      'study',
      'profile',
      'models',
      'metrics',
      'inspect',
      'Examples:',
      '130 interrupted',
    ])
      expect(stdout).toContain(word);
  });

  test('is the same by `help` and by `--help`, for every command, with examples', async () => {
    for (const path of [
      ['degrade'],
      ['restore'],
      ['score'],
      ['study', 'run'],
      ['study', 'plan'],
      ['study', 'report'],
      ['models', 'add'],
      ['models', 'remove'],
      ['models', 'verify'],
      ['models', 'list'],
      ['metrics', 'list'],
      ['metrics', 'describe'],
      ['sampler', 'replay'],
      ['profile'],
      ['inspect'],
    ]) {
      const byHelp = await ir('help', ...path);
      const byFlag = await ir(...path, '--help');
      expect(byHelp).toEqual(byFlag);
      expect(byHelp.code).toBe(0);
      expect(byHelp.stdout).toContain(`Usage: ir ${path.join(' ')}`);
      expect(byHelp.stdout).toContain('Examples:\n  ir ');
      expect(byHelp.stdout).toContain('--json');
    }
  });

  test('without a command is help on stderr and a usage error', async () => {
    const { code, stdout, stderr } = await ir();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: ir');
    const models = await ir('models');
    expect([models.code, models.stdout]).toEqual([2, '']);
    expect(models.stderr).toContain('error: ir models: expected a command (list, add, remove, verify), got none');
  });

  test('--version prints name and version', async () => {
    const { code, stdout } = await ir('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ir \d+\.\d+\.\d+\n$/);
  });
});

test('every example in the help is a command line that can be parsed', async () => {
  // A flag misspelt in an example is refused before files are looked for: the error is then of usage.
  const helps = ['degrade', 'restore', 'score', 'models add', 'models verify', 'metrics describe'];
  for (const command of helps) {
    const { stdout } = await ir('help', ...command.split(' '));
    const examples = stdout
      .split('Examples:\n')[1]!
      .split('\n')
      .filter((line) => line.startsWith('  ir '));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words = [
        ...example
          .trim()
          .split(/ {3,}/)[0]!
          .matchAll(/"([^"]*)"|(\S+)/g),
      ]
        .map((m) => m[1] ?? m[2]!)
        .slice(1);
      const { stderr } = await ir(...words);
      expect(`${example}: ${stderr}`).not.toMatch(/only known flags|got also|IR_E_UNKNOWN_NAME|IR_E_SCHEMA/);
    }
  }
});

test('docs/cli.md knows every command and every flag, and no other flag', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const program = buildProgram(new PaperTerminal());
  const flags = new Set(leaves(program).flatMap((command) => command.options.map(({ long }) => long)));
  flags.add('--version');
  for (const command of leaves(program)) expect(text).toContain(command.name());
  const told = new Set([...text.matchAll(/--[a-z][a-z0-9-]+/g)].map(([flag]) => flag));
  expect([...told].sort()).toEqual([...flags].sort());
});
