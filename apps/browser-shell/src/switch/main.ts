import { Lan } from './lan.ts';
import type { SwitchCommand } from './protocol.ts';

/** As much of a worker's global scope as is used; its type library does not go together with the page's. */
interface WorkerScope {
  addEventListener(type: 'connect', listener: (event: { readonly ports: readonly MessagePort[] }) => void): void;
  addEventListener(type: 'message', listener: (event: { readonly ports: readonly MessagePort[] }) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const lan = new Lan();

const meet = ({ ports }: { readonly ports: readonly MessagePort[] }): void => {
  const [page] = ports;
  if (page === undefined) return;
  page.addEventListener('message', ({ data }: MessageEvent<SwitchCommand>) => lan.obey(page, data));
  // Where browsers tell that the other end is gone, without a word of its own.
  page.addEventListener('close', () => lan.leave(page));
  page.start();
  lan.join(page);
};

// A shared worker is met by each page; a dedicated one, where browsers have no shared ones, is sent a port by its page.
scope.addEventListener('connect', meet);
scope.addEventListener('message', meet);
