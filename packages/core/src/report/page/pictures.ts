import { dataFor, html, type Markup, relativeUrl } from '../html.js';
import { lookOf } from '../palette.js';
import { decimalsOf, fixed, metricTitle } from '../wording.js';
import type { PageContext } from './context.js';

/** What the viewer's script is given; every text in it goes into the page as text. */
function viewerData({ results, statistics, series, pictures }: PageContext) {
  const metrics = results.metrics.map(({ alias, direction }) => ({
    alias,
    title: metricTitle(alias),
    arrow: direction === 'higher' ? '↑' : '↓',
    decimals: decimalsOf(results, statistics, alias),
  }));
  const { restorers } = results.spec;
  const severalSeeds = results.spec.seeds.length > 1;
  return {
    metrics: metrics.map(({ title, arrow }) => `${title} ${arrow}`),
    views: pictures.shown.map(({ image, degradation, original, outputs }) => ({
      image: image.name,
      hash: image.hash,
      degradation: degradation.name,
      width: image.width,
      height: image.height,
      entries: [
        ...(original === null
          ? []
          : [{ label: 'Original', url: relativeUrl(original), values: metrics.map(() => '') }]),
        ...outputs.map(({ row, file }) => {
          const look = lookOf(series, restorers.find(({ label }) => label === row.restorer.label) ?? row.restorer);
          return {
            label: severalSeeds ? `${row.restorer.label}, seed ${row.seed}` : row.restorer.label,
            ...(look ? { symbol: look.symbol, colour: `var(${look.variable})` } : {}),
            url: relativeUrl(file),
            values: metrics.map(({ alias, decimals }) => {
              const score = row.scores?.[alias];
              if (score === undefined) return 'failed';
              return score.value === null ? score.reason : fixed(score.value, decimals);
            }),
          };
        }),
      ],
    })),
  };
}

export function picturesSection(context: PageContext): Markup {
  const { pictures } = context;
  const body =
    pictures.shown.length === 0
      ? html`<p>This study keeps no pictures.</p>`
      : html`<p class="how">Drag the line, or use the slider, to wipe from one picture to the other. When zoomed in, dragging moves both; single pixels are shown from 200 % on. On the picture, arrow keys move, <kbd>+</kbd> and <kbd>−</kbd> zoom, <kbd>0</kbd> fits.</p>
<noscript><p>The viewer needs scripts; the files are in <code>pictures/</code>.</p></noscript>
<div class="viewer" hidden>
<div class="tools">
<label>Picture <select class="choose-image"></select></label>
<label>Degradation <select class="choose-degradation"></select></label>
<div class="zoom" role="group" aria-label="Zoom"><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="1">100 %</button><button type="button" data-zoom="2">200 %</button><button type="button" data-zoom="4">400 %</button><button type="button" data-zoom="8">800 %</button></div>
</div>
<div class="stage" tabindex="0" role="group" aria-label="Comparison of two pictures">
<div class="layer left"><img alt="" draggable="false"></div>
<div class="layer right"><img alt="" draggable="false"></div>
<span class="tag left"></span><span class="tag right"></span><span class="line"></span>
</div>
<label class="wipe"><span class="hidden">Where the left picture ends and the right one begins</span><input type="range" min="0" max="1000" value="500"></label>
<div class="scroll"><table class="values"><caption>Values of this picture; choose what stands left and right</caption>
<thead><tr></tr></thead><tbody></tbody></table></div>
<div class="panes" role="group" aria-label="All outputs at the same place"></div>
</div>
<script type="application/json" id="viewer-data">${dataFor(viewerData(context))}</script>`;
  return html`<section id="pictures" aria-labelledby="pictures-title">
<h2 id="pictures-title">Pictures</h2>
${body}
</section>`;
}
