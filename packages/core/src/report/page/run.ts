import { html, type Markup } from '../html.js';
import type { PageContext } from './context.js';

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const pairs = (entries: readonly (readonly [string, unknown])[]): Markup =>
  html`<dl class="pairs">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${plain(value)}</dd></div>`)}</dl>`;

const group = (title: string, record: Readonly<Record<string, unknown>>): Markup | false =>
  Object.keys(record).length > 0 && html`<h3>${title}</h3>${pairs(Object.entries(record))}`;

/** Where and by what the study was run, and how to run it again. Here alone clock and host may stand. */
export function runSection({ results }: PageContext): Markup {
  const { manifest, spec } = results;
  const { versions, commit, native, host, models, images, seeds, specHash, runs } = manifest;
  const command = runs.at(-1)?.command;
  const about = [
    ['commit', commit ?? 'not run from a checkout'],
    ['spec', specHash],
    ['seeds', seeds.join(', ')],
    ['threads per cell', spec.threads],
  ] as const;
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">The run</h2>
${command !== undefined && html`<h3>To run it again</h3><pre><code>${command}</code></pre><p>In the same folder it goes on where it ended; in a new one it starts afresh. With the same build on the same kind of processor, the numbers come out the same to the last digit. <code>ir study report</code> makes this page again from the results.</p>`}
${group('Versions', versions)}
<h3>Source</h3>${pairs(about)}
${group('Native build', native)}
${group('Host', host)}
${group('Networks (SHA-256)', models)}
<h3>Runs</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="words"><thead><tr><th scope="col">Started</th><th scope="col">Ended</th><th scope="col">Cells computed</th><th scope="col">Outcome</th><th scope="col">Command</th></tr></thead>
<tbody>${runs.map(
    (one) =>
      html`<tr><td>${one.started}</td><td>${one.ended ?? '–'}</td><td>${one.cellsDone}</td><td>${one.outcome}</td><td><code>${one.command}</code></td></tr>\n`,
  )}</tbody></table></div>
<details><summary>Pictures (${images.length})</summary><div class="scroll"><table class="words"><thead><tr><th scope="col">Name</th><th scope="col">Size</th><th scope="col">Hash</th></tr></thead>
<tbody>${images.map(
    ({ name, width, height, hash }) =>
      html`<tr><td>${name}</td><td>${width} × ${height}</td><td><code>${hash}</code></td></tr>\n`,
  )}</tbody></table></div></details>
<details><summary>The study as specified</summary><pre><code>${JSON.stringify(spec, null, 2)}</code></pre></details>
</section>`;
}
