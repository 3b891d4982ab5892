import type { Degradation } from '../degradation/contract.js';
import type { MetricSettings, Score } from '../metric/contract.js';
import type { CallOptions } from '../progress.js';
import type { Registry } from '../registry.js';

/** A restorer of a study, with its settings and the name it goes by in tables and legends. */
export interface StudyRestorer {
  readonly id: string;
  readonly label: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Place on the figure's axis, where that is one of the restorers' settings (`figure.over`); absent: a level beside the curves. */
  readonly x?: number;
  /** The curve that it is a point of: restorers of one sweep share it. */
  readonly series?: string;
  /** Left out, and listed in `skipped`, where it is not installed. */
  readonly optional?: boolean;
}

/** Along a sweep of restorers: change of a metric, in its direction, from the axis' one end to the other. */
export type Trend = 'improves' | 'worsens' | 'does-not-improve' | 'hardly-changes';

/** A statement that the study's numbers confirm or refute, by paired intervals over pictures, for each metric and degradation apart. */
export interface StudyClaim {
  /** The claim in words, as the paper has it. */
  readonly text: string;
  readonly metrics: readonly string[];
  /** Names; default: every degradation. */
  readonly degradations?: readonly string[];
  readonly test:
    | {
        readonly kind: 'better' | 'not-better';
        readonly restorer: string;
        readonly than: string;
        /** The degradation at which the other stands, where it is another (a round trip of the photograph itself). */
        readonly thanAt?: string;
      }
    /** `margin`: the change, in the metric's units, that `hardly-changes` allows. */
    | { readonly kind: 'trend'; readonly series: string; readonly trend: Trend; readonly margin?: number }
    /** The restorer at place x of the series is, by its mean, within `margin` of the best of the series, or not distinguishable from it. */
    | { readonly kind: 'best-at'; readonly series: string; readonly x: number; readonly margin?: number };
}

/** One degradation of a study; `x` is its place on the figure's axis. */
export interface StudyDegradation {
  readonly name: string;
  readonly x: number | null;
  readonly degradation: Degradation;
}

export interface StudyMetric extends MetricSettings {
  readonly alias: string;
  /** Left out, and listed in `skipped`, where what it needs is not installed. */
  readonly optional?: boolean;
}

/** A study as its spec file says it, defaults filled in. Everything here is part of what a result means. */
export interface StudySpec {
  readonly schema: 'ir.study/1';
  readonly title: string;
  /** What the study asks, in a sentence or two; printed at the head of the report. */
  readonly description: string;
  /** Pictures above this long side are reduced to it by MATLAB bicubic before anything else; null: taken as they are. */
  readonly longSide: number | null;
  readonly degradations: readonly StudyDegradation[];
  readonly restorers: readonly StudyRestorer[];
  readonly metrics: readonly StudyMetric[];
  readonly seeds: readonly number[];
  /** Threads of a network's session and of the kernels in a cell. */
  readonly threads: number;
  /** Resamples of the pictures behind every interval, and the seed they are drawn by. */
  readonly bootstrap: { readonly resamples: number; readonly seed: number };
  readonly figure: {
    /** Name of the axis on which the degradations stand; null: the report draws no curves. */
    readonly x: string | null;
    readonly scale: 'linear' | 'log';
    /** Whose axis it is: degradations (default), or a sweep over settings of restorers, drawn once for each degradation. */
    readonly over?: 'degradations' | 'restorers';
    /** Labels of the restorers without x that are drawn beside the curves and compared with them; absent: all. The others stand in the tables alone. */
    readonly levels?: readonly string[];
  };
  /** What the report is to confirm or refute. */
  readonly claims?: readonly StudyClaim[];
  /** Which outputs the report shows side by side: the first `images` pictures at these degradations. */
  readonly pictures: { readonly images: number; readonly degradations: readonly string[] };
  /** Does the report show where, in frequency and in place, the outputs that are kept lost detail? */
  readonly detail?: boolean;
  /** What becomes of a restorer that refuses a degradation (`IR_E_DEGRADATION`): the plan fails (default), or those cells are left out, stated in `skipped`. */
  readonly inapplicable?: 'refuse' | 'skip';
  /** Minutes after which a cell is given up, with the process that computes it; absent: 30. */
  readonly cellMinutes?: number;
}

/** Something that was asked for or found and is not part of the study. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** A file whose own name says nothing (`image.jpg`, nine times), with the name its picture goes by in results. */
export interface NamedImage {
  readonly name: string;
  readonly path: string;
}

