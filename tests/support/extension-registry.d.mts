import type { Registry } from '@ir/core';

export function setup(): Registry;
