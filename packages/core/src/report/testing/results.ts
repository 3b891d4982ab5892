import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Degradation } from '../../degradation/contract.js';
import { random } from '../../image/testing/pictures.js';
import type { Score } from '../../metric/contract.js';
import type { ResultRow, StudyImage, StudyRestorer, StudyResults, StudySpec } from '../../study/contract.js';

const SIGMAS = [1, 2, 3, 4, 5, 7, 10, 15, 20];

/** How a restorer changes a score at blur sigma: dB of PSNR gained, and NIQE taken off. */
const EFFECTS: Readonly<Record<string, (sigma: number) => readonly [psnr: number, niqe: number]>> = {
  none: () => [0, 0],
  wiener: (s) => [2.4 / s ** 0.6, -0.9 + 0.12 * s],
  'richardson-lucy': (s) => [2.8 / s ** 0.4 - 0.1, 0.4 - 0.05 * s],
  'restorer-s': (s) => [3.2 / s ** 0.5 + 0.15, 0.5 + 0.9 / s],
};

/** Along a sweep from 0 to 1000: distortion rises, faster in the second series, and NIQE falls to a floor. */
function sweepEffect({ series, x }: StudyRestorer): readonly [psnr: number, niqe: number] {
  const share = x! / 1000;
  const second = series === SERIES[1];
  return [2.6 - (second ? 3.2 : 1.8) * share ** 2, (second ? 1.6 : 1.1) * Math.min(share, 0.6) - 0.3];
}

const effectOf = (restorer: StudyRestorer, sigma: number) =>
  restorer.x === undefined ? (EFFECTS[restorer.id] ?? EFFECTS.wiener!)(sigma) : sweepEffect(restorer);

export const SPEC: StudySpec = {
  schema: 'ir.study/1',
  title: 'Restoration under Gaussian blur',
  description:
    'How well do classical deconvolution and a small trained network restore photographs blurred by a Gaussian?',
  longSide: 768,
  degradations: SIGMAS.map((sigma) => ({
    name: `blur-${sigma}`,
    x: sigma,
    degradation: { steps: [{ kind: 'blur', sigma }] },
  })),
  restorers: [
    { id: 'none', label: 'Degraded picture', settings: {} },
    { id: 'wiener', label: 'Wiener', settings: {} },
    { id: 'richardson-lucy', label: 'Richardson-Lucy', settings: {} },
    { id: 'restorer-s', label: 'Restorer S', settings: {} },
  ],
  metrics: [{ alias: 'ssim' }, { alias: 'psnr' }, { alias: 'niqe' }],
  seeds: [0],
  threads: 1,
  bootstrap: { resamples: 1000, seed: 1 },
  figure: { x: 'sigma', scale: 'linear' },
  pictures: { images: 2, degradations: ['blur-2', 'blur-10'] },
};

export const SERIES = ['From the noised condition', 'From pure noise'] as const;

/** Figure 6 made up: two sweeps over the starting level, a level beside them, the degraded picture; three degradations, two seeds. */
export const SWEEP_SPEC: StudySpec = {
  ...SPEC,
  title: 'Starting noise level',
  description: 'Does it help to start the sampler inside, from the condition with noise added, and how far in?',
  degradations: [
    ['SR2', 1],
    ['SR4', 3],
    ['Blur1', 2],
  ].map(([name, sigma]) => ({
    name: name as string,
    x: null,
    degradation: { steps: [{ kind: 'blur', sigma: sigma as number }] },
  })),
  restorers: [
    { id: 'none', label: 'Degraded picture', settings: {} },
    { id: 'restorer-s', label: 'M_phi alone', settings: {} },
    ...SERIES.flatMap((series) =>
      [0, 200, 400, 600, 800, 1000].map((x) => ({
        id: 'ldm-s',
        label: `${series} t=${x}`,
        settings: { start: x },
        x,
        series,
      })),
    ),
  ],
  metrics: [{ alias: 'psnr' }, { alias: 'niqe' }],
  seeds: [0, 1],
  figure: { x: 't* (steps)', scale: 'linear', over: 'restorers' },
  pictures: { images: 1, degradations: ['SR4'] },
  claims: [
    {
      text: 'Distortion rises with the starting level',
      metrics: ['psnr'],
      test: { kind: 'trend', series: SERIES[0], trend: 'worsens' },
    },
    {
      text: 'Perception hardly improves with the starting level',
      metrics: ['niqe'],
      degradations: ['SR2', 'SR4'],
      test: { kind: 'trend', series: SERIES[0], trend: 'hardly-changes', margin: 0.2 },
    },
  ],
};

const METRICS: StudyResults['metrics'] = [
  {
    alias: 'ssim',
    identity: 'ssim[rgb,win=gauss11-1.5,border=valid,crop=0]@1',
    direction: 'higher',
    describe: 'SSIM (Wang), mean over RGB',
  },
  {
    alias: 'psnr',
    identity: 'psnr[rgb,peak=255,crop=0]@1',
    direction: 'higher',
    describe: 'PSNR over all RGB samples',
  },
  {
    alias: 'niqe',
    identity: 'niqe[y-studio-rounded,flat=0,block=96,params=live-2013,crop=0]@1',
    direction: 'lower',
    describe: 'NIQE on BT.601 studio luma, rounded (BasicSR)',
  },
];

export interface Asked {
  readonly spec?: Partial<StudySpec>;
  readonly metrics?: StudyResults['metrics'];
  readonly images?: readonly string[];
  readonly seed?: number;
  /** Changes a score after it was made up. */
  readonly score?: (score: number, row: Omit<ResultRow, 'scores'>, metric: string) => Score | undefined;
  readonly row?: (row: ResultRow) => ResultRow;
}

