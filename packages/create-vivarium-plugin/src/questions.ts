import type { Readable, Writable } from 'node:stream';
import { isCancel, select, text } from '@clack/prompts';
import type { Wishes } from './command-line.ts';
import { KINDS, kindNames } from './kinds.ts';
import { LICENCES } from './licences.ts';
import { checkName, nameOfFolder } from './names.ts';

/** Where questions are asked and answered. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** Nothing when a name will do, else what is wrong with it. */
const complaint = (name: string): string | undefined => {
  try {
    checkName(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** Asks for what the command line left out. Undefined: whoever was asked changed their mind. */
export const askForRest = async (wishes: Wishes, terminal: Terminal): Promise<Wishes | undefined> => {
  const folder =
    wishes.folder ??
    (await text({
      message: 'In which folder?',
      placeholder: 'my-device',
      defaultValue: 'my-device',
      validate: (value) => (wishes.name === undefined && value ? complaint(nameOfFolder(value)) : undefined),
      ...terminal,
    }));
  if (isCancel(folder)) return undefined;
  const kind =
    wishes.kind ??
    (await select({
      message: 'What is it?',
      options: kindNames.map((value) => ({ value, label: KINDS[value].label, hint: KINDS[value].summary })),
      ...terminal,
    }));
  if (isCancel(kind)) return undefined;
  const licence =
    wishes.licence ??
    (await select({
      message: 'Under which licence?',
      options: LICENCES.map((value) => ({ value, label: value })),
      ...terminal,
    }));
  return isCancel(licence) ? undefined : { ...wishes, folder, kind, licence };
};
