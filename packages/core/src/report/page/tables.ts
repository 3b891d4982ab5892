import type { ResultMetric, StudyDegradation, StudyResults } from '../../study/contract.js';
import { html, type Markup } from '../html.js';
import { isNothing, type Series } from '../palette.js';
import { counted, directionText, metricTitle } from '../wording.js';
import {
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
import { sweepDifferences, sweepMeans, sweepSpread } from './sweep-tables.js';

const headRow = (axis: string | null, series: readonly Series[], results: StudyResults): Markup =>
  html`<thead><tr><th scope="col">${axis ?? 'Degradation'}</th>${series.map(
    (one) => html`<th scope="col">${symbolOf(one)}${one.label}${latentNote(results, one.label)}</th>`,
  )}</tr></thead>`;

function rowHead({ name, x }: StudyDegradation, axis: string | null): Markup {
  if (axis === null || x === null) return html`<th scope="row">${name}</th>`;
  return html`<th scope="row">${x}${!name.endsWith(String(x)) && html`<small>${name}</small>`}</th>`;
}

type Cell = (degradation: string, restorer: string) => Markup;

/** Degradations as rows, restorers as columns. */
function plainTable(
  { caption, about, columns, cell }: { caption: string; about: string; columns: readonly Series[]; cell: Cell },
  { results, order }: PageContext,
): Markup {
  const axis = results.spec.figure.x;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${about}"><table>
<caption>${caption}</caption>
${headRow(axis, columns, results)}
<tbody>${order.map(
    (degradation) =>
      html`<tr>${rowHead(degradation, axis)}${columns.map(({ label }) => cell(degradation.name, label))}</tr>\n`,
  )}</tbody></table></div>`;
}

/** Means of one metric; the best marked, and those that cannot be told from it. */
function meansTable(metric: ResultMetric, context: PageContext): Markup {
  const { alias, direction } = metric;
  const cell: Cell = (degradation, restorer) =>
    meanCell({ metric, degradation, restorer }, context.statistics.lead(degradation, alias), context);
  const caption = `Mean over pictures (${directionText(direction)}), ${intervalCaption(context)}`;
  return plainTable({ caption, about: `Means of ${metricTitle(alias)}`, columns: context.series, cell }, context);
}

/** Paired differences of one metric to doing nothing. */
function differencesTable(metric: ResultMetric, context: PageContext): Markup | false {
  const { alias, direction } = metric;
  const nothing = context.results.spec.restorers.find(isNothing);
  const columns = context.series.filter(({ label }) => label !== nothing?.label);
  if (!nothing || columns.length === 0) return false;
  const cell: Cell = (degradation, restorer) => {
    const comparison = context.statistics.compare(degradation, alias, restorer, nothing.label);
    return differenceCell({ metric, degradation, restorer }, comparison, context);
  };
  const caption = `Paired difference to “${nothing.label}” (${direction === 'higher' ? 'above' : 'below'} 0 is better)`;
  return plainTable({ caption, about: `Differences of ${metricTitle(alias)}`, columns, cell }, context);
}

/** Spread over pictures and over seeds apart, where a picture has several seeds. */
function spreadTable(metric: ResultMetric, context: PageContext): Markup | false {
  const cell: Cell = (degradation, restorer) => spreadCell({ metric, degradation, restorer }, context);
  const about = `Spread of ${metricTitle(metric.alias)}`;
  return (
    hasSpread(metric, context) && plainTable({ caption: SPREAD_CAPTION, about, columns: context.series, cell }, context)
  );
}

function tablesOf(metric: ResultMetric, context: PageContext): (Markup | false)[] {
  const { sweep } = context;
  return sweep
    ? [
        sweepMeans(metric, sweep, context),
        sweepDifferences(metric, sweep, context),
        sweepSpread(metric, sweep, context),
      ]
    : [meansTable(metric, context), differencesTable(metric, context), spreadTable(metric, context)];
}

export function tablesSection(context: PageContext): Markup {
  const { results, sweep, pictureCount } = context;
  const ground = sweep ? 'the first' : 'doing nothing';
  return html`<section id="tables" aria-labelledby="tables-title">
<h2 id="tables-title">Tables</h2>
<p class="key"><span><b>★</b> best: told apart from every other${sweep && ' of its row'}</span> <span><b>≈</b> not distinguishable (from the best, or from ${ground})</span> <span class="better"><b>▲</b> better</span> <span class="worse"><b>▼</b> worse than ${ground}</span></p>
<p>n = ${counted(pictureCount, 'picture')} unless a cell says otherwise. All numbers in full: <a href="table.csv" download>table.csv</a>.</p>
${results.metrics.map(
  (metric) => html`<h3>${metricTitle(metric.alias)}</h3>
<div class="tables">${tablesOf(metric, context)}</div>`,
)}
</section>`;
}
