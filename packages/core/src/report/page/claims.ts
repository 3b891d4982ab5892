import type { StudyClaim, StudySpec } from '../../study/contract.js';
import type { ClaimLine, ClaimOutcome, TestedClaim } from '../claims.js';
import { html, type Markup } from '../html.js';
import { FEWEST_PICTURES, type Statistics } from '../statistics.js';
import { seriesNamed, withoutUnit } from '../sweep.js';
import { counted, decimalsOf, fixed, grouped, intervalText, listed, metricTitle } from '../wording.js';
import type { PageContext } from './context.js';

type Test = StudyClaim['test'];
type Told = Pick<ClaimLine, 'verdict' | 'seen'>;

const OUTCOMES: Readonly<Record<ClaimOutcome, readonly [badge: string, words: string]>> = {
  holds: ['Holds', 'the claim holds'],
  'in part': ['Holds in part', 'the claim holds in part'],
  refuted: ['Does not hold', 'the claim does not hold'],
  undecided: ['Undecided', 'the claim is neither confirmed nor refuted'],
  'too few pictures': ['Too few pictures', 'the claim cannot be tested'],
  'no values': ['No values', 'the claim cannot be tested'],
};

const VERDICTS: Readonly<Record<ClaimLine['verdict'], string>> = {
  holds: 'holds',
  refuted: 'does not hold',
  undecided: 'undecided',
  'too few pictures': 'too few pictures',
  'no values': 'no values',
};

function trendSeen({ trend, margin = 0 }: Extract<Test, { kind: 'trend' }>, { verdict, seen }: Told): string {
  if (trend === 'hardly-changes') {
    if (verdict === 'holds') return `the change stays within ±${margin}`;
    return verdict === 'refuted' ? `the change exceeds ±${margin}` : `the interval reaches beyond ±${margin}`;
  }
  if (seen === 'not distinguishable') return 'no change can be told';
  return seen === 'better' ? 'the value improves' : 'the value worsens';
}

function bestSeen({ x, margin }: Extract<Test, { kind: 'best-at' }>, { verdict, seen }: Told): string {
  const point = `the point at ${x}`;
  if (seen === 'better') return `${point} is best`;
  if (seen === 'not distinguishable') return `${point} and the best of the others are not distinguishable`;
  return verdict === 'holds' ? `${point} is within ${margin} of the best` : `another point is better than that at ${x}`;
}

/** The other side of a comparison, with its degradation where that is another. */
const otherOf = ({ than, thanAt }: Extract<Test, { than: string }>): string =>
  thanAt === undefined ? than : `${than} at ${thanAt}`;

/** What the numbers show of a claim, as a clause. */
export function seenText(test: Test, told: Told): string {
  if (told.verdict === 'too few pictures') return `below ${FEWEST_PICTURES} pictures nothing is told apart`;
  if (told.verdict === 'no values') return 'there are no values';
  if (test.kind === 'trend') return trendSeen(test, told);
  if (test.kind === 'best-at') return bestSeen(test, told);
  return told.seen === 'not distinguishable'
    ? `${test.restorer} and ${otherOf(test)} are not distinguishable`
    : `${test.restorer} is ${told.seen} than ${otherOf(test)}`;
}

/** The same beside a line of a table whose caption names the parts. */
function seenBriefly(test: Test, told: Told): string {
  const isTold = told.verdict !== 'too few pictures' && told.verdict !== 'no values';
  if ('than' in test && isTold) return told.seen!;
  if (test.kind === 'best-at' && told.seen === 'not distinguishable') {
    return 'not distinguishable from the best of the others';
  }
  return seenText(test, told);
}

/** A claim that holds because nothing is seen says so: that is weaker than seeing the other way. */
const allowance = (test: Test, { verdict, seen }: Told): string =>
  verdict === 'holds' && seen === 'not distinguishable' && !('trend' in test && test.trend === 'hardly-changes')
    ? ', which the claim allows'
    : '';

/** By which metrics and where: `by SSIM and NIQE at SR2, and by PSNR at every degradation`. */
function placesText(some: readonly ClaimLine[], { claim, lines }: TestedClaim): string {
  const degradations = new Set(lines.map(({ degradation }) => degradation)).size;
  const all = claim.degradations === undefined && degradations > 1;
  const perMetric = grouped(some, ({ metric }) => metric).map((own) => {
    const at = all && own.length === degradations ? ['every degradation'] : own.map(({ degradation }) => degradation);
    return { metric: own[0]!.metric, at: listed(at) };
  });
  return grouped(perMetric, ({ at }) => at)
    .map((group) => `by ${listed(group.map(({ metric }) => metricTitle(metric)))} at ${group[0]!.at}`)
    .join(', and ');
}

