import { errors } from '../errors.ts';

/** A whole number of an option. Throws `VIV_USAGE`. */
export const wholeNumber = (option: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw errors.make('VIV_USAGE', `--${option} takes a whole number from ${least} to ${most}, not '${text}'`);
  }
  return value;
};
