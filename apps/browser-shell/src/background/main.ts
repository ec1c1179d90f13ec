/** What runs in the worker that translates beside the vCPU of a machine. */
import { openBackground } from '@vivarium/cpu-riscv64/background';

/** As much of a worker's global scope as is used; its type library does not go together with the page's. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const work = openBackground((answer) => scope.postMessage(answer, []));

scope.addEventListener('message', ({ data }) => work(data));
