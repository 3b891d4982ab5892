import { describe, expect, test } from '@jest/globals';
import { formatIdentity, parseIdentity } from './identity.js';
import { createMetrics, METRICS, metricFromIdentity, metricNamed } from './registry.js';
import { random } from './testing/pictures.js';

describe('identity strings', () => {
  test.each(METRICS.map(({ alias }) => alias))('%s parses back into the metric, crop included', (alias) => {
    for (const crop of [0, 1, 17]) {
      const metric = metricNamed(alias).create({ crop });
      expect(metricFromIdentity(metric.id)).toMatchObject({ alias, id: metric.id, direction: metric.direction });
    }
  });

  test('no two metrics share one', () => {
    const ids = createMetrics(METRICS.map(({ alias }) => alias)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('format and parse are inverse (seed 5)', () => {
    const next = random(5);
    const word = () =>
      Array.from({ length: 1 + Math.floor(5 * next()) }, () => 'abcxyz019-.'[Math.floor(11 * next())]).join('');
    for (let i = 0; i < 200; i++) {
      const keys = [...new Set(Array.from({ length: Math.floor(5 * next()) }, word))];
      const conventions = Object.fromEntries(keys.map((key) => [key, next() < 0.5 ? (true as const) : word()]));
      const identity = { name: `m${word().replaceAll('.', '')}`, conventions, version: Math.floor(9 * next()) };
      expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
    }
  });

  test.each(['', 'psnr', 'psnr[rgb]', 'psnr[rgb]@', 'psnr[rgb]@x', 'Psnr[rgb]@1', 'psnr[rgb,rgb]@1', 'psnr[a[b]]@1'])(
    '%j is none',
    (text) => {
      expect(() => parseIdentity(text)).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
    },
  );

  test('another version or convention is refused, with what there is', () => {
    expect(() => metricFromIdentity('psnr[rgb,peak=255,crop=0]@2')).toThrow(
      /one that this version makes: psnr\[rgb,peak=255,crop=0\]@1/,
    );
    expect(() => metricFromIdentity('psnr[rgb,peak=1,crop=0]@1')).toThrow(/Another version, convention or network/);
    expect(() => metricFromIdentity('vif[rgb]@1')).toThrow(/expected the identity of a known metric/);
  });
});

describe('the registry', () => {
  test('suggests the alias that was meant', () => {
    expect(() => metricNamed('psnr-yy')).toThrow(/Did you mean "psnr-y"/);
    expect(() => metricNamed('fidd')).toThrow(/Did you mean "fid"/);
    expect(() => metricNamed('kid')).toThrow(/a metric of pictures, got kid, a distance of whole folders/);
  });

  test('says of every metric its direction, range, needs and source', () => {
    for (const { alias, describe, direction, range, needs, source } of METRICS) {
      expect(alias).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(['higher', 'lower']).toContain(direction);
      expect(range[0]).toBeLessThan(range[1]);
      expect(typeof needs.reference).toBe('boolean');
      expect(describe.length).toBeGreaterThan(10);
      expect(source.length).toBeGreaterThan(3);
    }
    expect(new Set(METRICS.map(({ alias }) => alias)).size).toBe(METRICS.length);
  });
});
