import { describeValue, explain, suggest, UsageError } from '../errors.js';
import type { Degradation, DegradationStep } from './contract.js';
import { resolveBlur, resolveDown } from './defaults.js';
import { PRESETS } from './presets.js';

function stepIdentity(step: DegradationStep): string {
  switch (step.kind) {
    case 'blur': {
      const { sigma, size, border } = resolveBlur(step);
      return `blur[gauss,sigma=${sigma},k=${size},border=${border}]`;
    }
    case 'down': {
      const { scale, filter, antialias, border } = resolveDown(step);
      return `down[x${scale},${filter},${antialias ? 'aa' : 'no-aa'},border=${border}]`;
    }
    case 'noise': {
      const law = step.distribution === 'gaussian' ? `gauss,sigma=${step.sigma}` : `poisson,peak=${step.peak}`;
      return `noise[${law}${step.grey ? ',grey' : ''},philox]`;
    }
    case 'jpeg':
      return `jpeg[q=${step.quality},4:2:0]`;
  }
}

/**
 * Every convention that can change a pixel, in order, e.g. `blur[gauss,sigma=2,k=13,border=reflect-101]|round8`. Names do not enter:
 * two degradations with one identity give the same picture for the same seed. `parseDegradation` reads it back.
 */
export function degradationIdentity({ steps, depth = 8 }: Degradation): string {
  return [...steps.map(stepIdentity), depth === 32 ? 'float' : `round${depth}`].join('|');
}

type Draft = Record<string, unknown>;

/** Words that stand alone in the brackets, per kind: what they mean. */
const WORDS: Readonly<Record<string, Readonly<Record<string, Draft>>>> = {
  blur: { gauss: {} },
  down: {
    aa: { antialias: true },
    'no-aa': { antialias: false },
    ...Object.fromEntries(['cubic', 'linear', 'box', 'lanczos3', 'cubic-opencv'].map((filter) => [filter, { filter }])),
  },
  noise: {
    gauss: { distribution: 'gaussian' },
    poisson: { distribution: 'poisson' },
    grey: { grey: true },
    philox: {},
  },
  jpeg: { '4:2:0': {} },
};

/** Names before an equals sign, per kind, and the keys of the data they stand for. */
const KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  blur: { sigma: 'sigma', k: 'size', border: 'border' },
  down: { border: 'border' },
  noise: { sigma: 'sigma', peak: 'peak' },
  jpeg: { q: 'quality' },
};

const numberOr = (text: string) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

function readArgument(kind: string, text: string, name: string): Draft {
  const word = WORDS[kind]![text];
  if (word) return word;
  if (kind === 'down' && /^x[\d.]+$/.test(text)) return { scale: Number(text.slice(1)) };
  const [, key, value] = /^([^=]*)=(.*)$/.exec(text) ?? [];
  const field = key === undefined ? undefined : KEYS[kind]![key];
  if (field !== undefined) return { [field]: numberOr(value!) };
  const known = [
    ...Object.keys(WORDS[kind]!),
    ...Object.keys(KEYS[kind]!).map((one) => `${one}=...`),
    ...(kind === 'down' ? ['x2'] : []),
  ];
  const near = suggest(key ?? text, [...Object.keys(WORDS[kind]!), ...Object.keys(KEYS[kind]!)]);
  const fix = near ? `Did you mean ${near}?` : undefined;
  throw new UsageError(
    'IR_E_SCHEMA',
    explain({ name, expected: `for ${kind} one of ${known.join(', ')}`, got: describeValue(text), fix }),
  );
}

function readStep(text: string, name: string): Draft {
  const [, kind, body] = /^([a-z]+)\[([^[\]]*)\]$/.exec(text) ?? [];
  if (kind === undefined || body === undefined || !Object.hasOwn(WORDS, kind)) throw unknownText(text, name);
  const parts = body.split(',').map((part) => part.trim());
  const draft = Object.assign({}, ...parts.filter(Boolean).map((part) => readArgument(kind, part, name)));
  const law = kind === 'noise' ? { distribution: 'peak' in draft ? 'poisson' : 'gaussian' } : {};
  return { kind, ...law, ...draft };
}

function unknownText(text: string, name: string): UsageError {
  const kinds = Object.keys(WORDS);
  const presets = PRESETS.map((preset) => preset.name);
  const near = suggest(text, presets) ?? suggest(text.split('[')[0]!, kinds);
  return new UsageError(
    'IR_E_UNKNOWN_NAME',
    explain({
      name,
      expected: `a preset (${presets.join(', ')}) or steps like blur[sigma=2]|down[x4] (kinds: ${kinds.join(', ')})`,
      got: describeValue(text),
      fix: near ? `Did you mean ${near}?` : undefined,
    }),
  );
}

/** The draft of a degradation that an identity (or a shorter text of the same grammar) describes; to be checked by the schema. */
export function parseIdentity(text: string, name: string): Draft {
  const parts = text.split('|').map((part) => part.trim());
  const last = parts.at(-1)!;
  const depth = last === 'float' ? 32 : last === 'round8' ? 8 : last === 'round16' ? 16 : undefined;
  if (depth !== undefined) parts.pop();
  const steps = parts.map((part) => readStep(part, name));
  return { steps, ...(depth === undefined ? {} : { depth }) };
}
