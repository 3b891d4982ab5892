import { html, type Markup, trusted } from '../html.js';
import type { Series } from '../palette.js';
import { listed, metricTitle } from '../wording.js';
import type { PageContext, PlacedFigure } from './context.js';

/** The mark that stands for a restorer, beside its name everywhere. */
export const symbolOf = ({ symbol, variable }: Series): Markup =>
  html`<svg class="mark" viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path d="${symbol}" fill="var(${variable})"/></svg>`;

const legend = (series: readonly Series[]): Markup =>
  html`<div class="legend" role="group" aria-label="Restorers shown in the curves">${series.map(
    (one, i) =>
      html`<button type="button" aria-pressed="true" data-series="${i}">${symbolOf(one)}${one.label}</button>`,
  )}</div>`;

const row = (figures: readonly PlacedFigure[], caption: Markup): Markup =>
  html`<figure class="row"><div class="panels">${figures.map(
    ({ metric, kind, svg }) => html`<div class="panel" data-figure="${metric}-${kind}">${trusted(svg)}</div>`,
  )}</div><figcaption>${caption}</figcaption></figure>`;

export function curvesSection({ results, series, figures, pictureCount }: PageContext): Markup {
  const { spec, metrics } = results;
  const means = figures.filter(({ kind }) => kind === 'mean');
  const differences = figures.filter(({ kind }) => kind === 'difference');
  const drawn = new Set(means.map(({ metric }) => metric));
  const left = metrics.filter(({ alias }) => !drawn.has(alias)).map(({ alias }) => metricTitle(alias));
  const band =
    pictureCount > 1
      ? `bands are 95 % intervals over ${pictureCount} pictures`
      : 'one picture has no interval, so there are no bands';
  const body =
    means.length === 0
      ? html`<p>${
          spec.figure.x === null
            ? 'The study names no axis, so nothing is drawn; the numbers are in the tables.'
            : 'No mean is defined on the axis, so nothing is drawn.'
        }</p>`
      : html`${legend(series)}
${row(means, html`<strong>Means</strong> over ${spec.figure.x}; ${band}. Pictures differ from each other, so bands of means may overlap even where every picture agrees on the order; paired differences tell restorers apart.${left.length > 0 && ` Not drawn, having no value: ${listed(left)}.`}`)}
${
  differences.length > 0 &&
  row(
    differences,
    html`<strong>Paired differences</strong> to the degraded picture, each picture compared with itself; ${band}. Where a band touches 0, the restorer is not distinguishable from doing nothing.`,
  )
}
<p class="files">Files: <a href="figures/means.svg">means.svg</a>, <a href="figures/means.png">means.png</a>${differences.length > 0 && html`, <a href="figures/differences.svg">differences.svg</a>, <a href="figures/differences.png">differences.png</a>`}, and one figure a metric in <code>figures/</code>.</p>
<div class="tip" role="status" hidden></div>`;
  return html`<section id="curves" aria-labelledby="curves-title">
<h2 id="curves-title">Curves</h2>
${body}
</section>`;
}
