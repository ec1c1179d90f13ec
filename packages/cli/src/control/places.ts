import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { type Client, connect } from '@vivarium/client/node';
import { checkFolder } from '@vivarium/daemon';
import { errors } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const absolute = (path: string | undefined): path is string => path !== undefined && isAbsolute(path);

/** Where the daemon of this user listens unless it is told otherwise: in a folder that nobody else may look into. */
export const defaultSocket = (environment: Environment = process.env): string => {
  const { XDG_RUNTIME_DIR: runtime } = environment;
  const folder = absolute(runtime)
    ? join(runtime, 'vivarium')
    : join('/tmp', `vivarium-${process.getuid?.() ?? 'user'}`);
  return join(folder, 'control.sock');
};

/** Where it keeps what it knows of machines. */
export const defaultState = (environment: Environment = process.env): string => {
  const { XDG_STATE_HOME: state } = environment;
  return join(absolute(state) ? state : join(homedir(), '.local', 'state'), 'vivarium');
};

/** A client of the daemon that options mean. Rejects with `VIV_USAGE`, and `VIV_DAEMON_FOLDER` for a place that others may have made. */
export const connectTo = async (values: Readonly<Record<string, unknown>>): Promise<Client> => {
  const {
    socket,
    url,
    token = process.env['VIVARIUM_TOKEN'],
  } = values as {
    readonly socket?: string;
    readonly url?: string;
    readonly token?: string;
  };
  if (socket !== undefined && url !== undefined) throw errors.make('VIV_USAGE', '--socket and --url are two daemons');
  if (url !== undefined) return connect({ url, ...(token === undefined ? {} : { token }) });
  if (values['token'] !== undefined) throw errors.make('VIV_USAGE', '--token goes with --url');
  if (socket !== undefined) return connect({ socket });
  const place = defaultSocket();
  // In a folder for everybody somebody else could have been there first.
  if (existsSync(dirname(place))) await checkFolder(dirname(place));
  return connect({ socket: place });
};
