import type { ResultRow } from '../../study/contract.js';
import { LEVEL } from '../bootstrap.js';
import { html, type Markup } from '../html.js';
import { FEWEST_PICTURES } from '../statistics.js';
import { degradationAxis } from '../sweep.js';
import { counted, directionText, listed, metricTitle } from '../wording.js';
import type { PageContext } from './context.js';
import { symbolOf } from './curves.js';

/** The distinct identities that rows of one name carry, in order. */
function identities(rows: readonly ResultRow[], of: (row: ResultRow) => readonly [name: string, identity: string]) {
  const found = new Map<string, Map<string, string[]>>();
  for (const row of rows) {
    const [name, identity] = of(row);
    const own = found.get(name) ?? new Map<string, string[]>();
    found.set(name, own);
    const places = own.get(identity) ?? [];
    own.set(identity, places);
    if (!places.includes(row.degradation.name)) places.push(row.degradation.name);
  }
  return found;
}

function statisticsText({ results }: PageContext): Markup {
  const { bootstrap, seeds } = results.spec;
  const percent = `${100 * LEVEL} %`;
  return html`<p>A value is first averaged over ${counted(seeds.length, 'seed')} (${listed(seeds.map(String))}) within each picture, then over pictures: pictures are the sample, n counts them. ${seeds.length > 1 && 'Where nothing draws, neither degradation nor restorer, one seed stands for all. The spread over seeds is reported apart from that over pictures: the standard deviation over the seeds of a picture, pooled over pictures, beside that over pictures, each by its mean over seeds. Intervals are over pictures. '}An undefined score is left out, counted and listed with its reason, never replaced by a number.</p>
<p>Intervals are ${percent} percentile bootstrap intervals over pictures (${bootstrap.resamples} resamples, seed ${bootstrap.seed}, drawn by Philox 4x32-10, the same draws for every group of one size), read further out so that they are as wide as Student’s for few pictures (Hesterberg 2015). Differences are paired: each picture is compared with itself, over the pictures for which both restorers have a value. Two restorers are “not distinguishable” where the interval of their difference covers 0, and with fewer than ${FEWEST_PICTURES} pictures nothing is told apart at all. Intervals hold one by one; they are not adjusted for how many are looked at, and they speak of pictures like these, not of others.</p>`;
}

/** Every convention that changes a number. */
export function methodSection(context: PageContext): Markup {
  const { results, series, sweep, order } = context;
  const axis = degradationAxis(results.spec);
  const { spec, rows, metrics } = results;
  const degradations = identities(rows, ({ degradation }) => [degradation.name, degradation.identity]);
  const restorers = identities(rows, ({ restorer }) => [restorer.label, restorer.identity]);
  const reduced =
    spec.longSide === null
      ? 'Pictures are taken as they are.'
      : `Pictures with a long side above ${spec.longSide} are reduced to it (MATLAB bicubic, 8 bit) before anything else.`;
  const restorerEntry = (label: string): Markup => {
    const own = [...(restorers.get(label) ?? [])];
    if (own.length <= 1) return html`<dd><code>${own[0]?.[0] ?? 'no result'}</code></dd>`;
    return html`<dd><details><summary>${own.length} identities, by degradation</summary><ul>${own.map(
      ([identity, places]) => html`<li>${listed(places)}: <code>${identity}</code></li>`,
    )}</ul></details></dd>`;
  };
  const seriesEntry = (name: string): Markup => {
    const { points } = sweep!.series.find((one) => one.name === name)!;
    const items = points.map(({ x, label }) => html`<dt>${sweep!.axis} ${x}</dt>${restorerEntry(label)}`);
    return html`<dd><details><summary>${counted(points.length, 'point')}, by ${sweep!.axis}</summary><dl>${items}</dl></details></dd>`;
  };
  return html`<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method</h2>
<p>${reduced} Every picture is degraded, restored and scored once for each seed; outputs are rounded to 8 bit before they are scored. The identities below carry every convention that changes a number: studies are comparable where these agree.</p>
<h3>Statistics</h3>
${statisticsText(context)}
<h3>Degradations</h3>
<dl class="identities">${order.map(
    ({ name, x }) =>
      html`<dt>${name}${axis !== null && x !== null && html` <small>${axis} ${x}</small>`}</dt>${[...(degradations.get(name)?.keys() ?? ['no result'])].map((identity) => html`<dd><code>${identity}</code></dd>`)}`,
  )}</dl>
<h3>Restorers</h3>
<dl class="identities">${series.map(
    (one) =>
      html`<dt>${symbolOf(one)}${one.label}</dt>${sweep?.series.some(({ name }) => name === one.label) ? seriesEntry(one.label) : restorerEntry(one.label)}`,
  )}</dl>
<h3>Metrics</h3>
<dl class="identities">${metrics.map(
    ({ alias, direction, describe, identity }) =>
      html`<dt>${metricTitle(alias)} <small>${directionText(direction)}</small></dt><dd>${describe}</dd><dd><code>${identity}</code></dd>`,
  )}</dl>
</section>`;
}
