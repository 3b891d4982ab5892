import type { StudyResults } from '../../study/contract.js';
import { COARSE_BELOW, type Detail, type DetailPlace, ENLARGEMENT, FINE_ABOVE, type Fineness } from '../detail.js';
import { FINE, NEIGHBOURHOOD } from '../detail-map.js';
import { BAND_EDGES } from '../detail-spectrum.js';
import { html, type Markup, relativeUrl, trusted } from '../html.js';
import { FEWEST_PICTURES, type Verdict } from '../statistics.js';
import { counted, fixed } from '../wording.js';
import { latentNote } from './cells.js';
import { symbolOf } from './curves.js';

const short = (value: number) => String(Number(value.toPrecision(2)));

/** Retained power in per cent, and the error-to-signal ratio below it. */
function bandCell({ retained, error }: Detail['spectra'][number]['curves'][number]['bands'][number]): Markup {
  if (retained === null || error === null) return html`<td class="none">no value</td>`;
  return html`<td>${fixed(100 * retained, 0)} %<small>${short(error)}</small></td>`;
}

const SEEN: Readonly<Record<Verdict, readonly [badge: string, words: string]>> = {
  worse: ['Holds', 'more of what is fine is wrong than of what is coarse'],
  better: ['Does not hold', 'less of what is fine is wrong than of what is coarse'],
  'not distinguishable': ['Undecided', 'what is fine and what is coarse are not distinguishable'],
  'too few pictures': ['Too few pictures', `below ${FEWEST_PICTURES} pictures nothing is told apart`],
};

const percent = (share: number) => `${fixed(100 * share, share < 0.1 ? 1 : 0)} %`;

/** Whether compression costs what is fine above all, in a sentence with its interval. */
function fineness({ restorer, fine, coarse, compared: { n, interval, verdict } }: Fineness): Markup {
  const [badge, words] = SEEN[verdict];
  const bounds = interval ? `; difference ${percent(interval.low)} to ${percent(interval.high)}, 95 % interval` : '';
  return html`<li><strong>${badge}</strong> for ${restorer}: on ${counted(n, 'picture')}, ${words} (error to signal ${percent(fine)} above ${FINE_ABOVE} cycles per pixel, ${percent(coarse)} below ${COARSE_BELOW}${bounds}).</li>`;
}

const finenessList = (all: readonly Fineness[]): Markup | false =>
  all.length > 0 &&
  html`<p>Claim: what is lost is fine detail above all.</p>
<ul class="fineness">${all.map(fineness)}</ul>`;

function spectrum(
  { degradation, pictures, curves, fineness: told, svg, file }: Detail['spectra'][number],
  detail: Detail,
  results: StudyResults,
): Markup {
  const look = (restorer: string) => detail.looks.find(({ label }) => label === restorer)!;
  const bands = curves[0]?.bands ?? [];
  return html`<h3>By frequency: ${degradation}</h3>
${finenessList(told)}
<figure class="row spectra"><div class="panel wide">${trusted(svg)}</div>
<div class="legend">${curves.map(({ restorer }) => html`<span>${symbolOf(look(restorer))}${restorer}</span>`)}</div>
<div class="scroll" tabindex="0" role="region" aria-label="Ratios by frequency at ${degradation}"><table>
<caption>Retained power, and below it the error-to-signal ratio, by cycles per pixel; mean over ${counted(pictures, 'picture')} shown</caption>
<thead><tr><th scope="col">Restorer</th>${bands.map(({ frequency }) => html`<th scope="col">${short(frequency)}</th>`)}</tr></thead>
<tbody>${curves.map(
    (curve) =>
      html`<tr><th scope="row">${symbolOf(look(curve.restorer))}${curve.restorer}${latentNote(results, curve.restorer)}</th>${curve.bands.map(bandCell)}</tr>\n`,
  )}</tbody></table></div>
<p class="files">Files: <a href="${relativeUrl(file)}">${file}</a>, <a href="detail.csv" download>detail.csv</a>.</p></figure>`;
}

const tile = (file: string, title: string, note: string, kind: 'crop' | 'map'): Markup =>
  html`<figure class="${kind}"><img src="${relativeUrl(file)}" alt="${kind === 'crop' ? 'Crop' : 'Map'}: ${title}" loading="lazy"><figcaption>${title}${note !== '' && html` <small>${note}</small>`}</figcaption></figure>`;

function place({ image, degradation, rect, top, original, outputs }: DetailPlace): Markup {
  const { x, y, width, height } = rect;
  return html`<h3>By place: ${image}, ${degradation}</h3>
<div class="detail">${tile(original.crop, 'Original', '', 'crop')}${outputs.map((one) => tile(one.crop, one.restorer, '', 'crop'))}</div>
<p class="how">${width} × ${height} pixels at (${x}, ${y}), ${ENLARGEMENT} times enlarged: where the restorers together lose most. Below, the detail of the original and what of it is wrong in each output; brightest from ${short(255 * top)} of 255 levels on, the crop outlined.</p>
<div class="detail">${tile(original.map, 'Detail of the original', '', 'map')}${outputs.map((one) =>
    tile(
      one.map,
      one.restorer,
      one.share === null ? 'no detail to lose' : `${fixed(100 * one.share, 0)} % of the original’s`,
      'map',
    ),
  )}</div>`;
}

/** "Where detail is lost", for studies that ask for it. */
export function detailSection(detail: Detail, results: StudyResults): Markup {
  const body =
    detail.spectra.length === 0
      ? html`<p>No pictures are kept of which an original and an output could be compared.</p>`
      : html`<p>Of the pictures kept, BT.601 luma. By frequency: spectra under a Hann window over the whole picture, less its mean, since borders that do not continue each other would look like detail; radially averaged over half octaves up to ${BAND_EDGES.at(-1)!} cycles per pixel. Retained power says how much detail is there, the error-to-signal ratio how much of it is wrong: detail that is invented keeps the power and does not lower the error. A ratio of 0 is not drawn.</p>
<p>By place: detail is what a Gaussian of ${FINE} pixels smooths away, its root mean square taken around each pixel (Gaussian of ${NEIGHBOURHOOD} pixels). With several seeds, curves are means over them, maps and crops of the first.</p>
${detail.spectra.map((one) => spectrum(one, detail, results))}
${detail.places.map(place)}`;
  return html`<section id="detail" aria-labelledby="detail-title">
<h2 id="detail-title">Where detail is lost</h2>
${body}
</section>`;
}
