export { type MemoryMeter, meterMemory, type PeakMemory } from './memory.js';
export { type ProfileOptions, profile } from './profile.js';
export { type ProfileReport, profileSchema, type RestorerProfile } from './schema.js';
