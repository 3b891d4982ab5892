export * from './guidance.js';
export * from './noise.js';
export type { SamplerPlan, SamplerStep } from './plan.js';
export {
  type ReplayedRun,
  type ReplayReport,
  replay,
  replayAgrees,
  replayFile,
  replayTolerance,
  runAgrees,
} from './replay/replay.js';
export * from './sample.js';
export { type DdimOptions, ddim } from './samplers/ddim.js';
export { type DdpmOptions, ddpm, type Variance } from './samplers/ddpm.js';
export { type DpmSolverOptions, dpmSolver } from './samplers/dpm-solver.js';
export { type Churn, type EulerOptions, euler } from './samplers/euler.js';
export { type HeunOptions, heun } from './samplers/heun.js';
export { onePrediction } from './samplers/one-step.js';
export { type SigmaList, type SigmaOptions, sigmaList } from './samplers/sigma-space.js';
export * from './sampling.js';
export * from './schedule.js';
export {
  ddimSpaced,
  multistepTimes,
  nearestTime,
  respaced,
  type SigmaLaw,
  type Spacing,
  type SpacingOptions,
  sgmTimes,
  sigmasBy,
  spacedTimes,
  timeOfSigma,
} from './spacing.js';
