import type { StudyDegradation, StudyResults } from '../study/contract.js';
import type { Statistics } from './statistics.js';
import { grouped, listed, metricTitle } from './wording.js';

/** One statement of the summary, with the heading it stands under and what it speaks of. */
export interface Finding {
  readonly topic: 'best' | 'nothing' | 'levels' | 'disagreement' | 'limits';
  readonly subject?: string;
  readonly text: string;
}

/** What findings are written from. */
export interface Ground extends Pick<StudyResults, 'spec' | 'metrics' | 'rows'> {
  readonly statistics: Statistics;
  readonly order: readonly StudyDegradation[];
  where(chosen: readonly StudyDegradation[]): string;
}

/** Restorers that are ranked among each other, and how they are called. */
export interface Field {
  readonly labels: readonly string[];
  /** One or several of them in words. */
  name(labels: readonly string[]): string;
}

/** Titles in a row: `SSIM and PSNR`. */
export const titles = (metrics: readonly string[]) => listed(metrics.map(metricTitle));

/** Who is best by one metric, degradations of one outcome together; undefined where nothing can be told apart. */
function bestBy(alias: string, { labels, name }: Field, { statistics, order, where }: Ground): string | undefined {
  const leads = order.flatMap((degradation) => {
    const lead = statistics.lead(degradation.name, alias, labels);
    return lead ? [{ degradation, lead }] : [];
  });
  if (leads.length === 0) return 'fewer than two restorers have a value.';
  const told = leads.filter(({ lead }) => lead.enough);
  const clauses = grouped(told, ({ lead }) => JSON.stringify([lead.leader, [...lead.ties].sort()])).map((group) => {
    const { leader, ties } = group[0]!.lead;
    const at = where(group.map(({ degradation }) => degradation));
    return ties.length === 0
      ? `${name([leader])} is best at ${at}`
      : `at ${at} ${name([leader])} has the best mean but cannot be told from ${name(ties)}`;
  });
  return clauses.length === 0 ? undefined : `${clauses.join('; ')}.`;
}

/** Who is best by each metric, metrics of one outcome together: which, in which direction, and the text. */
export function leaders(field: Field, ground: Ground): { metrics: string; direction: string; text: string }[] {
  const outcomes = ground.metrics.flatMap(({ alias, direction }) => {
    const text = bestBy(alias, field, ground);
    return text === undefined ? [] : [{ alias, direction, text }];
  });
  return grouped(outcomes, ({ direction, text }) => JSON.stringify([direction, text])).map((group) => ({
    metrics: titles(group.map(({ alias }) => alias)),
    direction: `${group[0]!.direction} is better`,
    text: group[0]!.text,
  }));
}

interface Conflict {
  readonly degradation: StudyDegradation;
  readonly metric: string;
  readonly against: string;
  /** Best by `metric`, and by `against`. */
  readonly first: string;
  readonly second: string;
}

/** Where two metrics have different leaders and each can tell its own from the other's. */
function conflicts({ labels }: Field, { metrics, statistics, order }: Ground): Conflict[] {
  return order.flatMap((degradation) =>
    metrics.flatMap(({ alias: metric }, i) =>
      metrics.slice(i + 1).flatMap(({ alias: against }) => {
        const first = statistics.lead(degradation.name, metric, labels)?.leader;
        const second = statistics.lead(degradation.name, against, labels)?.leader;
        if (first === undefined || second === undefined || first === second) return [];
        const sure =
          statistics.compare(degradation.name, metric, first, second).verdict === 'better' &&
          statistics.compare(degradation.name, against, second, first).verdict === 'better';
        return sure ? [{ degradation, metric, against, first, second }] : [];
      }),
    ),
  );
}

/** Conflicts in words: first degradations of one conflict together, then metrics that side with each other. */
export function disagreements(field: Field, ground: Ground): { at: string; text: string }[] {
  const perPair = grouped(conflicts(field, ground), ({ metric, against, first, second }) =>
    JSON.stringify([metric, against, first, second]),
  ).map((group) => ({ ...group[0]!, at: ground.where(group.map(({ degradation }) => degradation)) }));
  return grouped(perPair, ({ against, first, second, at }) => JSON.stringify([against, first, second, at])).map(
    (group) => {
      const { against, at } = group[0]!;
      const [first, second] = [field.name([group[0]!.first]), field.name([group[0]!.second])];
      const verb = group.length === 1 ? 'ranks' : 'rank';
      const text = `${titles(group.map(({ metric }) => metric))} ${verb} ${first} above ${second}, ${metricTitle(against)} ranks ${second} above ${first}; both differences are distinguishable.`;
      return { at, text };
    },
  );
}
