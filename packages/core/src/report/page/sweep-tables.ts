import type { ResultMetric } from '../../study/contract.js';
import { html, type Markup } from '../html.js';
import { lookOf } from '../palette.js';
import type { Sweep, SweepPoint, SweepSeries } from '../sweep.js';
import { directionText, metricTitle } from '../wording.js';
import {
  type CellPlace,
  differenceCell,
  hasSpread,
  intervalCaption,
  latentNote,
  meanCell,
  SPREAD_CAPTION,
  spreadCell,
} from './cells.js';
import type { PageContext } from './context.js';
import { symbolOf } from './curves.js';

/** The cell of one point of a series at one degradation. */
type PointCell = (degradation: string, point: SweepPoint, series: SweepSeries) => Markup;
type LevelCell = (place: Pick<CellPlace, 'degradation' | 'restorer' | 'span'>) => Markup;

interface Body {
  readonly caption: string;
  readonly about: string;
  readonly series: readonly SweepSeries[];
  readonly point: PointCell;
  /** null: levels are not in the table. */
  readonly level: LevelCell | null;
  /** Does its head say how many sampling steps each point takes, where that is not the axis itself and differs? */
  readonly steps?: boolean;
}

/** A name, below it how far its latent is smaller than the picture; `of`: the restorer that tells, for a series one of its points. */
function rowHead(label: string, { series: looks, results }: PageContext, of = label): Markup {
  const look = lookOf(looks, { label });
  return html`<th scope="row">${look && symbolOf(look)}${label}${latentNote(results, of)}</th>`;
}

const gap = html`<td class="none">–</td>`;

/** Sampling steps of a series' points, a line of the head; nothing where all take the same, or as many as the axis says. */
function stepsRow({ name, points }: SweepSeries, sweep: Sweep, { results }: PageContext): Markup | false {
  const { steps = {} } = results.manifest;
  const counts = points.map(({ label }) => steps[label]);
  const told = new Set(counts).size > 1 && points.some(({ x }, i) => counts[i] !== x);
  const at = (x: number) => counts[points.findIndex((point) => point.x === x)] ?? '–';
  return (
    told &&
    html`<tr><th class="taken" scope="row">sampling steps of ${name}</th>${sweep.places.map((x) => html`<td class="taken">${at(x)}</td>`)}</tr>`
  );
}

/** Places as columns, a group of rows for each degradation: series, then what holds all along the axis. */
function sweepTable(
  { caption, about, series, point, level, steps = false }: Body,
  sweep: Sweep,
  context: PageContext,
): Markup {
  const width = sweep.places.length;
  const group = (degradation: string): Markup => html`<tbody>
<tr><th class="sweep-group" scope="rowgroup" colspan="${width + 1}"><span>${degradation}</span></th></tr>
${series.map(
  (one) =>
    html`<tr>${rowHead(one.name, context, one.points[0]!.label)}${sweep.places.map((x) => {
      const found = one.points.find((candidate) => candidate.x === x);
      return found ? point(degradation, found, one) : gap;
    })}</tr>\n`,
)}${
  level &&
  sweep.unmoved.map(
    ({ label }) => html`<tr>${rowHead(label, context)}${level({ degradation, restorer: label, span: width })}</tr>\n`,
  )
}</tbody>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${about}"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">${sweep.axis}</th>${sweep.places.map((x) => html`<th scope="col">${x}</th>`)}</tr>${steps && series.map((one) => stepsRow(one, sweep, context))}</thead>
${context.order.map(({ name }) => group(name))}</table></div>`;
}

/** Means, the best place of each row marked. */
export function sweepMeans(metric: ResultMetric, sweep: Sweep, context: PageContext): Markup {
  const { alias, direction } = metric;
  const point: PointCell = (degradation, { label }, { points }) => {
    const labels = points.map((one) => one.label);
    const lead = context.statistics.lead(degradation, alias, labels);
    return meanCell({ metric, degradation, restorer: label }, lead, context);
  };
  return sweepTable(
    {
      caption: `Mean over pictures (${directionText(direction)}), ${intervalCaption(context)}; marks are within a row`,
      about: `Means of ${metricTitle(alias)}`,
      series: sweep.series,
      point,
      level: (place) => meanCell({ metric, ...place }, undefined, context),
      steps: true,
    },
    sweep,
    context,
  );
}

/** Paired differences of each point to the first of its series; nothing where no series has two. */
export function sweepDifferences(metric: ResultMetric, sweep: Sweep, context: PageContext): Markup | false {
  const { alias, direction } = metric;
  const series = sweep.series.filter(({ points }) => points.length > 1);
  const point: PointCell = (degradation, one, { points }) => {
    const first = points[0]!;
    if (one === first) return html`<td class="none">first</td>`;
    const comparison = context.statistics.compare(degradation, alias, one.label, first.label);
    return differenceCell({ metric, degradation, restorer: one.label }, comparison, context);
  };
  const side = direction === 'higher' ? 'above' : 'below';
  return (
    series.length > 0 &&
    sweepTable(
      {
        caption: `Paired difference to the first point of the row (${side} 0 is better)`,
        about: `Differences of ${metricTitle(alias)}`,
        series,
        point,
        level: null,
      },
      sweep,
      context,
    )
  );
}

/** Spread over pictures and over seeds; nothing where a picture has one seed. */
export function sweepSpread(metric: ResultMetric, sweep: Sweep, context: PageContext): Markup | false {
  return (
    hasSpread(metric, context) &&
    sweepTable(
      {
        caption: SPREAD_CAPTION,
        about: `Spread of ${metricTitle(metric.alias)}`,
        series: sweep.series,
        point: (degradation, { label }) => spreadCell({ metric, degradation, restorer: label }, context),
        level: (place) => spreadCell({ metric, ...place }, context),
      },
      sweep,
      context,
    )
  );
}
