import { charPipe } from '@vivarium/char-pipe';
import type { PartSpec } from '@vivarium/contracts';

/** A console of which host code holds the other end: part `id` then provides `CharPortToken`. */
export const pipeConsole = (id: string): PartSpec => ({ id, plugin: charPipe });
