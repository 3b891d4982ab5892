import type { StudyRestorer } from '../study/contract.js';
import { disagreements, type Field, type Finding, type Ground, leaders, titles } from './leaders.js';
import { isNothing } from './palette.js';
import { type Sweep, type SweepPoint, type SweepSeries, withoutUnit } from './sweep.js';
import { grouped, listed, whereText } from './wording.js';

/** Points of a series in words, as bare places: `5 to 20`; the axis is named once before them. */
function placesOf({ points }: SweepSeries): Field['name'] {
  const placed = points.map(({ x, label }) => ({ name: label, x }));
  return (labels) => {
    const chosen = placed.filter(({ name }) => labels.includes(name));
    return chosen.length === placed.length && chosen.length > 1 ? 'every point' : whereText(chosen, placed, '').trim();
  };
}

const VERDICTS = ['better', 'worse', 'not distinguishable'] as const;

/** At which places a series is better than a level, and at which worse: one metric at one degradation. */
function standing(
  points: readonly SweepPoint[],
  level: string,
  name: Field['name'],
  verdictOf: (label: string, level: string) => string,
): string {
  const parts = VERDICTS.flatMap((verdict) => {
    const at = points.map(({ label }) => label).filter((label) => verdictOf(label, level) === verdict);
    return at.length === 0 ? [] : [`${verdict} at ${name(at)}`];
  });
  return listed(parts);
}

/** How a series stands to a level, degradations of one outcome together, then metrics. */
function againstLevel(series: SweepSeries, level: StudyRestorer, name: Field['name'], ground: Ground): Finding[] {
  const { metrics, statistics, order, where } = ground;
  const outcomes = metrics.flatMap(({ alias }) => {
    const here = order.flatMap((degradation) => {
      const verdictOf = (label: string, other: string) =>
        statistics.compare(degradation.name, alias, label, other).verdict;
      const text = standing(series.points, level.label, name, verdictOf);
      return text === '' ? [] : [{ degradation, text }];
    });
    const clauses = grouped(here, ({ text }) => text).map((group) => {
      const at = where(group.map(({ degradation }) => degradation));
      return order.length === 1 ? group[0]!.text : `at ${at} ${group[0]!.text}`;
    });
    return clauses.length === 0 ? [] : [{ alias, text: clauses.join('; ') }];
  });
  const nothing = isNothing(level);
  return grouped(outcomes, ({ text }) => text).map((group) => ({
    topic: nothing ? 'nothing' : 'levels',
    subject: series.name,
    text: `against ${nothing ? 'the degraded picture' : level.label} by ${titles(group.map(({ alias }) => alias))}: ${group[0]!.text}.`,
  }));
}

/** One series: its best place by each metric, where metrics disagree on it, and how it stands to each level. */
function aboutSeries(series: SweepSeries, { axis, levels }: Sweep, ground: Ground): Finding[] {
  const name = placesOf(series);
  const field: Field = { labels: series.points.map(({ label }) => label), name };
  const several = series.points.length > 1;
  const about = (topic: Finding['topic'], text: string): Finding => ({
    topic,
    subject: series.name,
    text: `along ${withoutUnit(axis)}, ${text}`,
  });
  const best = leaders(field, ground).map(({ metrics, direction, text }) =>
    about('best', `by ${metrics} (${direction}): ${text}`),
  );
  const torn = disagreements(field, ground).map(({ at, text }) => about('disagreement', `at ${at}: ${text}`));
  return [
    ...(several ? [...best, ...torn] : []),
    ...levels.flatMap((level) => againstLevel(series, level, name, ground)),
  ];
}

/**
 * What a sweep shows, in words: points are compared with the best of their series and with the levels, never each with each, so that
 * the text grows with the number of points and no faster.
 */
export const sweepFindings = (sweep: Sweep, ground: Ground): Finding[] =>
  sweep.series.flatMap((series) => aboutSeries(series, sweep, ground));
