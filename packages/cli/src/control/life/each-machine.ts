import type { Client } from '@vivarium/client/node';
import type { MachineView } from '@vivarium/control';
import { ExitCode } from '../../exit-code.ts';
import { coded, errorObject, errorText, jsonLine } from '../../report.ts';
import type { CommandContext, connectionOptions } from '../command.ts';

interface Context extends Pick<CommandContext<typeof connectionOptions>, 'words' | 'streams' | 'connect'> {
  readonly values: { readonly json?: boolean; readonly verbose?: boolean };
}

/** Does the same to each machine that is named. What fails with one does not keep the others from it. */
export const eachMachine = async (
  { values, words, streams, connect }: Context,
  act: (client: Client, name: string) => Promise<MachineView | undefined>,
): Promise<number> => {
  const client = await connect();
  const json = values.json === true;
  let code: number = ExitCode.powerOff;
  for (const name of words) {
    try {
      const machine = await act(client, name);
      if (json) streams.stdout.write(jsonLine(machine ?? { name, status: 'destroyed' }));
      else streams.stdout.write(`${name}: ${machine?.status ?? 'gone'}\n`);
    } catch (error) {
      const known = coded(error);
      if (json) streams.stdout.write(jsonLine({ name, error: errorObject(known) }));
      streams.stderr.write(errorText(known, values.verbose === true));
      code = ExitCode.error;
    }
  }
  return code;
};
