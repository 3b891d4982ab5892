import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockFolder } from './lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = (holder: object | string) =>
  writeFile(join(folder, '.lock'), typeof holder === 'string' ? holder : JSON.stringify(holder));
const age = (seconds: number) => {
  const then = new Date(Date.now() - seconds * 1000);
  return utimes(join(folder, '.lock'), then, then);
};
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

test('a folder is held by one at a time, and free again after release', async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'IR_E_USAGE',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await lock.release();
  await (await lockFolder(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('of several that find a stale lock, one gets it', async () => {
  await put({ pid: deadPid(), host: hostname(), born: '1' });
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(JSON.parse(await readFile(join(folder, '.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
});

test.each<[string, () => object | string, number]>([
  ['of a dead process', () => ({ pid: deadPid(), host: hostname(), born: '1' }), 0],
  [
    'of a process whose number another one has now',
    () => ({ pid: process.pid, host: hostname(), born: 'long ago' }),
    0,
  ],
  ['of another host that has been silent', () => ({ pid: 1, host: 'elsewhere', born: '1' }), 120],
  ['that was never filled', () => '', 30],
])('a lock %s is taken over', async (_, holder, seconds) => {
  await put(holder());
  await age(seconds);
  await (await lockFolder(folder)).release();
});

test.each<[string, () => object | string]>([
  ['of another host that is at work', () => ({ pid: 1, host: 'elsewhere', born: '1' })],
  ['that is being filled', () => ''],
])('a lock %s is respected', async (_, holder) => {
  await put(holder());
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'IR_E_USAGE' });
});

test('a folder that is not there is a typed error', async () => {
  await expect(lockFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'IR_E_WRITE' });
});
