import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseWith } from '../../errors.js';

const provenance = z.strictObject({
  command: z.string(),
  data: z.string(),
  /** SHA-256 over the sorted hashes (`imageHash`) of the pictures. */
  dataHash: z.string(),
  objective: z.string(),
  degradation: z.string(),
  ranOn: z.string(),
  date: z.string(),
});

const wienerSchema = z.strictObject({
  schema: z.literal('ir.classical/1'),
  restorer: z.literal('wiener'),
  power: z.number().min(0),
  nodes: z.array(z.strictObject({ sigma: z.number().positive(), nsr: z.number().positive(), gain: z.number() })).min(1),
  provenance,
});

const lucySchema = z.strictObject({
  schema: z.literal('ir.classical/1'),
  restorer: z.literal('richardson-lucy'),
  limit: z.int().min(1),
  nodes: z.array(z.strictObject({ sigma: z.number().positive(), iterations: z.int().min(1), gain: z.number() })).min(1),
  provenance,
});

/** Constants found by scripts/tune-classical.mjs; `gain` is the mean PSNR won over doing nothing on the pictures tuned on, in dB. */
export type WienerConstants = z.infer<typeof wienerSchema>;
export type RichardsonLucyConstants = z.infer<typeof lucySchema>;

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../assets/classical/${file}`, import.meta.url), 'utf8'));

let wiener: WienerConstants | undefined;
let lucy: RichardsonLucyConstants | undefined;

export function wienerConstants(): WienerConstants {
  wiener ??= parseWith(wienerSchema, read('wiener.json'), 'assets/classical/wiener.json');
  return wiener;
}

export function richardsonLucyConstants(): RichardsonLucyConstants {
  lucy ??= parseWith(lucySchema, read('richardson-lucy.json'), 'assets/classical/richardson-lucy.json');
  return lucy;
}

/**
 * A positive constant at `sigma`: between nodes its logarithm is linear in the logarithm of sigma, beyond them it keeps the value of the
 * outermost node. Nodes are sorted by sigma.
 */
export function interpolate(nodes: readonly (readonly [sigma: number, value: number])[], sigma: number): number {
  const above = nodes.findIndex(([at]) => at >= sigma);
  if (above === 0) return nodes[0]![1];
  if (above < 0) return nodes.at(-1)![1];
  const [[s0, v0], [s1, v1]] = [nodes[above - 1]!, nodes[above]!];
  const t = Math.log(sigma / s0) / Math.log(s1 / s0);
  return Math.exp((1 - t) * Math.log(v0) + t * Math.log(v1));
}
