import type { Reason } from '../../metric/contract.js';
import type { ResultRow } from '../../study/contract.js';
import { html, type Markup } from '../html.js';
import { counted, metricTitle } from '../wording.js';
import type { PageContext } from './context.js';

const REASONS: Readonly<Record<Reason | 'not-scored', string>> = {
  identical:
    'the output equals the original, so the value is infinite; leaving it out makes the mean look worse than it is',
  'too-small': 'the picture is too small for this metric',
  'no-valid-blocks': 'no block of the picture has enough structure to be judged',
  'no-reference': 'the metric needs the original',
  'no-input': 'the metric needs the degraded picture',
  'degradation-unknown': 'the metric needs to know the degradation',
  'model-missing': 'the network of the metric is not installed',
  'not-finite': 'the output or the value is not a finite number',
  'not-scored': 'the results hold no score by this metric',
};

/** Longest list printed; the rest is counted. */
const LONGEST = 100;

interface Gap {
  readonly what: string;
  readonly restorer: string;
  readonly degradations: Set<string>;
  readonly pictures: Set<string>;
  count: number;
}

/** Gaps of one kind and restorer together, in the order of the rows. */
function collect(rows: readonly ResultRow[], whats: (row: ResultRow) => readonly string[]): Gap[] {
  const gaps = new Map<string, Gap>();
  for (const row of rows) {
    const restorer = row.restorer.label;
    for (const what of whats(row)) {
      const key = JSON.stringify([what, restorer]);
      const gap = gaps.get(key) ?? { what, restorer, degradations: new Set(), pictures: new Set(), count: 0 };
      gap.degradations.add(row.degradation.name);
      gap.pictures.add(row.image.name);
      gap.count += 1;
      gaps.set(key, gap);
    }
  }
  return [...gaps.values()];
}

function namesText(all: ReadonlySet<string>): string {
  const names = [...all];
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function gapTable(caption: string, gaps: readonly Gap[]): Markup | false {
  if (gaps.length === 0) return false;
  const rest = gaps.length - LONGEST;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="words"><caption>${caption}</caption>
<thead><tr><th scope="col">What</th><th scope="col">Restorer</th><th scope="col">Degradations</th><th scope="col">Cells</th><th scope="col">Pictures</th></tr></thead>
<tbody>${gaps
    .slice(0, LONGEST)
    .map(
      ({ what, restorer, degradations, count, pictures }) =>
        html`<tr><td>${what}</td><td>${restorer}</td><td>${namesText(degradations)}</td><td>${count}</td><td>${namesText(pictures)}</td></tr>\n`,
    )}</tbody></table></div>${rest > 0 && html`<p>and ${rest} more; see <code>results.jsonl</code>.</p>`}`;
}

/** Everything that was planned or asked for and is in no mean. */
export function missingSection({ results, pictures }: PageContext): Markup {
  const { rows, metrics, skipped = [], missing = 0 } = results;
  const failures = collect(rows, ({ error }) => (error ? [`${error.code}: ${error.message}`] : []));
  const undefinedScores = collect(rows, ({ scores, error }) =>
    error
      ? []
      : metrics.flatMap(({ alias }) => {
          const score = scores?.[alias];
          if (score !== undefined && score.value !== null) return [];
          const reason = score === undefined ? 'not-scored' : (score as { reason: Reason }).reason;
          return [`${metricTitle(alias)}, ${reason}: ${REASONS[reason] ?? 'no value'}`];
        }),
  );
  const whole =
    rows.length > 0 &&
    missing + failures.length + undefinedScores.length + skipped.length + pictures.absent.length === 0;
  return html`<section id="missing" aria-labelledby="missing-title">
<h2 id="missing-title">What is missing</h2>
${whole && html`<p>Nothing: every cell of the plan has a result, and every score has a value.</p>`}
${rows.length === 0 && html`<p>There are no results yet.</p>`}
${missing > 0 && html`<p>${counted(missing, 'cell')} of the plan ${missing === 1 ? 'has' : 'have'} no result yet; the same command goes on where the run ended.</p>`}
${gapTable('Cells that failed', failures)}
${gapTable('Scores without a value', undefinedScores)}
${skipped.length > 0 && html`<h3>Left out of the study</h3><ul>${skipped.map(({ name, reason }) => html`<li><strong>${name}</strong>: ${reason}</li>`)}</ul>`}
${pictures.absent.length > 0 && html`<h3>Pictures that cannot be shown</h3><ul>${pictures.absent.map(({ file, reason }) => html`<li><code>${file}</code> ${reason}</li>`)}</ul>`}
</section>`;
}
