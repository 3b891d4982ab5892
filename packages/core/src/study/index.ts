export type * from './contract.js';
export { versions } from './machinery.js';
export { planStudy } from './plan.js';
export { readStudy } from './read.js';
export { runStudy } from './run.js';
export { loadStudySpec, parseStudySpec, type SpecOptions } from './spec.js';