export const NAMES = [
  'acanthus',
  'airplane',
  'allium',
  'black-canyon',
  'dust-bowl',
  'alps',
  'cat',
  'march',
  'nagasaki',
];

const blurOf = ({ steps }: Degradation): number => steps.find((step) => step.kind === 'blur')?.sigma ?? 3;

/** A study's results made up to look like real ones: pictures differ, restorers shift them, noise is small. Same seed, same results. */
export function madeUpResults({
  spec: changes = {},
  metrics: asked,
  images: names = NAMES,
  seed = 1,
  score,
  row: alter,
}: Asked = {}): StudyResults {
  const spec: StudySpec = { ...SPEC, ...changes };
  const metrics = asked ?? METRICS.filter(({ alias }) => spec.metrics.some((metric) => metric.alias === alias));
  const next = random(seed);
  const noise = () => next() + next() + next() - 1.5;
  const images = names.map(
    (name, i): StudyImage => ({
      name,
      hash: (i + 1).toString(16).padStart(64, '0'),
      width: 192,
      height: 128 + 8 * (i % 3),
    }),
  );
  const rows: ResultRow[] = [];
  for (const image of images) {
    const base = 3 * noise();
    for (const { name, x, degradation } of spec.degradations) {
      const sigma = x ?? blurOf(degradation);
      for (const restorer of spec.restorers) {
        for (const runSeed of spec.seeds) {
          const [gain, drop] = effectOf(restorer, sigma);
          const psnr = 31 - 3.6 * Math.log(sigma + 0.4) + base + gain + 0.25 * noise();
          const made: Record<string, number> = {
            psnr,
            ssim: 1 - 0.62 * Math.exp(-(psnr - 17) / 7),
            niqe: 4.2 + 3.4 * Math.log(sigma + 0.6) - 0.2 * base - drop + 0.3 * noise(),
          };
          const cell = rows.length.toString(16).padStart(64, '0');
          const keep = images.indexOf(image) < spec.pictures.images && spec.pictures.degradations.includes(name);
          const plain: ResultRow = {
            cell,
            image,
            degradation: {
              name,
              x,
              identity: degradation.steps.map((step) => `${step.kind}[sigma=${sigma},border=reflect-101]`).join('|'),
            },
            restorer: {
              id: restorer.id,
              label: restorer.label,
              identity: `${restorer.id}[nsr=${(0.001 * sigma).toFixed(3)}]@1`,
            },
            seed: runSeed,
            ...(keep ? { picture: `pictures/${cell}.png` } : {}),
          };
          const scores = metrics.flatMap(({ alias }): [string, Score][] => {
            const value = made[alias] ?? noise();
            const told = score ? score(value, plain, alias) : { value };
            return told ? [[alias, told]] : [];
          });
          const full: ResultRow = { ...plain, scores: Object.fromEntries(scores) };
          rows.push(alter ? alter(full) : full);
        }
      }
    }
  }
  const shown = images.slice(0, spec.pictures.images);
  return {
    spec,
    metrics,
    rows,
    originals: Object.fromEntries(shown.map(({ hash }) => [hash, `originals/${hash}.png`])),
    imagesNote:
      'Nine public-domain photographs of 1865 to 1940, most of them sepia prints, reduced to a long side of 768.',
    manifest: {
      schema: 'ir.run/1',
      versions: { ir: '0.1.0', node: 'v20.20.2', sharp: '0.35.5', 'onnxruntime-node': '1.30.0' },
      commit: 'af9e8b0c5d6e7f8091a2b3c4d5e6f708192a3b4c',
      native: { variant: 'avx2', backend: 'cpu', cuda: false, build: { compiler: 'gcc 12.2.0' } },
      host: { cpu: 'AMD EPYC', cores: 2 },
      models: { 'restorer-s': 'ab'.repeat(32) },
      compression: Object.fromEntries(spec.restorers.flatMap(({ id, label }) => (id === 'ldm-s' ? [[label, 12]] : []))),
      steps: Object.fromEntries(
        spec.restorers.flatMap(({ label, series, x = 0 }) => (series === SERIES[0] ? [[label, 1 + x / 50]] : [])),
      ),
      images,
      seeds: spec.seeds,
      specHash: 'cd'.repeat(32),
      runs: [
        {
          started: '2026-11-24T12:00:00.000Z',
          ended: '2026-11-24T12:03:10.000Z',
          command: 'ir study run studies/figure-2.yaml --images photographs --out out',
          cellsDone: rows.length,
          outcome: 'complete',
        },
      ],
    },
  };
}

/** Writes the pictures that made-up results name, small gradients with some structure, so that a report can show them. */
export async function writePictures(results: StudyResults, folder: string): Promise<void> {
  const paint = async (path: string, { width, height }: StudyImage, sigma: number, tint: number) => {
    const sample = (i: number) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const wave = Math.sin((x + y) / (2 + sigma)) + Math.sin(x / 11) + Math.cos(y / 17);
      return Math.round(Math.max(0, Math.min(255, 128 + 32 * wave + tint * (c - 1))));
    };
    const raw = Uint8Array.from({ length: width * height * 3 }, (_, i) => sample(i));
    await sharp(raw, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, path));
  };
  await mkdir(join(folder, 'pictures'), { recursive: true });
  await mkdir(join(folder, 'originals'), { recursive: true });
  for (const { picture, image, degradation, restorer } of results.rows) {
    if (picture) await paint(picture, image, restorer.id === 'none' ? (degradation.x ?? 2) : 1, restorer.id.length);
  }
  for (const image of results.manifest.images) {
    const path = results.originals[image.hash];
    if (path) await paint(path, image, 0, 0);
  }
}