/** The claim as a whole, in a sentence: on which pictures, and what is seen where. */
export function sentenceOf(tested: TestedClaim, pictures: number): string {
  const { claim, outcome, lines } = tested;
  const where = pictures === 1 ? 'On this picture' : `On these ${pictures} pictures`;
  const head = `${where} and with these restorers, ${OUTCOMES[outcome][1]}`;
  const clauses = grouped(lines, (line) => seenText(claim.test, line)).map((own) => {
    const [line] = own as [ClaimLine];
    return `${seenText(claim.test, line)} ${placesText(own, tested)}${allowance(claim.test, line)}`;
  });
  return clauses.length === 0 ? `${head}.` : `${head}: ${clauses.join('; ')}.`;
}

/** What the differences of a claim's lines are differences of. */
export function measuredText({ test }: StudyClaim, { figure, restorers }: StudySpec): string {
  if ('than' in test)
    return `Difference: “${test.restorer}” less “${otherOf(test)}”, each picture compared with itself`;
  const axis = figure.over === 'restorers' && figure.x !== null ? withoutUnit(figure.x) : 'x';
  if (test.kind === 'best-at') {
    return `Difference: “${test.series}” at ${axis} ${test.x} less the best of its other places, each picture compared with itself`;
  }
  const { points } = seriesNamed(restorers).find(({ name }) => name === test.series) ?? { points: [] };
  const over = figure.over === 'restorers' && figure.scale === 'log' ? `the logarithm of ${axis}` : axis;
  return `Change: “${test.series}” from ${axis} ${points[0]?.x} to ${points.at(-1)?.x}, along the straight line that fits each picture over ${over}`;
}

function lineRow(line: ClaimLine, { test }: StudyClaim, decimals: number): Markup {
  const { metric, degradation, verdict, difference, interval, n, against } = line;
  const told = `${seenBriefly(test, line)}${allowance(test, line)}`;
  const to = against !== undefined && html`<small>to that at ${against}</small>`;
  const measured =
    difference === null
      ? '–'
      : html`${fixed(difference, decimals, { sign: true })}${interval && html`<small>${intervalText(interval, decimals, { sign: true })}</small>`}${to}`;
  return html`<tr><th scope="row">${metricTitle(metric)}<small>${degradation}</small></th><td class="says"><b class="verdict ${verdict.replaceAll(' ', '-')}">${VERDICTS[verdict]}</b><small>${told}</small></td><td>${measured}</td><td>${n}</td></tr>\n`;
}

function claimArticle(tested: TestedClaim, context: PageContext): Markup {
  const { results, statistics, pictureCount } = context;
  const { claim, outcome, lines } = tested;
  const row = (line: ClaimLine) => lineRow(line, claim, claimDecimals(results, statistics, line.metric));
  return html`<article class="claim">
<h3>${claim.text}<span class="verdict ${outcome.replaceAll(' ', '-')}">${OUTCOMES[outcome][0]}</span></h3>
<p class="sentence">${sentenceOf(tested, pictureCount)}</p>
${
  lines.length > 0 &&
  html`<div class="scroll" tabindex="0" role="region" aria-label="Tests of the claim"><table class="lines">
<caption>${measuredText(claim, results.spec)}</caption>
<thead><tr><th scope="col">Metric, at</th><th scope="col">Verdict</th><th scope="col">${claim.test.kind === 'trend' ? 'Change' : 'Difference'}, 95 %</th><th scope="col">n</th></tr></thead>
<tbody>${lines.map(row)}</tbody></table></div>`
}
</article>`;
}

/** Differences are small beside means: a digit more than the tables'. */
const claimDecimals = (results: PageContext['results'], statistics: Statistics, metric: string): number =>
  Math.min(decimalsOf(results, statistics, metric) + 1, 4);

/** Each claim of the study with its verdict; nothing where the study states none. */
export function claimsSection(context: PageContext): Markup | false {
  const { claims, pictureCount } = context;
  const trends = claims.some(({ claim }) => claim.test.kind === 'trend');
  return (
    claims.length > 0 &&
    html`<section id="claims" aria-labelledby="claims-title">
<h2 id="claims-title">Claims put to the test</h2>
${claims.map((claim) => claimArticle(claim, context))}
<p class="basis">Verdicts are on ${counted(pictureCount, 'picture')} and speak of pictures like these and of these restorers, at each degradation and by each metric apart. What is claimed to be so holds where the 95 % interval of the paired difference lies wholly on that side of 0, and does not where it lies wholly on the other. What is claimed not to be so is refuted where it is seen, and else holds; where that is only because nothing is distinguishable, the line says so. Below ${FEWEST_PICTURES} pictures nothing is told apart. Intervals are not adjusted for the number of tests.${trends && ' A straight line sees a steady rise or fall; what rises and falls again shows in the curves.'} For scripts: <a href="claims.json" download>claims.json</a>.</p>
</section>`
  );
}
