import type { Finding } from '../findings.js';
import { html, type Markup } from '../html.js';
import { counted } from '../wording.js';
import type { PageContext } from './context.js';
import { curvesTitle } from './curves.js';

const SECTIONS = [
  ['findings', 'Findings'],
  ['claims', 'Claims'],
  ['curves', 'Curves'],
  ['tables', 'Tables'],
  ['pictures', 'Pictures'],
  ['detail', 'Where detail is lost'],
  ['missing', 'What is missing'],
  ['method', 'Method'],
  ['run', 'The run'],
] as const;

/** Sections of a page that it does not always have. */
function hasSection(id: string, { claims, detail }: PageContext): boolean {
  if (id === 'detail') return detail !== undefined;
  return id !== 'claims' || claims.length > 0;
}

/** How many of what, with the sweep's series where there is one. */
function restorerFact({ results, sweep }: PageContext): string {
  const all = counted(results.spec.restorers.length, 'restorer');
  return sweep ? `${all}, ${counted(sweep.series.length, 'series', 'series')} among them` : all;
}

export function headSection(context: PageContext): Markup {
  const { results, pictureCount } = context;
  const { spec, imagesNote, rows } = results;
  const facts = [
    counted(pictureCount, 'picture'),
    counted(spec.degradations.length, 'degradation'),
    restorerFact(context),
    counted(spec.metrics.length, 'metric'),
    counted(spec.seeds.length, 'seed'),
    counted(rows.length, 'cell'),
  ];
  return html`<header>
<p class="kicker">Image restoration study</p>
<h1>${spec.title}</h1>
<p class="lede">${spec.description}</p>
<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>
${imagesNote && html`<p class="note"><strong>The pictures.</strong> ${imagesNote}</p>`}
<nav aria-label="Sections">${SECTIONS.filter(([id]) => hasSection(id, context)).map(([id, title]) => html`<a href="#${id}">${id === 'curves' ? curvesTitle(context) : title}</a>`)}</nav>
</header>`;
}

const TOPICS: readonly (readonly [Finding['topic'], string])[] = [
  ['best', 'Who is best'],
  ['disagreement', 'Where metrics disagree'],
  ['nothing', 'Against doing nothing'],
  ['levels', 'Against the dashed levels'],
  ['limits', 'Limits of these results'],
];

export function findingsSection({ findings, pictureCount }: PageContext): Markup {
  const topics = TOPICS.flatMap(([topic, title]) => {
    const texts = findings
      .filter((finding) => finding.topic === topic)
      .map(({ subject, text }) => (subject === undefined ? html`${text}` : html`<strong>${subject}</strong> ${text}`));
    return texts.length === 0 ? [] : [html`<dt>${title}</dt><dd>${texts.map((text) => html`<p>${text}</p>`)}</dd>`];
  });
  const basis =
    pictureCount > 1 &&
    html`<p class="basis">Written from the numbers alone. “Better”, “worse” and “best” stand only where the 95 % interval of the paired difference over ${counted(pictureCount, 'picture')} leaves out 0; intervals are not adjusted for the number of comparisons.</p>`;
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
<dl class="findings">${topics}</dl>
${basis}
</section>`;
}
