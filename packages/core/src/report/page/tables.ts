import type { ResultMetric, StudyDegradation } from '../../study/contract.js';
import { html, type Markup } from '../html.js';
import { isNothing, type Series } from '../palette.js';
import { counted, decimalsOf, directionText, fixed, intervalText, metricTitle } from '../wording.js';
import type { PageContext } from './context.js';
import { symbolOf } from './curves.js';

const VERDICTS = {
  better: { sign: '▲', text: 'better' },
  worse: { sign: '▼', text: 'worse' },
  'not distinguishable': { sign: '≈', text: 'not distinguishable' },
  'too few pictures': { sign: '', text: '' },
} as const;

const headRow = (axis: string | null, series: readonly Series[]): Markup =>
  html`<thead><tr><th scope="col">${axis ?? 'Degradation'}</th>${series.map(
    (one) => html`<th scope="col">${symbolOf(one)}${one.label}</th>`,
  )}</tr></thead>`;

function rowHead({ name, x }: StudyDegradation, axis: string | null): Markup {
  if (axis === null || x === null) return html`<th scope="row">${name}</th>`;
  return html`<th scope="row">${x}${!name.endsWith(String(x)) && html`<small>${name}</small>`}</th>`;
}

const few = (n: number, all: number) => n < all && html`<small class="few">n = ${n}</small>`;

/** Means of one metric; the best marked, and those that cannot be told from it. */
function meansTable(metric: ResultMetric, context: PageContext): Markup {
  const { results, statistics, series, order, pictureCount } = context;
  const { alias, direction } = metric;
  const decimals = decimalsOf(results, statistics, alias);
  const cell = (degradation: string, restorer: string): Markup => {
    const { n, mean, interval, seedDeviation } = statistics.summary(degradation, restorer, alias);
    if (mean === null) return html`<td class="none">no value</td>`;
    const lead = statistics.lead(degradation, alias);
    const leads = lead?.enough && lead.leader === restorer;
    const best = leads && lead.ties.length === 0;
    const tied = lead?.enough && lead.ties.length > 0 && (leads || lead.ties.includes(restorer));
    return html`<td class="${best ? 'best' : tied ? 'tied' : ''}"><span class="mean">${fixed(mean, decimals)}</span>${
      best && html`<span class="flag" title="best">★<span class="hidden"> best</span></span>`
    }${tied && html`<span class="flag" title="not distinguishable from the best">≈<span class="hidden"> not distinguishable from the best</span></span>`}${
      interval && html`<small>${intervalText(interval, decimals)}</small>`
    }${seedDeviation !== null && html`<small>seeds ± ${fixed(seedDeviation, decimals)}</small>`}${few(n, pictureCount)}</td>`;
  };
  const interval = pictureCount > 1 ? 'below it the 95 % interval' : 'one picture: no interval';
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Means of ${metricTitle(alias)}"><table>
<caption>Mean over pictures (${directionText(direction)}), ${interval}</caption>
${headRow(results.spec.figure.x, series)}
<tbody>${order.map(
    (degradation) =>
      html`<tr>${rowHead(degradation, results.spec.figure.x)}${series.map(({ label }) => cell(degradation.name, label))}</tr>\n`,
  )}</tbody></table></div>`;
}

/** Paired differences of one metric to doing nothing. */
function differencesTable({ alias, direction }: ResultMetric, context: PageContext): Markup | null {
  const { results, statistics, series, order, pictureCount } = context;
  const nothing = results.spec.restorers.find(isNothing);
  const others = series.filter(({ label }) => label !== nothing?.label);
  if (!nothing || others.length === 0) return null;
  const decimals = decimalsOf(results, statistics, alias);
  const cell = (degradation: string, restorer: string): Markup => {
    const { n, difference, interval, verdict } = statistics.compare(degradation, alias, restorer, nothing.label);
    if (difference === null) return html`<td class="none">no value</td>`;
    const { sign, text } = VERDICTS[verdict];
    return html`<td class="${verdict.replaceAll(' ', '-')}"><span class="mean">${fixed(difference, decimals, { sign: true })}</span>${
      sign && html`<span class="flag" title="${text}">${sign}<span class="hidden"> ${text}</span></span>`
    }${interval && html`<small>${intervalText(interval, decimals, { sign: true })}</small>`}${few(n, pictureCount)}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Differences of ${metricTitle(alias)}"><table>
<caption>Paired difference to “${nothing.label}” (${direction === 'higher' ? 'above' : 'below'} 0 is better)</caption>
${headRow(results.spec.figure.x, others)}
<tbody>${order.map(
    (degradation) =>
      html`<tr>${rowHead(degradation, results.spec.figure.x)}${others.map(({ label }) => cell(degradation.name, label))}</tr>\n`,
  )}</tbody></table></div>`;
}

export function tablesSection(context: PageContext): Markup {
  const { results, pictureCount } = context;
  return html`<section id="tables" aria-labelledby="tables-title">
<h2 id="tables-title">Tables</h2>
<p class="key"><span><b>★</b> best: told apart from every other</span> <span><b>≈</b> not distinguishable (from the best, or from doing nothing)</span> <span class="better"><b>▲</b> better</span> <span class="worse"><b>▼</b> worse than doing nothing</span></p>
<p>n = ${counted(pictureCount, 'picture')} unless a cell says otherwise. All numbers in full: <a href="table.csv" download>table.csv</a>.</p>
${results.metrics.map(
  (metric) => html`<h3>${metricTitle(metric.alias)}</h3>
<div class="tables">${meansTable(metric, context)}
${differencesTable(metric, context)}</div>`,
)}
</section>`;
}
