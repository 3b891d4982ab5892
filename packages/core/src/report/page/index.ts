import { createHash } from 'node:crypto';
import { html, type Markup, trusted } from '../html.js';
import type { Series } from '../palette.js';
import { claimsSection } from './claims.js';
import type { PageContext } from './context.js';
import { curvesSection } from './curves.js';
import { detailSection } from './detail.js';
import { findingsSection, headSection } from './head.js';
import { methodSection } from './method.js';
import { missingSection } from './missing.js';
import { picturesSection } from './pictures.js';
import { runSection } from './run.js';
import { tablesSection } from './tables.js';

/** The style sheet and the script, as they lie in the package. */
export interface PageAssets {
  readonly css: string;
  readonly script: string;
}

/** Each restorer's colour in both themes, and what hides its curves. */
function seriesCss(series: readonly Series[]): string {
  const colours = (pick: (one: Series) => string) => series.map((one) => `${one.variable}:${pick(one)}`).join(';');
  const hidden = series
    .map(
      ({ variable }, i) => `.hide-${i} .panel :is([stroke="var(${variable})"],[fill="var(${variable})"]){opacity:.06}`,
    )
    .join('\n');
  return `:root{${colours(({ light }) => light)}}
@media screen and (prefers-color-scheme:dark){:root{${colours(({ dark }) => dark)}}}
${hidden}`;
}

/**
 * The whole page in one file: styles, script and data are in it, pictures beside it. Scripts other than this one are refused by the
 * page itself, so that no name in a study can become one.
 */
export function reportPage(context: PageContext, { css, script }: PageAssets): Markup {
  const allowed = createHash('sha256').update(script).digest('base64');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="script-src 'sha256-${allowed}'; connect-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${context.results.spec.title}</title>
<style>
${trusted(css)}
${trusted(seriesCss(context.series))}
${context.detail && trusted(context.detail.css)}
</style>
</head>
<body>
<main>
${headSection(context)}
${findingsSection(context)}
${claimsSection(context)}
${curvesSection(context)}
${tablesSection(context)}
${picturesSection(context)}
${context.detail && detailSection(context.detail, context.results)}
${missingSection(context)}
${methodSection(context)}
${runSection(context)}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
}
