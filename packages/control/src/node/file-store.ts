import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../errors.ts';
import { type MachineRecord, machineRecord, type MachineStore } from '../machine-record.ts';
import { makeFolder, removeDurably, writeDurably } from './durable.ts';

const LARGEST = 4 << 20;

/** Records as files, `<name>.json` each. A record is written as a whole or not at all. */
export const fileStore = async (folder: string): Promise<MachineStore> => {
  const refuse = (what: string, error: unknown): Error =>
    errors.make('VIV_CONTROL_STATE', `${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  const pathOf = (name: string): string => join(folder, `${name}.json`);
  await makeFolder(folder).catch((error: unknown) => {
    throw refuse(`the folder ${folder} cannot be made`, error);
  });
  const read = async (file: string): Promise<MachineRecord> => {
    const text = await readFile(join(folder, file), 'utf8');
    if (text.length > LARGEST)
      throw errors.make('VIV_CONTROL_STATE', `${file}: ${text.length} characters are too many`);
    const { data, error } = machineRecord.safeParse(JSON.parse(text));
    if (data === undefined) throw refuse(file, error);
    if (`${data.name}.json` !== file) throw errors.make('VIV_CONTROL_STATE', `${file} is of a machine ${data.name}`);
    return data;
  };
  return {
    load: async (unreadable) => {
      const records: MachineRecord[] = [];
      for (const file of (await readdir(folder)).sort()) {
        // What a write that was interrupted has left.
        if (file.endsWith('.json.new')) await rm(join(folder, file), { force: true });
        if (!file.endsWith('.json')) continue;
        try {
          records.push(await read(file));
        } catch (error) {
          unreadable(file.slice(0, -'.json'.length), error);
        }
      }
      return records.sort((one, other) => one.past.createdAt - other.past.createdAt);
    },
    save: async (record) => {
      await writeDurably(pathOf(record.name), JSON.stringify(record)).catch((error: unknown) => {
        throw refuse(`the record of machine ${record.name} cannot be written`, error);
      });
    },
    remove: async (name) => {
      await removeDurably(pathOf(name)).catch((error: unknown) => {
        throw refuse(`the record of machine ${name} cannot be removed`, error);
      });
    },
  };
};
