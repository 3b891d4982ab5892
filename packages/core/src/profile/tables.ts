import { FEWEST_PICTURES } from '../report/statistics.js';
import { ratioText } from '../report/wording.js';
import type { ProfileReport, RestorerProfile } from './schema.js';
import {
  byPart,
  countText,
  directionText,
  memoryText,
  parametersText,
  percentText,
  qualityText,
  timeText,
} from './wording.js';

/** Words in rows, for a terminal, Markdown and a page alike. */
export interface ProfileTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const metricsOf = ({ restorers }: ProfileReport) => Object.keys(restorers[0]?.quality ?? {});

/** A line a restorer: what Figure 4 plots, and what it leaves out. */
export function mainTable(report: ProfileReport): ProfileTable {
  const metrics = metricsOf(report);
  const row = (one: RestorerProfile) => [
    one.id,
    one.parameters ? countText(one.parameters.weights) : 'not known',
    String(one.evaluations.total),
    timeText(one.latency.median),
    timeText(one.latency.p95),
    one.family === 'none' ? '-' : one.throughput.toPrecision(3),
    timeText(one.load),
    memoryText(one.memory.bytes),
    one.sampling ? percentText(one.sampling.outside) : '-',
    one.foreign === null ? '-' : percentText(one.foreign),
    ...metrics.map((alias) => qualityText(one.quality[alias]!)),
  ];
  const head = [
    'restorer',
    'parameters',
    'passes',
    'median',
    'p95',
    'Mpx/s',
    'load',
    'peak memory',
    'outside',
    'others',
  ];
  return {
    head: [...head, ...metrics.map((alias) => `${alias}${report.pictures ? ' [95 %]' : ''}`)],
    rows: report.restorers.map(row),
  };
}

/** Parameters and passes by part, of restorers with networks. */
export function partsTable({ restorers }: ProfileReport): ProfileTable {
  const rows = restorers
    .filter(({ evaluations }) => evaluations.total > 0)
    .map((one) => [
      one.id,
      one.compression === null ? '-' : ratioText(one.compression),
      parametersText(one) || 'not known',
      byPart(one.evaluations.parts),
    ]);
  return { head: ['restorer', 'latent', 'parameters by part', 'passes for one picture'], rows };
}

/** The sampling time, of restorers that sample. */
export function samplingTable({ restorers }: ProfileReport): ProfileTable {
  const rows = restorers.flatMap(({ id, sampling: s }) =>
    s
      ? [
          [
            id,
            timeText(s.milliseconds),
            timeText(s.networks),
            timeText(s.transfer),
            timeText(s.rest),
            percentText(s.outside),
          ],
        ]
      : [],
  );
  return { head: ['restorer', 'sampling', 'in networks', 'transfer', 'sampler and noise', 'outside'], rows };
}

/** How the numbers came about. */
export function notes(report: ProfileReport): string[] {
  const { machine, native, size, runs, warmup, threads, providers, versions, restorers, skipped, pictures } = report;
  const ran = restorers.find((one) => one.ran)?.ran;
  const memory = restorers[0]?.memory;
  return [
    `${machine.processor}, ${machine.cores} cores, ${memoryText(machine.memory)}, ${machine.system}; kernels ${native.variant} (${native.backend}), ${native.threads} threads; networks on ${ran?.provider ?? providers.join(', ')}, ${threads} threads, ${ran?.runtime ?? 'none'}; node ${versions.node}`,
    `${size.width}x${size.height} out, batch 1, ${runs} runs after ${warmup}; no file is read while the clock runs, loading apart; p95 by nearest rank${runs < 20 ? ' (the slowest)' : ''}`,
    `degradation ${report.degradation}; a made-up picture is timed`,
    `parameters: elements of floating-point initialisers in the ONNX files, shared graphs once; passes: forward passes for one picture, counted as they ran`,
    memory?.how === 'maxrss-since-start'
      ? `peak memory: of this process alone, since its start (no /proc)${memory.reason ? `; ${memory.reason}` : ''}`
      : `peak memory: sum of the peaks (VmHWM${memory?.how === 'vmhwm' ? ', set back before the runs' : ' since their start'}) of this process, ${memoryText(memory?.before ?? null)} before, and its network processes`,
    'others: share of the processor time that other programs had during the runs; on a machine that is not quiet, times on the clock, and outside with them, are larger than they would be',
    'outside: share of the sampling time, first step to last, that the networks’ processes did not spend in the runtime',
    ...(pictures ? metricNotes(report) : []),
    ...skipped.map(({ id, reason }) => `left out: ${id}: ${reason}`),
  ];
}

function metricNotes(report: ProfileReport): string[] {
  const { names, longSide, bootstrap, seeds } = report.pictures!;
  const { resamples } = bootstrap;
  const size = longSide === null ? 'as they are' : `of long side up to ${longSide}`;
  const lines = metricsOf(report).map((alias) => {
    const found = report.restorers.map(({ quality }) => quality[alias]!);
    const least = Math.min(...found.map(({ n }) => n));
    return `${alias}: ${found[0]!.id}, ${directionText(found[0]!.direction)}${least < names.length ? `; defined for ${least} of ${names.length} pictures at least` : ''}`;
  });
  return [
    `metrics: means over ${names.length} pictures ${size}, of restorers that draw each over ${seeds.length} seeds, whose spread stands behind ±; 95 % bootstrap intervals over pictures (${resamples} resamples), none for fewer than ${FEWEST_PICTURES}`,
    ...lines,
  ];
}
