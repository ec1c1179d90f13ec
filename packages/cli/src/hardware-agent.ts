import { randomBytes } from 'node:crypto';
import { slotAddress } from '@vivarium/board-virt';
import { type CharPort, CharPortToken } from '@vivarium/contracts';
import { type HardwareAgent, writeLine } from '@vivarium/host';
import type { Machine } from '@vivarium/kernel';
import { errors } from './errors.ts';
import { GuestLines } from './guest-lines.ts';
import { Console } from './machine-spec.ts';

/** Milliseconds between two questions whether the agent is there. */
const ASK_AGAIN = 1000;
const LONGEST_REASON = 200;

/**
 * Asks the agent of @vivarium/guest-debian for something, and resolves when it says that it is done. The order is given
 * once, when the agent has said that it listens: one that waits in a port would be carried out at some later time.
 */
export const askAgent = (port: CharPort, verb: string, argument: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const mark = randomBytes(16).toString('hex');
    const lines = new GuestLines();
    let ordered = false;
    const settle = (act: () => void): void => {
      clearInterval(timer);
      remove();
      signal.removeEventListener('abort', abort);
      act();
    };
    const refuse = (reason: string): void =>
      settle(() => reject(errors.make('VIV_GUEST_REFUSED', `the guest did not ${verb}: ${reason}`)));
    const abort = (): void => settle(() => reject(signal.reason as Error));
    const heard = (line: string): void => {
      if (line === `pong ${mark}` && !ordered) {
        ordered = true;
        writeLine(port, `${verb} ${mark} ${argument}`.trim());
      } else if (line === `done ${mark}` && ordered) settle(resolve);
      else if (line.startsWith(`failed ${mark} `) && ordered) {
        // Printable, as it goes into a message.
        refuse(line.slice(mark.length + 8, mark.length + 8 + LONGEST_REASON).replaceAll(/[^\x20-\x7e]/g, '?'));
      } else if (line === 'ready' && ordered) refuse('it has started anew');
    };
    const remove = port.onOutput((bytes) => {
      for (const line of lines.push(bytes)) heard(line);
    });
    const ask = (): void => {
      if (!ordered) writeLine(port, `ping ${mark}`);
    };
    const timer = setInterval(ask, ASK_AGAIN);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else ask();
  });

const agentOf = (machine: Machine): CharPort => machine.get(CharPortToken, Console.agent);

/** Changes of a Debian guest's hardware. */
export const debianHardware: HardwareAgent = {
  plugged: (machine, _slot, signal) => askAgent(agentOf(machine), 'rescan', '', signal),
  release: (machine, slot, signal) => askAgent(agentOf(machine), 'release', slotAddress(slot), signal),
  vcpus: (machine, count, signal) => askAgent(agentOf(machine), 'cpus', `${count}`, signal),
};
