export { IrError } from '@ir/native';
export * from './errors/classes.js';
export * from './errors/codes.js';
export * from './errors/schema.js';
export * from './errors/wording.js';
export * from './errors/writing.js';
