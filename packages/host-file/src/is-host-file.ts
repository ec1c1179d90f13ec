import type { HostFile } from '@vivarium/contracts';

/** Whether `value` has what every file has; for the options of plugins. */
export const isHostFile = (value: unknown): value is HostFile => {
  if (typeof value !== 'object' || value === null) return false;
  const file = value as Partial<Record<keyof HostFile, unknown>>;
  return (
    typeof file.name === 'string' &&
    typeof file.readOnly === 'boolean' &&
    typeof file.size === 'number' &&
    [file.read, file.write, file.sync, file.truncate, file.close].every((method) => typeof method === 'function')
  );
};
