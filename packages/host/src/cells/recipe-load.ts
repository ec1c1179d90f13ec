import type { MachineSpec } from '@vivarium/contracts';
import { assemble, type Machine } from '@vivarium/kernel';
import { errors } from '../errors.ts';
import type { MachineMaker, MachineParts, MachineRecipe } from './recipe.ts';

/** A machine and what its recipe gave besides the spec. */
export interface Made {
  readonly machine: Machine;
  readonly parts: MachineParts;
}

const isParts = (made: MachineSpec | MachineParts): made is MachineParts => 'spec' in made;

/** Imports a recipe's module, calls its export and assembles what that makes. Throws coded errors. */
export const makeMachine = async (recipe: MachineRecipe, name: string): Promise<Made> => {
  const parts = await partsOf(recipe, name);
  let machine: Machine | undefined;
  try {
    const load = (specifier: string): Promise<unknown> => import(specifier);
    machine = await assemble(parts.spec, { load, ...parts.assemble });
    await parts.ready?.(machine);
    return { machine, parts };
  } catch (error) {
    await machine?.dispose();
    await parts.close?.();
    throw error;
  }
};

const partsOf = async (recipe: MachineRecipe, name: string): Promise<MachineParts> => {
  const { module, export: exported = 'default', options } = recipe;
  const refuse = (problem: string, cause?: unknown) =>
    errors.make('VIV_CELL_RECIPE', `the recipe ${module} (export ${exported}) ${problem}`, { cause });
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw refuse(`cannot be imported: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const maker = Object.hasOwn(loaded, exported) ? loaded[exported] : undefined;
  if (typeof maker !== 'function') throw refuse('is not a function');
  const made: unknown = await (maker as MachineMaker)(options, { name });
  if (typeof made !== 'object' || made === null) throw refuse('returned no machine');
  return isParts(made as MachineSpec | MachineParts) ? (made as MachineParts) : { spec: made as MachineSpec };
};
