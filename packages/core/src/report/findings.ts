import type { StudyDegradation, StudyResults } from '../study/contract.js';
import { isNothing } from './palette.js';
import { FEWEST_PICTURES, type Statistics } from './statistics.js';
import { counted, listed, metricTitle, onAxis, whereText } from './wording.js';

/** One statement of the summary, with the heading it stands under and what it speaks of. */
export interface Finding {
  readonly topic: 'best' | 'nothing' | 'disagreement' | 'limits';
  readonly subject?: string;
  readonly text: string;
}

interface Context extends Pick<StudyResults, 'spec' | 'metrics' | 'rows'> {
  readonly statistics: Statistics;
  readonly order: readonly StudyDegradation[];
  where(chosen: readonly StudyDegradation[]): string;
}

/** Entries of one key together, keys in the order in which they first come. */
function grouped<T>(entries: readonly T[], key: (entry: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const name = key(entry);
    const found = groups.get(name);
    if (found) found.push(entry);
    else groups.set(name, [entry]);
  }
  return [...groups.values()];
}

/** Titles in a row: `SSIM and PSNR`. */
const titles = (metrics: readonly string[]) => listed(metrics.map(metricTitle));

/** Who is best by one metric, degradations of one outcome together; undefined where nothing can be told apart. */
function bestBy(alias: string, { statistics, order, where }: Context): string | undefined {
  const leads = order.flatMap((degradation) => {
    const lead = statistics.lead(degradation.name, alias);
    return lead ? [{ degradation, lead }] : [];
  });
  if (leads.length === 0) return 'fewer than two restorers have a value.';
  const told = leads.filter(({ lead }) => lead.enough);
  const clauses = grouped(told, ({ lead }) => JSON.stringify([lead.leader, [...lead.ties].sort()])).map((group) => {
    const { leader, ties } = group[0]!.lead;
    const at = where(group.map(({ degradation }) => degradation));
    return ties.length === 0
      ? `${leader} is best at ${at}`
      : `at ${at} ${leader} has the best mean but cannot be told from ${listed(ties, 'or')}`;
  });
  return clauses.length === 0 ? undefined : `${clauses.join('; ')}.`;
}

/** The same of all metrics, those of one outcome together. */
function best(context: Context): Finding[] {
  const outcomes = context.metrics.flatMap(({ alias, direction }) => {
    const text = bestBy(alias, context);
    return text === undefined ? [] : [{ alias, direction, text }];
  });
  return grouped(outcomes, ({ direction, text }) => JSON.stringify([direction, text])).map((group) => ({
    topic: 'best',
    subject: titles(group.map(({ alias }) => alias)),
    text: `(${group[0]!.direction} is better): ${group[0]!.text}`,
  }));
}

/** How one restorer stands to doing nothing, metrics of one outcome together. */
function againstNothing(label: string, nothing: string, { metrics, statistics, order, where }: Context): Finding[] {
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

interface Conflict {
  readonly degradation: StudyDegradation;
  readonly metric: string;
  readonly against: string;
  /** Best by `metric`, and by `against`. */
  readonly first: string;
  readonly second: string;
}

/** Where two metrics have different leaders and each can tell its own from the other's. */
function conflicts({ metrics, statistics, order }: Context): Conflict[] {
  return order.flatMap((degradation) =>
    metrics.flatMap(({ alias: metric }, i) =>
      metrics.slice(i + 1).flatMap(({ alias: against }) => {
        const first = statistics.lead(degradation.name, metric)?.leader;
        const second = statistics.lead(degradation.name, against)?.leader;
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
function disagreements(context: Context): Finding[] {
  const perPair = grouped(conflicts(context), ({ metric, against, first, second }) =>
    JSON.stringify([metric, against, first, second]),
  ).map((group) => ({ ...group[0]!, at: context.where(group.map(({ degradation }) => degradation)) }));
  return grouped(perPair, ({ against, first, second, at }) => JSON.stringify([against, first, second, at])).map(
    (group) => {
      const { against, first, second, at } = group[0]!;
      const verb = group.length === 1 ? 'ranks' : 'rank';
      const text = `At ${at}, ${titles(group.map(({ metric }) => metric))} ${verb} ${first} above ${second}, ${metricTitle(against)} ranks ${second} above ${first}; both differences are distinguishable.`;
      return { topic: 'disagreement', text };
    },
  );
}

function limits({ spec, metrics, rows, statistics, order }: Context, missing: number): Finding[] {
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

/**
 * What the numbers say, in plain words: only what the intervals carry. A restorer is called best where its paired interval against
 * every other leaves out 0; everything else is called not distinguishable.
 */
export function findingsOf(results: StudyResults, statistics: Statistics): Finding[] {
  const { spec, metrics } = results;
  const order = onAxis(spec.degradations);
  const axis = spec.figure.x?.replace(/\s*\([^()]*\)$/, '') ?? null; // units, as in `sigma (pixels)`, stand in figures
  const where = (chosen: readonly StudyDegradation[]) => whereText(chosen, spec.degradations, axis);
  const context: Context = { spec, metrics, rows: results.rows, statistics, order, where };
  const nothing = spec.restorers.find(isNothing);
  const others = spec.restorers.filter((restorer) => !isNothing(restorer));
  return [
    ...(results.rows.length === 0 ? [] : best(context)),
    ...disagreements(context),
    ...(nothing ? others.flatMap(({ label }) => againstNothing(label, nothing.label, context)) : []),
    ...limits(context, results.missing ?? 0),
  ];
}
