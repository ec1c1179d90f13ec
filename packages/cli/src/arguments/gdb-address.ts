/** Where `--gdb` listens. */
export interface GdbAddress {
  readonly host: string;
  /** 0 is any that is free. */
  readonly port: number;
}

const THIS_HOST = '127.0.0.1';
const LAST_PORT = 65_535;

/** `PORT`, `:PORT`, `HOST:PORT` or `[IPV6]:PORT`; undefined when it is none of them. */
export const parseGdbAddress = (text: string): GdbAddress | undefined => {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\][]+)\]:|([^\][:\s]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = digits === '' ? Number.NaN : Number(digits);
  if (!(port <= LAST_PORT)) return undefined;
  const host = bracketed ?? plain ?? '';
  return { host: host === '' ? THIS_HOST : host, port };
};
