import type { StudyDegradation, StudyResults } from '../../study/contract.js';
import type { Finding } from '../findings.js';
import type { Series } from '../palette.js';
import type { PlacedPictures } from '../pictures.js';
import type { Statistics } from '../statistics.js';

/** A figure as it stands in the page, and the files it is saved to. */
export interface PlacedFigure {
  readonly metric: string;
  readonly kind: 'mean' | 'difference';
  readonly svg: string;
}

/** Everything the sections of a page are made of. */
export interface PageContext {
  readonly results: StudyResults;
  readonly statistics: Statistics;
  readonly findings: readonly Finding[];
  readonly series: readonly Series[];
  readonly figures: readonly PlacedFigure[];
  readonly pictures: PlacedPictures;
  /** Degradations from left to right. */
  readonly order: readonly StudyDegradation[];
  /** Pictures of the study. */
  readonly pictureCount: number;
}
