import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import {
  decode,
  encode,
  formatOf,
  fromInterleavedU8,
  type Image,
  imageHash,
  probe,
  saveImage,
  toDepth,
  toInterleavedU8,
} from './index.js';
import { random, randomImage } from './testing/pictures.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
  } catch (error) {
    expect((error as Error).message).toMatch(/expected .*, got /);
    return (error as { code: string }).code;
  }
  return 'accepted';
};

function pngChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** The PNG with chunks put behind its header. */
const withChunks = (png: Uint8Array, ...chunks: Buffer[]) =>
  Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
const withProfile = (png: Uint8Array, icc: Uint8Array) =>
  withChunks(png, pngChunk('iCCP', Buffer.concat([Buffer.from('profile\0\0', 'latin1'), deflateSync(icc)])));

function pngHeader(width: number, height: number): Buffer {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    pngChunk('IHDR', data),
    pngChunk('IDAT', deflateSync(Buffer.alloc(64))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('what is written comes back', () => {
  const forms = [
    ...(['png', 'tiff'] as const).flatMap((format) =>
      ([8, 16] as const).flatMap((depth) =>
        ([1, 3] as const).flatMap((channels) => [true, false].map((alpha) => ({ format, depth, channels, alpha }))),
      ),
    ),
    { format: 'webp' as const, depth: 8 as const, channels: 3 as const, alpha: false },
    { format: 'webp' as const, depth: 8 as const, channels: 3 as const, alpha: true },
  ];
  test.each(forms)(
    'exactly: $format, $depth bit, $channels channels, alpha $alpha',
    async ({ format, depth, channels, alpha }) => {
      for (const [width, height] of [
        [13, 9],
        [1, 1],
        [1, 7],
        [64, 3],
      ] as const) {
        const image = randomImage(width * 100 + height, { width, height, channels, depth, alpha });
        if (image.alpha) image.alpha[0] = 0; // never wholly opaque by chance
        expect(await decode(await encode(image, format))).toEqual(image);
      }
    },
  );

  test('every 8-bit and every 16-bit level', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toInterleavedU8(fromInterleavedU8(bytes, 16, 16, 1))).toEqual(bytes);
    const data = Float32Array.from({ length: 65536 }, (_, i) => i / 65535);
    const deep: Image = { width: 256, height: 256, channels: 1, depth: 16, data };
    expect(await decode(await encode(deep, 'png'))).toEqual(deep);
    expect(toDepth(toDepth(deep, 32), 16)).toEqual(deep);
  });

  test('a lossy format comes close; JPEG keeps grey as one channel', async () => {
    const flat: Image = { width: 32, height: 16, channels: 1, depth: 8, data: new Float32Array(512).fill(100 / 255) };
    const back = await decode(await encode(flat, 'jpeg'));
    expect(back.channels).toBe(1);
    expect(Math.max(...back.data.map((value) => Math.abs(value - 100 / 255)))).toBeLessThan(1.5 / 255);
    expect((await decode(await encode(randomImage(1), 'jpeg'))).channels).toBe(3);
  });

  test('free samples are clipped and rounded half up', async () => {
    const data = Float32Array.from([-3, 2, 0.5 / 255 + 1e-7, 0.5 / 255 - 1e-6, 127.5 / 255, 1]);
    const back = await decode(await encode({ width: 2, height: 1, channels: 3, depth: 32, data }, 'png', { depth: 8 }));
    expect([...back.data].map((value) => Math.round(value * 255))).toEqual([0, 255, 1, 0, 128, 255]);
    expect((await decode(await encode({ width: 2, height: 1, channels: 3, depth: 32, data }, 'png'))).depth).toBe(16);
  });

  test('a wholly opaque alpha plane is absent after decoding', async () => {
    const image = { ...randomImage(4), alpha: new Float32Array(13 * 9).fill(1) };
    expect((await decode(await encode(image, 'png'))).alpha).toBeUndefined();
  });
});

