import type { Registry } from '../../registry.js';

export function setup(): Promise<Registry>;
