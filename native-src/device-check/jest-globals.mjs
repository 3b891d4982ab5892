// describe, test and hooks of @jest/globals over node:test, as far as these tests use them.

import { after, afterEach, before, beforeEach, describe as nodeDescribe, test as nodeTest } from 'node:test';
import { format } from 'node:util';
import { expect } from 'expect';

const eachOf = (run) => (table) => (name, body) => {
  for (const row of table) {
    const args = Array.isArray(row) ? row : [row];
    const used = (name.match(/%[sdifjoO]/g) ?? []).length;
    run(format(name, ...args.slice(0, used)), () => body(...args));
  }
};
const wrap = (base) => {
  const f = (name, body) => base(name, body && (() => body()));
  f.each = eachOf(f);
  f.skip = (name, body) => base.skip(name, body && (() => body()));
  f.skip.each = eachOf(f.skip);
  return f;
};
export const describe = wrap(nodeDescribe);
export const test = wrap(nodeTest);
export const it = test;
export { after as afterAll, afterEach, before as beforeAll, beforeEach, expect };