describe('reading', () => {
  test('EXIF orientation is applied, sides and samples', async () => {
    const image = randomImage(7, { width: 5, height: 3 });
    for (let orientation = 1; orientation <= 8; orientation++) {
      const bytes = await sharp(await encode(image, 'png'))
        .withMetadata({ orientation })
        .png()
        .toBuffer();
      const turned = await decode(bytes);
      const { width, height } = await probe(bytes);
      expect([turned.width, turned.height]).toEqual(orientation > 4 ? [3, 5] : [5, 3]);
      expect([width, height]).toEqual([turned.width, turned.height]);
      // Where the stored top left pixel has to appear, by the EXIF definition of each orientation.
      const [x, y] = [
        [0, 0],
        [4, 0],
        [4, 2],
        [0, 2],
        [0, 0],
        [2, 0],
        [2, 4],
        [0, 4],
      ][orientation - 1]!;
      expect(turned.data[y! * turned.width + x!]).toBe(image.data[0]);
    }
  });

  test('palette, 1-bit and CMYK files', async () => {
    const image = randomImage(3, { width: 16, height: 16 });
    const raw = sharp(toInterleavedU8(image), { raw: { width: 16, height: 16, channels: 3 } });
    expect(await decode(await raw.clone().png({ palette: true, colours: 16 }).toBuffer())).toMatchObject({
      channels: 3,
      depth: 8,
    });
    const bits = await decode(
      await raw.clone().toColourspace('b-w').threshold(128).tiff({ bitdepth: 1, compression: 'ccittfax4' }).toBuffer(),
    );
    expect(bits.channels).toBe(1);
    expect(new Set(bits.data)).toEqual(new Set([0, 1]));
    const grey = {
      width: 8,
      height: 8,
      channels: 3 as const,
      depth: 8 as const,
      data: new Float32Array(192).fill(0.6),
    };
    const plain = sharp(toInterleavedU8(grey), { raw: { width: 8, height: 8, channels: 3 } });
    for (const file of [
      plain.clone().toColourspace('cmyk').tiff(),
      plain.clone().withIccProfile('cmyk').toColourspace('cmyk').jpeg(),
    ]) {
      const cmyk = await decode(await file.toBuffer());
      expect(cmyk).toMatchObject({ channels: 3, depth: 8 });
      // A mid grey stays one; how exactly is the profile's affair.
      expect(Math.max(...cmyk.data.map((value) => Math.abs(value - 0.6)))).toBeLessThan(0.12);
    }
  });

  describe('colours of a profile', () => {
    const profile = async (name: string) => {
      const bytes = await sharp(toInterleavedU8(randomImage(1)), { raw: { width: 13, height: 9, channels: 3 } })
        .withIccProfile(name)
        .png()
        .toBuffer();
      return (await sharp(bytes).metadata()).icc!;
    };

    test.each([8, 16] as const)('sRGB stated changes no sample, %d bit', async (depth) => {
      const image = randomImage(11, { depth });
      expect(await decode(withProfile(await encode(image, 'png'), await profile('srgb')))).toEqual(image);
    });

    test('Display P3 becomes sRGB as the colour engine has it (8 bit), and alike with 16', async () => {
      const next = random(5);
      // Muted colours: inside both gamuts, so that clipping plays no part.
      const data = Float32Array.from({ length: 300 }, () => Math.round(80 + 90 * next()) / 255);
      const image: Image = { width: 10, height: 10, channels: 3, depth: 8, data };
      const icc = await profile('p3');
      const bytes = withProfile(await encode(image, 'png'), icc);
      const engine = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
      const ours = await decode(bytes);
      const moved = toInterleavedU8(ours);
      expect(Math.max(...moved.map((value, i) => Math.abs(value - engine[i]!)))).toBeLessThanOrEqual(1);
      expect(moved).not.toEqual(toInterleavedU8(image));
      const deep = await decode(withProfile(await encode({ ...image, depth: 16 }, 'png'), icc));
      expect(Math.max(...deep.data.map((value, i) => Math.abs(value - ours.data[i]!)))).toBeLessThanOrEqual(
        0.5001 / 255,
      );
      expect(await decode(bytes, { profile: 'ignore' })).toEqual(image);
    });

    test.each([8, 16] as const)('a grey profile of gamma 1 is encoded anew, %d bit', async (depth) => {
      const image = randomImage(2, { channels: 1, depth });
      const levels = depth === 16 ? 65535 : 255;
      const back = await decode(withProfile(await encode(image, 'png'), linearGreyProfile()));
      const expected = image.data.map(
        (v) => Math.round(levels * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)) / levels,
      );
      expect(back.channels).toBe(1);
      expect(Math.max(...back.data.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThanOrEqual(
        1.001 / levels,
      );
    });

    test('an unreadable profile is an error, or ignored when told so', async () => {
      // In a TIFF: the PNG library drops an unsound profile by itself.
      const bytes = await tiffWithProfile(
        randomImage(2),
        Buffer.from('not a profile at all, but long enough'.repeat(8)),
      );
      expect(await codeOf(decode(bytes))).toBe('IR_E_DECODE');
      expect(await decode(bytes, { profile: 'ignore' })).toEqual(randomImage(2));
    });
  });
});

/** An uncompressed little-endian RGB TIFF of the picture with the given bytes as its profile (tag 34675). */
async function tiffWithProfile(image: Image, icc: Uint8Array): Promise<Buffer> {
  const samples = toInterleavedU8(image);
  const entries: [tag: number, type: number, count: number, value: number][] = [];
  const dataAt = 8;
  const iccAt = dataAt + samples.length + (samples.length % 2);
  const bitsAt = iccAt + icc.length + (icc.length % 2);
  const directoryAt = bitsAt + 6;
  entries.push(
    [256, 4, 1, image.width],
    [257, 4, 1, image.height],
    [258, 3, 3, bitsAt],
    [259, 3, 1, 1],
    [262, 3, 1, 2],
  );
  entries.push(
    [273, 4, 1, dataAt],
    [277, 3, 1, 3],
    [278, 4, 1, image.height],
    [279, 4, 1, samples.length],
    [34675, 7, icc.length, iccAt],
  );
  const file = Buffer.alloc(directoryAt + 2 + 12 * entries.length + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  file.set(samples, dataAt);
  file.set(icc, iccAt);
  for (let i = 0; i < 3; i++) file.writeUInt16LE(8, bitsAt + 2 * i);
  file.writeUInt16LE(entries.length, directoryAt);
  entries.forEach(([tag, type, count, value], i) => {
    const at = directoryAt + 2 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  return file;
}

/** A version 2 grey profile whose tone curve is the identity. */
function linearGreyProfile(): Buffer {
  const icc = Buffer.alloc(128 + 4 + 24 + 12 + 20);
  icc.writeUInt32BE(icc.length, 0);
  icc.writeUInt32BE(0x02400000, 8);
  icc.write('mntrGRAYXYZ ', 12, 'latin1');
  icc.write('acsp', 36, 'latin1');
  [0xf6d6, 0x10000, 0xd32d].forEach((value, i) => {
    icc.writeUInt32BE(value, 68 + 4 * i);
  });
  icc.writeUInt32BE(2, 128);
  icc.write('kTRC', 132, 'latin1');
  icc.writeUInt32BE(156, 136);
  icc.writeUInt32BE(12, 140);
  icc.write('wtpt', 144, 'latin1');
  icc.writeUInt32BE(168, 148);
  icc.writeUInt32BE(20, 152);
  icc.write('curv', 156, 'latin1');
  icc.write('XYZ ', 168, 'latin1');
  [0xf6d6, 0x10000, 0xd32d].forEach((value, i) => {
    icc.writeUInt32BE(value, 176 + 4 * i);
  });
  return icc;
}

describe('what cannot be used is refused', () => {
  test('files cut short, in every format, at any place', async () => {
    const image = randomImage(9, { width: 48, height: 40 });
    for (const format of ['png', 'jpeg', 'webp', 'tiff'] as const) {
      const bytes = await encode(image, format);
      expect(await codeOf(decode(bytes))).toBe('accepted');
      for (const length of [1, 12, 40, bytes.length >> 1, bytes.length - 20, bytes.length - 2, bytes.length - 1]) {
        expect(`${format} ${length} ${await codeOf(decode(bytes.subarray(0, length)))}`).toBe(
          `${format} ${length} IR_E_DECODE`,
        );
      }
    }
  });

  test('empty, foreign and damaged files', async () => {
    expect(await codeOf(decode(new Uint8Array(0)))).toBe('IR_E_DECODE');
    expect(await codeOf(decode(Buffer.from('just some text, long enough')))).toBe('IR_E_DECODE');
    expect(await codeOf(decode(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')))).toBe(
      'IR_E_FORMAT',
    );
    expect(await codeOf(decode(Buffer.from('GIF89a and then some')))).toBe('IR_E_FORMAT');
    const damaged = Buffer.from(await encode(randomImage(9, { width: 64, height: 64 }), 'png'));
    damaged[damaged.length >> 1]! ^= 0xff;
    expect(await codeOf(decode(damaged))).toBe('IR_E_DECODE');
  });

  test('headers of no size, of absurd size, and above the limits, before memory is taken', async () => {
    expect(await codeOf(decode(pngHeader(0, 5)))).toBe('IR_E_DECODE');
    const before = process.memoryUsage().rss;
    expect(await codeOf(decode(pngHeader(60_000, 60_000)))).toBe('IR_E_LIMIT');
    expect(['IR_E_LIMIT', 'IR_E_DECODE']).toContain(await codeOf(decode(pngHeader(0x7fffffff, 0x7fffffff))));
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const bytes = await encode(randomImage(1), 'png');
    expect(await codeOf(decode(bytes, { limits: { maxPixels: 116 } }))).toBe('IR_E_LIMIT');
    expect(await codeOf(decode(bytes, { limits: { maxPixels: 117 } }))).toBe('accepted');
    expect(await codeOf(decode(bytes, { limits: { maxBytes: bytes.length - 1 } }))).toBe('IR_E_LIMIT');
    expect(await codeOf(probe(bytes, { limits: { maxPixels: 116 } }))).toBe('IR_E_LIMIT');
  });

  test('missing files, folders, several pages without saying which', async () => {
    expect(await codeOf(decode(join(folder, 'nothing.png')))).toBe('IR_E_NOT_FOUND');
    expect(await codeOf(decode(folder))).toBe('IR_E_NOT_FOUND');
    const frames = Buffer.concat([0, 80, 160].map((value) => Buffer.alloc(16 * 16 * 3, value)));
    const animated = await sharp(frames, { raw: { width: 16, height: 48, channels: 3, pageHeight: 16 } })
      .webp({ lossless: true })
      .toBuffer();
    expect((await probe(animated)).pages).toBe(3);
    expect(await codeOf(decode(animated))).toBe('IR_E_FORMAT');
    const second = await decode(animated, { page: 1 });
    expect([second.width, second.height, second.data[0]]).toEqual([16, 16, Math.fround(80 / 255)]);
    expect(await codeOf(decode(animated, { page: 3 }))).toBe('IR_E_FORMAT');
  });

  test('an aborted call rejects with the signal’s reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(decode(await encode(randomImage(1), 'png'), { signal })).rejects.toThrow('enough');
  });
});

describe('writing', () => {
  test('by extension; an unknown one comes with a suggestion', async () => {
    expect(['a.PNG', 'b.jpg', 'c.tif', 'd.webp'].map(formatOf)).toEqual(['png', 'jpeg', 'tiff', 'webp']);
    expect(() => formatOf('x.jepg')).toThrow(/Did you mean \.jpg\?/);
    expect(() => formatOf('x')).toThrow(/got no extension/);
    const path = join(folder, 'a.tiff');
    await saveImage(randomImage(5), path);
    expect(await decode(path)).toEqual(randomImage(5));
  });

  test('not a number, a wrong size, what the format cannot hold: refused, nothing written', async () => {
    const place = join(folder, 'refused');
    await mkdir(place);
    const path = join(place, 'x.png');
    const broken = randomImage(5);
    broken.data[40] = Number.NaN;
    expect(await codeOf(saveImage(broken, path))).toBe('IR_E_NOT_FINITE');
    expect(await codeOf(saveImage({ ...randomImage(5), width: 12 }, path))).toBe('IR_E_SIZE');
    expect(await codeOf(encode(randomImage(5, { alpha: true }), 'jpeg'))).toBe('IR_E_USAGE');
    expect(await codeOf(encode(randomImage(5, { alpha: true }), 'jpeg', { alpha: 'drop' }))).toBe('accepted');
    expect(await codeOf(encode(randomImage(5), 'jpeg', { depth: 16 }))).toBe('IR_E_USAGE');
    expect(await codeOf(encode(randomImage(5), 'png', { quality: 90 }))).toBe('IR_E_USAGE');
    expect(await codeOf(saveImage(randomImage(5), join(place, 'x.gif')))).toBe('IR_E_USAGE');
    expect(await readdir(place)).toEqual([]);
  });

  test('a failed write leaves the file that was there, and no temporary one', async () => {
    const place = join(folder, 'kept');
    await mkdir(join(place, 'x.png', 'in-the-way'), { recursive: true });
    expect(await codeOf(saveImage(randomImage(5), join(place, 'x.png')))).toBe('IR_E_WRITE');
    expect(await codeOf(saveImage(randomImage(5), join(place, 'no', 'such', 'folder.png')))).toBe('IR_E_WRITE');
    expect(await readdir(place)).toEqual(['x.png']);
    await writeFile(join(place, 'old.png'), 'old');
    const broken = randomImage(5);
    broken.data[0] = Number.POSITIVE_INFINITY;
    expect(await codeOf(saveImage(broken, join(place, 'old.png')))).toBe('IR_E_NOT_FINITE');
    expect(await readFile(join(place, 'old.png'), 'utf8')).toBe('old');
    await chmod(place, 0o755);
  });
});

describe('imageHash', () => {
  test('sees samples, size, depth and alpha, not the file', async () => {
    const image = randomImage(1, { width: 12, height: 10 });
    const changed = { ...image, data: image.data.slice() };
    changed.data[17] = changed.data[17]! > 0.5 ? 0 : 1;
    const others: Image[] = [
      changed,
      { ...image, width: 10, height: 12 },
      { ...image, depth: 16 },
      { ...image, depth: 32 },
      { ...image, alpha: new Float32Array(120).fill(0.5) },
    ];
    const hashes = await Promise.all([image, ...others].map((one) => imageHash(one)));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(await imageHash(await decode(await encode(image, 'tiff')))).toBe(hashes[0]);
  });

  test('keeps the definition in docs/conventions.md (2x1 grey, samples 0 and 255)', async () => {
    const image: Image = { width: 2, height: 1, channels: 1, depth: 8, data: Float32Array.of(0, 1) };
    // printf 'ir.image/1\n\2\0\0\0\1\0\0\0\1\0\0\0\10\0\0\0\0\0\0\0\0\377' | sha256sum
    expect(await imageHash(image)).toBe('834fc1f40527b5060bbe5a9836266cac9537d2f596bf6c779c4d6e157b719c15');
  });
});
