import type { StudyDegradation, StudyResults } from '../../study/contract.js';
import type { TestedClaim } from '../claims.js';
import type { Detail } from '../detail.js';
import type { Finding } from '../findings.js';
import type { Series } from '../palette.js';
import type { PlacedPictures } from '../pictures.js';
import type { Statistics } from '../statistics.js';
import type { Sweep } from '../sweep.js';

/** A figure as it stands in the page, and the files it is saved to. */
export interface PlacedFigure {
  readonly metric: string;
  readonly kind: 'mean' | 'difference';
  /** The degradation shown, where the axis is the restorers'. */
  readonly degradation: string | null;
  readonly svg: string;
}

/** Everything the sections of a page are made of. */
export interface PageContext {
  readonly results: StudyResults;
  readonly statistics: Statistics;
  readonly findings: readonly Finding[];
  readonly claims: readonly TestedClaim[];
  /** What the legend names: restorers, or series and levels of a sweep. */
  readonly series: readonly Series[];
  /** Present where the figure stands over settings of restorers. */
  readonly sweep: Sweep | undefined;
  readonly figures: readonly PlacedFigure[];
  readonly pictures: PlacedPictures;
  /** Present where the study asks where detail is lost. */
  readonly detail?: Detail;
  /** Degradations from left to right, or as the spec has them. */
  readonly order: readonly StudyDegradation[];
  /** Pictures of the study. */
  readonly pictureCount: number;
}
