import type { InterruptLine } from '@vivarium/contracts';

/** An interrupt line that remembers. */
export interface FakeInterrupt extends InterruptLine {
  readonly level: boolean;
  /** How often the level rose. */
  readonly raised: number;
}

/** Makes a low line. */
export const fakeInterrupt = (): FakeInterrupt => {
  let level = false;
  let raised = 0;
  return {
    get level() {
      return level;
    },
    get raised() {
      return raised;
    },
    set: (next) => {
      if (next && !level) raised++;
      level = next;
    },
  };
};
