import type { StudyDegradation, StudyResults } from '../study/contract.js';
import { disagreements, type Field, type Finding, type Ground, leaders, titles } from './leaders.js';
import { isNothing } from './palette.js';
import { FEWEST_PICTURES, type Statistics } from './statistics.js';
import { degradationAxis, degradationOrder, sweepOf, withoutUnit } from './sweep.js';
import { sweepFindings } from './sweep-findings.js';
import { counted, grouped, listed, whereText } from './wording.js';

export type { Finding } from './leaders.js';

/** The same of all metrics, those of one outcome together. */
const best = (field: Field, ground: Ground): Finding[] =>
  leaders(field, ground).map(({ metrics, direction, text }) => ({
    topic: 'best',
    subject: metrics,
    text: `(${direction}): ${text}`,
  }));

/** How one restorer stands to doing nothing, metrics of one outcome together. */
function againstNothing(label: string, nothing: string, { metrics, statistics, order, where }: Ground): Finding[] {
  const outcomes = metrics.flatMap(({ alias }) => {
    const at = (verdict: string) =>
      order.filter(({ name }) => statistics.compare(name, alias, label, nothing).verdict === verdict);
    const [better, worse, even] = [at('better'), at('worse'), at('not distinguishable')];
    const parts = [
      ...(better.length > 0 ? [`better at ${where(better)}`] : []),
      ...(worse.length > 0 ? [`worse at ${where(worse)}`] : []),
      ...(even.length > 0 ? [`not distinguishable at ${where(even)}`] : []),
    ];
    return parts.length === 0 ? [] : [{ alias, text: listed(parts) }];
  });
  const clauses = grouped(outcomes, ({ text }) => text).map(
    (group) => `${group[0]!.text} by ${titles(group.map(({ alias }) => alias))}`,
  );
  if (clauses.length === 0) return [];
  return [{ topic: 'nothing', subject: label, text: `against the degraded picture: ${clauses.join('; ')}.` }];
}

function limits({ spec, metrics, rows, statistics, order }: Ground, missing: number): Finding[] {
  const pictures = new Set(rows.map(({ image }) => image.hash)).size;
  const failed = rows.filter(({ error }) => error).length;
  const without = rows.reduce(
    (sum, { scores }) => sum + Object.values(scores ?? {}).filter(({ value }) => value === null).length,
    0,
  );
  const fewest = order.flatMap(({ name }) =>
    metrics.flatMap(({ alias }) => spec.restorers.map(({ label }) => statistics.summary(name, label, alias).n)),
  );
  const texts = [
    pictures === 0 && 'There are no results yet, so nothing can be said.',
    pictures === 1 &&
      'With one picture there is no interval and no comparison: the numbers describe that picture and nothing else.',
    pictures > 1 &&
      pictures < FEWEST_PICTURES &&
      `With ${pictures} pictures nothing is claimed: below ${FEWEST_PICTURES}, even differences that all point one way come about by chance more often than once in twenty. The figures show how the numbers lie.`,
    pictures >= FEWEST_PICTURES &&
      Math.min(...fewest) < pictures &&
      `Not every mean is over all ${pictures} pictures; the tables give n where it is smaller.`,
    missing > 0 &&
      `The run is unfinished: ${counted(missing, 'cell')} of the plan ${missing === 1 ? 'is' : 'are'} missing here.`,
    failed > 0 &&
      `${counted(failed, 'cell')} failed and ${failed === 1 ? 'is' : 'are'} in no number; see what is missing.`,
    without > 0 &&
      `${counted(without, 'score')} ${without === 1 ? 'is' : 'are'} undefined and in no mean; see what is missing.`,
  ];
  return texts.filter((text) => text !== false).map((text) => ({ topic: 'limits', text }));
}

/** Restorers over degradations: who is best, where metrics disagree, and each against doing nothing. */
function restorerFindings(ground: Ground): Finding[] {
  const { restorers } = ground.spec;
  const field: Field = { labels: restorers.map(({ label }) => label), name: (labels) => listed(labels, 'or') };
  const nothing = restorers.find(isNothing);
  const others = restorers.filter((restorer) => !isNothing(restorer));
  return [
    ...best(field, ground),
    ...disagreements(field, ground).map(
      ({ at, text }): Finding => ({ topic: 'disagreement', text: `At ${at}, ${text}` }),
    ),
    ...(nothing ? others.flatMap(({ label }) => againstNothing(label, nothing.label, ground)) : []),
  ];
}

/**
 * What the numbers say, in plain words: only what the intervals carry. A restorer is called best where its paired interval against
 * every other leaves out 0; everything else is called not distinguishable.
 */
export function findingsOf(results: StudyResults, statistics: Statistics): Finding[] {
  const { spec, metrics, rows } = results;
  const over = degradationAxis(spec);
  const axis = over === null ? null : withoutUnit(over);
  const where = (chosen: readonly StudyDegradation[]) => whereText(chosen, spec.degradations, axis);
  const ground: Ground = { spec, metrics, rows, statistics, order: degradationOrder(spec), where };
  const sweep = sweepOf(spec);
  const shown = rows.length === 0 ? [] : sweep ? sweepFindings(sweep, ground) : restorerFindings(ground);
  return [...shown, ...limits(ground, results.missing ?? 0)];
}
