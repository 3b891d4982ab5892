import { z } from 'zod';

const count = z.int().min(0);
const milliseconds = z.number().min(0);
const size = z.strictObject({ width: z.int().min(1), height: z.int().min(1) });

const parameters = z.strictObject({
  /** Elements of floating-point initialisers of rank 1 and more, each graph once. */
  weights: count,
  allInitializers: count,
  /** Of the graph files, each once. */
  bytes: count,
  parts: z.array(
    z.strictObject({
      part: z.string(),
      weights: count,
      allInitializers: count,
      bytes: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Another part that runs the same graph; counted there. */
      sameAs: z.string().optional(),
    }),
  ),
});

const latency = z.strictObject({
  median: milliseconds,
  /** By nearest rank: of fewer than 20 runs the slowest. */
  p95: milliseconds,
  least: milliseconds,
  runs: z.array(milliseconds).min(1),
});

const memory = z.strictObject({
  bytes: count.nullable(),
  own: count.nullable(),
  networks: count.nullable(),
  how: z.enum(['vmhwm', 'vmhwm-since-start', 'maxrss-since-start']),
  reason: z.string().optional(),
  /** What this process had resident before the restorer was opened. */
  before: count,
});

const sampling = z.strictObject({
  /** First step to last, decoding apart; medians over the runs, as all below. */
  milliseconds,
  /** Spent in the runtime by the networks' own processes. */
  networks: milliseconds,
  /** Waiting for a pass, less the time in the runtime: copies between processes and waking up. */
  transfer: milliseconds,
  /** Sampler, noise, guidance, windows, scheduling. */
  rest: z.number(),
  /** (transfer + rest) / milliseconds. */
  outside: z.number().max(1),
});

const quality = z.strictObject({
  id: z.string(),
  direction: z.enum(['higher', 'lower']),
  /** Over the pictures with a value; null where there is none. */
  mean: z.number().nullable(),
  /** 95 % interval over the pictures, each by its mean over seeds; null for fewer than six. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Standard deviation over the seeds of a picture, pooled over pictures; null for one seed. */
  seedDeviation: z.number().nullable(),
  n: count,
  /** Why values are missing, and of how many pictures. */
  undefined: z.record(z.string(), count).optional(),
});

const restorer = z.strictObject({
  id: z.string(),
  family: z.string(),
  identity: z.string(),
  settings: z.record(z.string(), z.unknown()),
  scale: z.number().positive(),
  /** Numbers of the picture for one of the latent that it passes; null: it passes none. */
  compression: z.number().positive().nullable(),
  input: size,
  output: size,
  /** What ran its networks; null: it has none. */
  ran: z.strictObject({ provider: z.string(), threads: z.int(), runtime: z.string() }).nullable(),
  /** null: its graphs are not among the installed models. */
  parameters: parameters.nullable(),
  /** Forward passes for one picture. */
  evaluations: z.strictObject({ total: count, parts: z.record(z.string(), count) }),
  /** Opening: hashes, sessions, processes. */
  load: milliseconds,
  latency,
  /** Million pixels of output a second, by the median. */
  throughput: z.number().min(0),
  /** Share of the machine's processor time that other programs had during the runs, 0 to 1; null where it is not known. */
  foreign: z.number().min(0).max(1).nullable(),
  memory,
  /** Of restorers that sample; null of others. */
  sampling: sampling.nullable(),
  quality: z.record(z.string(), quality),
});

/** What `profile` gives and `ir profile --json` prints. Times in milliseconds, memory in bytes. */
export const profileSchema = z.strictObject({
  schema: z.literal('ir.profile/1'),
  machine: z.strictObject({ processor: z.string(), cores: z.int(), memory: count, system: z.string() }),
  versions: z.record(z.string(), z.string()),
  native: z.strictObject({ variant: z.string(), backend: z.string(), threads: z.int() }),
  /** Of the output. */
  size,
  runs: z.int().min(1),
  warmup: count,
  threads: z.int().min(1),
  providers: z.array(z.string()),
  /** Identity of what the timed picture and the pictures of the metrics went through. */
  degradation: z.string(),
  seed: count,
  restorers: z.array(restorer),
  skipped: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  /** What metrics were taken over; null: none were asked for. */
  pictures: z
    .strictObject({
      names: z.array(z.string()),
      longSide: z.int().nullable(),
      bootstrap: z.strictObject({ resamples: z.int(), seed: z.int() }),
      /** Of restorers that draw; the others run once. */
      seeds: z.array(count).min(1),
    })
    .nullable(),
});

export type ProfileReport = z.infer<typeof profileSchema>;
export type RestorerProfile = z.infer<typeof restorer>;
export type Parameters = z.infer<typeof parameters>;
export type Latency = z.infer<typeof latency>;
export type Sampling = z.infer<typeof sampling>;
export type Quality = z.infer<typeof quality>;
