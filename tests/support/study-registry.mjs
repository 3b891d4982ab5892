// What the studies of these tests may name. Bare names: sources inside a test, the built packages in its child processes.
import { classicalRestorers, noRestorer } from '@ir/core';
import { METRICS } from '@ir/metrics';

export const setup = () => ({ metrics: METRICS, restorers: [noRestorer, ...classicalRestorers] });
