import { splitArgument } from './argument-fields.ts';

/** A `--vsock` argument taken apart. */
export interface VsockArgument {
  /** Of the Unix socket into the guest. */
  readonly path: string;
  /** The guest's address. */
  readonly cid: number;
}

const FIRST_CID = 3;
const LAST_CID = 2 ** 32 - 2;

/** Reads `PATH[,cid=N]`. Gives what is wrong as text. */
export const parseVsockArgument = (text: string): VsockArgument | string => {
  const parts = splitArgument(text, { values: ['cid'] });
  if (parts.head === '') return 'names no socket';
  const given = parts.value('cid') ?? `${FIRST_CID}`;
  const cid = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (!(cid >= FIRST_CID && cid <= LAST_CID)) return `has the cid '${given}'; it takes a number from 3 to ${LAST_CID}`;
  return { path: parts.head, cid };
};
