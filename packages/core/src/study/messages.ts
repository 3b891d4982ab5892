import type { Backend, Variant } from '@ir/native';
import type { StudySpec } from './contract.js';
import type { StudySource } from './images.js';
import type { Address, PlannedCell } from './plan.js';

/** What a study's child process is told once, at its start. */
export interface Setup {
  readonly registryModule: string;
  readonly out: string;
  readonly spec: StudySpec;
  readonly images: readonly StudySource[];
  readonly native: { readonly variant: Variant; readonly backend: Backend };
}

/** A cell to compute. */
export interface Order {
  readonly key: string;
  readonly address: Address;
  readonly at: PlannedCell['at'];
  readonly keepPicture: boolean;
}

/** How long each part of a cell took, in milliseconds; what was there already from the cell before counts nothing. */
export interface Times {
  readonly open: number;
  readonly degrade: number;
  readonly restore: number;
  readonly score: number;
  readonly write: number;
}

/** What a cell has cost. */
export interface Spent {
  readonly milliseconds: Times;
  /** Peak of resident memory while it was computed, in bytes: of the child and of the network processes it has open; null where not known. */
  readonly peakMemory: number | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type ToChild = { readonly setup: Setup } | { readonly order: Order };

export type FromChild =
  | { readonly type: 'ready' }
  | { readonly type: 'unfit'; readonly failure: Failure }
  | { readonly type: 'done'; readonly key: string; readonly spent: Spent }
  | { readonly type: 'failed'; readonly key: string; readonly failure: Failure };
