import { html, type Markup, trusted } from '../html.js';
import type { Series } from '../palette.js';
import { withoutUnit } from '../sweep.js';
import { grouped, listed, metricTitle } from '../wording.js';
import type { PageContext, PlacedFigure } from './context.js';

/** The mark that stands for a restorer, beside its name everywhere. */
export const symbolOf = ({ symbol, variable }: Series): Markup =>
  html`<svg class="mark" viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path d="${symbol}" fill="var(${variable})"/></svg>`;

const legend = (series: readonly Series[]): Markup =>
  html`<div class="legend" role="group" aria-label="Restorers shown in the curves">${series.map(
    (one, i) =>
      html`<button type="button" aria-pressed="true" data-series="${i}">${symbolOf(one)}${one.label}</button>`,
  )}</div>`;

/** Figures with what stands in them under one caption; a row for each degradation where panels stand for degradations. */
const rows = (figures: readonly PlacedFigure[], caption: Markup): Markup =>
  html`<figure class="row">${grouped(figures, ({ degradation }) => degradation ?? '').map(
    (own) =>
      html`${own[0]!.degradation !== null && html`<h3>${own[0]!.degradation}</h3>`}<div class="panels">${own.map(
        ({ metric, kind, degradation, svg }) =>
          html`<div class="panel" data-figure="${metric}-${kind}${degradation !== null && `-${degradation}`}">${trusted(svg)}</div>`,
      )}</div>`,
  )}<figcaption>${caption}</figcaption></figure>`;

/** What the section shows: curves over an axis, or dots where the study names none. */
export const curvesTitle = ({ results }: Pick<PageContext, 'results'>): string =>
  results.spec.figure.x === null ? 'Means and differences' : 'Curves';

function bandText({ results, pictureCount }: PageContext): string {
  const what = results.spec.figure.x === null ? 'whiskers' : 'bands';
  return pictureCount > 1
    ? `${what} are 95 % intervals over ${pictureCount} pictures`
    : `one picture has no interval, so there are no ${what}`;
}

function meansCaption(context: PageContext): Markup {
  const { results, sweep, figures } = context;
  const { spec, metrics } = results;
  const over = spec.figure.x === null ? 'at each degradation' : `over ${spec.figure.x}`;
  const drawn = new Set(figures.map(({ metric }) => metric));
  const left = metrics.filter(({ alias }) => !drawn.has(alias)).map(({ alias }) => metricTitle(alias));
  const levels =
    sweep && sweep.levels.length > 0 && ` Dashed lines are restorers that do not depend on ${withoutUnit(sweep.axis)}.`;
  const rest = sweep && sweep.unmoved.length > sweep.levels.length && ' The other restorers stand in the tables.';
  return html`<strong>Means</strong> ${over}; ${bandText(context)}.${levels}${rest}${sweep && ' Every panel has its own vertical scale.'} Pictures differ from each other, so intervals of means may overlap even where every picture agrees on the order; paired differences tell restorers apart.${left.length > 0 && ` Not drawn, having no value: ${listed(left)}.`}`;
}

function differencesCaption(context: PageContext): Markup {
  const { sweep } = context;
  const band = bandText(context);
  if (!sweep) {
    return html`<strong>Paired differences</strong> to the degraded picture, each picture compared with itself; ${band}. Where an interval touches 0, the restorer is not distinguishable from doing nothing.`;
  }
  const axis = withoutUnit(sweep.axis);
  const firsts = grouped(sweep.series, ({ points }) => String(points[0]!.x)).map(
    (own) =>
      `at ${own[0]!.points[0]!.x}${own.length < sweep.series.length ? ` for ${listed(own.map(({ name }) => name))}` : ''}`,
  );
  return html`<strong>Paired differences</strong> of each point to its series’ first (${listed(firsts)}), each picture compared with itself: what ${axis} alone does; ${band}. Where an interval touches 0, the point is not distinguishable from the first.`;
}

export function curvesSection(context: PageContext): Markup {
  const { series, figures } = context;
  const means = figures.filter(({ kind }) => kind === 'mean');
  const differences = figures.filter(({ kind }) => kind === 'difference');
  const body =
    means.length === 0
      ? html`<p>No mean is defined, so nothing is drawn.</p>`
      : html`${legend(series)}
${rows(means, meansCaption(context))}
${differences.length > 0 && rows(differences, differencesCaption(context))}
<p class="files">Files: <a href="figures/means.svg">means.svg</a>, <a href="figures/means.png">means.png</a>${differences.length > 0 && html`, <a href="figures/differences.svg">differences.svg</a>, <a href="figures/differences.png">differences.png</a>`}, and one figure a metric in <code>figures/</code>.</p>
<div class="tip" role="status" hidden></div>`;
  return html`<section id="curves" aria-labelledby="curves-title">
<h2 id="curves-title">${curvesTitle(context)}</h2>
${body}
</section>`;
}
