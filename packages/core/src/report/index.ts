export { type Bootstrap, intervalMaker } from './bootstrap.js';
export { writeReport } from './report.js';
export {
  type Comparison,
  FEWEST_PICTURES,
  type Interval,
  type Lead,
  type Statistics,
  type Summary,
  statisticsOf,
  type Verdict,
} from './statistics.js';
export { studentBound } from './student.js';
export { ratioText } from './wording.js';
