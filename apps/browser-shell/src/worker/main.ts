import type { Command } from '../protocol.ts';
import { GuestMachine, type SendReport } from './guest-machine.ts';

/** As much of a dedicated worker's global scope as is used; its type library does not go together with the page's. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: Command }) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const send: SendReport = (report, transfer = []) => scope.postMessage(report, transfer);
let machine: GuestMachine | undefined;

scope.addEventListener('message', ({ data: command }) => {
  if (command.kind !== 'boot') {
    machine?.obey(command);
  } else if (machine === undefined) {
    machine = new GuestMachine(command, send);
    void machine.run();
  }
});
