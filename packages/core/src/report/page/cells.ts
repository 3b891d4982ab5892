import type { ResultMetric, StudyResults } from '../../study/contract.js';
import { html, type Markup } from '../html.js';
import type { Comparison, Lead } from '../statistics.js';
import { decimalsOf, fixed, intervalText, ratioText } from '../wording.js';
import type { PageContext } from './context.js';

/** Below a restorer's name how far its latent is smaller than the picture; nothing for one that passes none. */
export function latentNote({ manifest }: Pick<StudyResults, 'manifest'>, label: string): Markup | false {
  const ratio = manifest.compression?.[label];
  return ratio !== undefined && html`<small>latent ${ratioText(ratio)}</small>`;
}

/** One cell of a table of a metric, at a degradation, of a restorer. */
export interface CellPlace {
  readonly metric: ResultMetric;
  readonly degradation: string;
  readonly restorer: string;
  /** Columns that it reaches over. */
  readonly span?: number;
}

const VERDICTS = {
  better: { sign: '▲', text: 'better' },
  worse: { sign: '▼', text: 'worse' },
  'not distinguishable': { sign: '≈', text: 'not distinguishable' },
  'too few pictures': { sign: '', text: '' },
} as const;

const few = (n: number, all: number) => n < all && html`<small class="few">n = ${n}</small>`;

const flag = (sign: string, text: string) =>
  html`<span class="flag" title="${text}">${sign}<span class="hidden"> ${text}</span></span>`;

/** A cell's opening tag: what reaches over several columns reads from the left. */
const cell = ({ span }: CellPlace, kind: string): Markup =>
  span === undefined ? html`<td class="${kind}">` : html`<td class="all-along ${kind}" colspan="${span}">`;

const none = (place: CellPlace): Markup => html`${cell(place, 'none')}no value</td>`;

/** A mean with its interval; the leader marked, and those that cannot be told from it. */
export function meanCell(place: CellPlace, lead: Lead | undefined, context: PageContext): Markup {
  const { results, statistics, pictureCount } = context;
  const { metric, degradation, restorer } = place;
  const { n, mean, interval } = statistics.summary(degradation, restorer, metric.alias);
  if (mean === null) return none(place);
  const decimals = decimalsOf(results, statistics, metric.alias);
  const leads = lead?.enough && lead.leader === restorer;
  const best = leads && lead.ties.length === 0;
  const tied = lead?.enough && lead.ties.length > 0 && (leads || lead.ties.includes(restorer));
  return html`${cell(place, best ? 'best' : tied ? 'tied' : '')}<span class="mean">${fixed(mean, decimals)}</span>${
    best && flag('★', 'best')
  }${tied && flag('≈', 'not distinguishable from the best')}${
    interval && html`<small>${intervalText(interval, decimals)}</small>`
  }${few(n, pictureCount)}</td>`;
}

/** A paired difference with its interval and verdict. */
export function differenceCell(place: CellPlace, comparison: Comparison, context: PageContext): Markup {
  const { results, statistics, pictureCount } = context;
  const { n, difference, interval, verdict } = comparison;
  if (difference === null) return none(place);
  const decimals = decimalsOf(results, statistics, place.metric.alias);
  const { sign, text } = VERDICTS[verdict];
  return html`${cell(place, verdict.replaceAll(' ', '-'))}<span class="mean">${fixed(difference, decimals, { sign: true })}</span>${
    sign && flag(sign, text)
  }${interval && html`<small>${intervalText(interval, decimals, { sign: true })}</small>`}${few(n, pictureCount)}</td>`;
}

/** Standard deviations: over pictures, and over the seeds of a picture. */
export function spreadCell(place: CellPlace, { results, statistics }: PageContext): Markup {
  const { metric, degradation, restorer } = place;
  const { mean, pictureDeviation, seedDeviation } = statistics.summary(degradation, restorer, metric.alias);
  if (mean === null) return none(place);
  const decimals = decimalsOf(results, statistics, metric.alias);
  const told = (value: number | null) => (value === null ? '–' : fixed(value, decimals));
  return html`${cell(place, '')}${told(pictureDeviation)} / ${told(seedDeviation)}</td>`;
}

/** Do some seeds of a picture differ in number, so that their spread can be told? */
export const hasSpread = ({ alias }: ResultMetric, { results, statistics, order }: PageContext): boolean =>
  order.some(({ name }) =>
    results.spec.restorers.some(({ label }) => statistics.summary(name, label, alias).seedDeviation !== null),
  );

export const SPREAD_CAPTION = 'Spread, as standard deviations: over pictures / over the seeds of a picture';

export const intervalCaption = ({ pictureCount }: PageContext): string =>
  pictureCount > 1 ? 'with the 95 % interval over pictures' : 'one picture: no interval';
