/**
 * The machines of `viv run` as a template of a control plane: callers give the arguments of `viv run`, and the host
 * makes the recipe.
 *
 * @example
 * import { runTemplate } from '@vivarium/cli/template';
 * import { createControl } from '@vivarium/control';
 *
 * const control = createControl({ host, cell: 'process', templates: { run: runTemplate() } });
 * const me = { name: 'me', role: 'admin', via: 'process' } as const;
 * await control.call(me, 'create', { name: 'web', template: 'run', options: { arguments: ['debian'], folder: '/' } });
 *
 * @module
 */
import type { Template } from '@vivarium/control';
import { parseRecipeOptions, type RunRecipeOptions, runRecipe } from './recipe.ts';

/** Arguments that say where vCPUs run; without, they share a thread, so that a scheduler has a say. */
const saysThreads = (argument: string): boolean => argument === '--threads' || argument.startsWith('--threads=');

/**
 * The template: its options are `{ arguments: ["…"], folder: "…" }`, which relative paths are seen from. Guests that are
 * named have a port to the control plane.
 */
export const runTemplate =
  (options: Pick<RunRecipeOptions, 'onProgress' | 'signal'> = {}): Template =>
  async (given) => {
    const { args, folder } = parseRecipeOptions(given);
    const all = args.some(saysThreads) ? args : [...args, '--threads', 'off'];
    const { threads, ...made } = await runRecipe(all, { ...options, folder, control: true });
    return { ...made, scheduled: !threads };
  };
