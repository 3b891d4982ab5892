import { explain, ModelError } from '../../errors.js';
import { resampleImage } from '../../image/resample.js';
import type { LatentManifest } from '../../models/manifest.js';
import { toTensor } from '../direct/port.js';
import { measure } from './caption/measure.js';
import { type CaptionTable, wordsOf } from './caption/table.js';
import type { Captioner } from './contract.js';
import type { OpenParts } from './open-parts.js';
import { rgbOf } from './pictures.js';

/** Captioners that every installation has, by the id that manifests name. */
export const BUILTIN_CAPTIONERS: readonly Captioner[] = [];

type TagsPart = Extract<NonNullable<LatentManifest['parts']['captioner']>, { kind: 'tags' }>;

/** Sides that the graph leaves free. */
const SIDE = 384;

/** The words that a graph gives more than the threshold, the surest first. */
function tagger(part: TagsPart, parts: OpenParts): Captioner {
  const [, , height, width] = part.input.shape.map((side) => (typeof side === 'number' ? side : SIDE));
  return {
    id: 'tags',
    async caption(image, { signal } = {}) {
      const call = signal ? { signal } : {};
      const network = parts.network('captioner');
      const seen = await resampleImage(image, width!, height!, call);
      const outputs = await network.run({ [part.input.name]: toTensor(seen, part.input, width!, height!) }, call);
      const scores = outputs[part.output.name]?.data;
      if (scores?.length !== part.words.length) {
        const told = {
          name: network.name,
          expected: `${part.words.length} scores, one a word`,
          got: String(scores?.length),
        };
        throw new ModelError(explain(told));
      }
      return part.words
        .map((word, i) => ({ word, score: Number(scores[i]) }))
        .filter(({ score }) => score > part.threshold)
        .sort((a, b) => b.score - a.score)
        .map(({ word }) => word)
        .join(', ');
    },
  };
}

/** Measured properties in words, the surest way of saying what is to be seen that needs no network: those of the content, those of quality when asked. */
export const measuredCaptioner = (table: CaptionTable): Captioner => ({
  id: 'measured',
  caption: async (image, { quality = false } = {}) => wordsOf(table, measure(rgbOf(image)), { quality }).join(', '),
});

/** T of a model (Eq. 6), undefined where it has none. */
export function captionerOf({ parts: { captioner } }: LatentManifest, parts: OpenParts): Captioner | undefined {
  return captioner?.kind === 'tags' ? tagger(captioner, parts) : parts.captioner;
}
