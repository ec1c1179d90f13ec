import { setImmediate } from 'node:timers/promises';

/** Resolves when nothing has come through the ports for a few turns of the event loop. */
export const settled = async (...ports: readonly MessagePort[]): Promise<void> => {
  let quiet = 0;
  const heard = (): void => {
    quiet = 0;
  };
  for (const port of ports) port.addEventListener('message', heard);
  for (; quiet < 5; quiet += 1) await setImmediate();
  for (const port of ports) port.removeEventListener('message', heard);
};
