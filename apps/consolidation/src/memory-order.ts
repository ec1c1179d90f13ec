import type { MemoryState, Reclaim } from '@vivarium/contracts';
import type { MemoryEvent } from '@vivarium/host';

/** What may be done in which state, in this order; balloons also go down where there is enough. */
const DOCUMENTED: Readonly<Record<MemoryState, readonly Reclaim[]>> = {
  high: ['balloon'],
  clear: ['share'],
  soft: ['share', 'balloon'],
  hard: ['share', 'compress', 'swap'],
  low: ['share', 'compress', 'swap', 'block'],
};

/** What in a log is not as it is documented: states that do not follow on each other, actions out of place or order. */
export const disorder = (updates: readonly (readonly MemoryEvent[])[]): readonly string[] => {
  const found: string[] = [];
  let state: MemoryState = 'high';
  for (const events of updates) {
    let last = -1;
    for (const event of events) {
      if (event.kind === 'state') {
        if (event.from !== state || last >= 0) found.push(`state ${event.to} does not follow on ${state}`);
        state = event.to;
      } else if (event.kind === 'action') {
        const place = DOCUMENTED[state].indexOf(event.action);
        if (event.state !== state || place < last) found.push(`${event.action} in state ${state} after step ${last}`);
        if (place < 0) found.push(`${event.action} is nothing to do in state ${state}`);
        last = Math.max(last, place);
      }
    }
  }
  return found;
};
