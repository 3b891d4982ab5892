import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writing } from '../errors.js';
import { writeAtomically } from '../image/atomic.js';
import { html, type Markup, trusted } from '../report/html.js';
import { saveFigure } from '../report/report.js';
import { AXES, drawPanel, type Panel } from './figure.js';
import type { ProfileReport } from './schema.js';
import { mainTable, notes, type ProfileTable, partsTable, samplingTable } from './tables.js';

interface Figure {
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

async function figuresOf(report: ProfileReport): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const metric of Object.keys(report.restorers[0]?.quality ?? {}))
    for (const panel of Object.keys(AXES) as Panel[]) {
      const svg = await drawPanel(report, panel, metric);
      const name = `figure-4${panel}-${metric.replace(/[^A-Za-z0-9-]+/g, '-')}`;
      const caption = `Figure 4${panel}: ${metric} against ${AXES[panel].title}. Bars: 95 % intervals. Dotted: without a place on the axis.`;
      if (svg) figures.push({ name, caption, svg });
    }
  return figures;
}

const TITLE = 'What restorers cost (Figure 4)';

const tablesOf = (report: ProfileReport): ProfileTable[] =>
  [mainTable(report), partsTable(report), samplingTable(report)].filter(({ rows }) => rows.length > 0);

function markdown(report: ProfileReport, figures: readonly Figure[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const table = ({ head, rows }: ProfileTable) =>
    [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
  const blocks = [
    `# ${TITLE}`,
    ...figures.map(({ name, caption }) => `![${caption}](${name}.svg)\n\n${caption}`),
    ...tablesOf(report).map(table),
    notes(report)
      .map((note) => `- ${note}`)
      .join('\n'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const STYLE = `body{font:15px/1.5 system-ui,"Helvetica Neue",Arial,sans-serif;color:#1f2328;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;margin:1.5rem 0;display:block;overflow-x:auto}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #dfe2e6;vertical-align:top}
figure{display:inline-block;margin:0 1rem 1rem 0}figcaption,li{color:#59616b;font-size:13px}figcaption{max-width:30rem}`;

function page(report: ProfileReport, figures: readonly Figure[]): Markup {
  const table = ({
    head,
    rows,
  }: ProfileTable) => html`<table><thead><tr>${head.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((one) => html`<td>${one}</td>`)}</tr>\n`)}</tbody></table>`;
  const figure = ({ svg, caption }: Figure) =>
    html`<figure role="group" aria-label="${caption}">${trusted(svg)}<figcaption>${caption}</figcaption></figure>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${TITLE}</title><style>${trusted(STYLE)}</style></head>
<body><h1>${TITLE}</h1>
${figures.map(figure)}
${tablesOf(report).map(table)}
<ul>${notes(report).map((note) => html`<li>${note}</li>\n`)}</ul></body></html>
`;
}

/**
 * Writes a profile to a folder, made where it is not there: `profile.json`, `profile.md`, `index.html`, and where metrics were taken
 * `figure-4a-METRIC` and `figure-4b-METRIC` as SVG and PNG. Files of these names are replaced. @throws EnvironmentError `IR_E_WRITE`
 */
export async function writeProfile(report: ProfileReport, out: string): Promise<{ readonly index: string }> {
  const figures = await figuresOf(report);
  const index = join(out, 'index.html');
  const write = async () => {
    await mkdir(out, { recursive: true });
    for (const { name, svg } of figures) await saveFigure(svg, join(out, name));
    await writeAtomically(join(out, 'profile.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeAtomically(join(out, 'profile.md'), markdown(report, figures));
    await writeAtomically(index, page(report, figures).text);
  };
  await writing(out, write, { what: 'folder' });
  return { index };
}