export interface StudyOptions extends CallOptions {
  /** A folder of photographs (its files only, by name), or files; a file given with a name goes by that name, any other by its own. */
  readonly images: string | readonly (string | NamedImage)[];
  /** Where results go; an earlier run of the same study found there is continued. */
  readonly out: string;
  readonly registry: Registry;
  /** URL of the module whose `setup()` gives that registry; the study's child processes import it. */
  readonly registryModule: string;
  /** Child processes at work at once; default: usable cores divided by the spec's threads, at least 1. */
  readonly jobs?: number;
  /** What is typed to run it again, word by word, for the run's record; default: this program's name and arguments. */
  readonly command?: readonly string[];
  /** What the report says of where the pictures come from, for example that they are sepia prints. */
  readonly imagesNote?: string;
}

/** A picture of a study after reduction to the long side. */
export interface StudyImage {
  readonly name: string;
  /** `imageHash` of the picture as it is used. */
  readonly hash: string;
  readonly width: number;
  readonly height: number;
}

/** The smallest unit of work: one picture, one degradation, one seed, one restorer; all metrics. */
export interface Cell {
  /** SHA-256 over everything that can change its numbers. */
  readonly key: string;
  readonly image: StudyImage;
  readonly degradation: StudyDegradation;
  readonly degradationIdentity: string;
  readonly restorer: StudyRestorer;
  readonly restorerIdentity: string;
  readonly seed: number;
  /** Does the report show its output? */
  readonly keepPicture: boolean;
}

export interface StudyPlan {
  /** As asked for, without what is optional and not installed. */
  readonly spec: StudySpec;
  readonly cells: readonly Cell[];
  /** Keys of the cells whose results are on disk, whole and valid. */
  readonly done: ReadonlySet<string>;
  /** Files of the folder that are no pictures, pictures shown twice, restorers left out by the spec's `inapplicable: skip`, what is optional and not installed. */
  readonly skipped: readonly Skipped[];
}

/** One line of `results.jsonl`, in the plan's order. Nothing of clock, host or attempt stands here. */
export interface ResultRow {
  readonly cell: string;
  readonly image: StudyImage;
  readonly degradation: { readonly name: string; readonly x: number | null; readonly identity: string };
  readonly restorer: { readonly id: string; readonly label: string; readonly identity: string };
  readonly seed: number;
  /** By metric alias; absent where the cell failed. */
  readonly scores?: Readonly<Record<string, Score>>;
  /** File of the output below the study's folder, for example `pictures/KEY.png`, where the report shows it. */
  readonly picture?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What the report needs to know of a metric. */
export interface ResultMetric {
  readonly alias: string;
  readonly identity: string;
  readonly direction: 'higher' | 'lower';
  readonly describe: string;
}

/** A study's results as read back from its folder: everything the report is made of. */
export interface StudyResults {
  readonly spec: StudySpec;
  readonly metrics: readonly ResultMetric[];
  readonly rows: readonly ResultRow[];
  /** Originals of the pictures that the report shows: image hash -> file below the study's folder. */
  readonly originals: Readonly<Record<string, string>>;
  readonly imagesNote: string | null;
  /** As in the plan; absent: nothing was. */
  readonly skipped?: readonly Skipped[];
  /** Cells of the plan that have neither a result nor an error yet, in an unfinished run; absent: none. Rows then hold only the others. */
  readonly missing?: number;
  /** The run manifest (versions, commit, native build, backend, hashes, seeds, times), as it stands in `manifest.json`. */
  readonly manifest: RunManifest;
}

/** Where and by what a study was run; the only file besides `timings.jsonl` in which clock and host may stand. */
export interface RunManifest {
  readonly schema: 'ir.run/1';
  readonly versions: Readonly<Record<string, string>>;
  /** Commit of the project, where it runs from a checkout. */
  readonly commit: string | null;
  readonly native: Readonly<Record<string, unknown>>;
  readonly host: Readonly<Record<string, unknown>>;
  readonly models: Readonly<Record<string, string>>;
  /** Sampling steps that restorers take, by label: under a start inside fewer than were asked for; absent: none samples. */
  readonly steps?: Readonly<Record<string, number>>;
  /** Numbers of the picture for one of the latent, of restorers that pass one, by label; absent: none does. */
  readonly compression?: Readonly<Record<string, number>>;
  readonly images: readonly StudyImage[];
  readonly seeds: readonly number[];
  readonly specHash: string;
  readonly runs: readonly {
    readonly started: string;
    readonly ended: string | null;
    readonly command: string;
    readonly cellsDone: number;
    readonly outcome: 'complete' | 'partial' | 'interrupted' | 'running';
  }[];
}

/** How a run ended. */
export interface StudyOutcome {
  readonly out: string;
  readonly cells: number;
  /** Cells computed by this run; the others were there already. */
  readonly computed: number;
  readonly failed: readonly { readonly cell: Cell; readonly code: string; readonly message: string }[];
}
