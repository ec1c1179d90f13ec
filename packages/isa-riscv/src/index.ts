export * from './semantics.ts';
