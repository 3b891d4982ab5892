export { toCoefficients } from './coefficients.js';
export { cosineBasis, gaussianTaps, response } from './cosine.js';
export { type ClassicalRestorer, classicalRestorers, richardsonLucyRestorer, wienerRestorer } from './definitions.js';
export { type BlurOperator, blurOperator } from './operator.js';
export { type RichardsonLucyOptions, richardsonLucy } from './richardson-lucy.js';
export { type NoiseToSignal, type WienerKernel, wienerDeconvolve } from './wiener.js';
