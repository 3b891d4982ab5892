export { type MemoryMeter, meterMemory, type PeakMemory } from './memory.js';
export { type ProfileOptions, profile } from './profile.js';
export { type ProfileReport, profileSchema, type RestorerProfile } from './schema.js';
export {
  mainTable as profileTable,
  notes as profileNotes,
  type ProfileTable,
  partsTable as profileParts,
  samplingTable as profileSampling,
} from './tables.js';
export { memoryText } from './wording.js';
export { writeProfile } from './write.js';
