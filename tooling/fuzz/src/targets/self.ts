import { type FuzzTarget, must } from '../engine/target.ts';

/** Targets with a bug, which the fuzzer's own tests let it find. */
const broken = (act: () => void): FuzzTarget => ({
  covers: [],
  run: (program, see) => {
    see(`first byte ${(program[0]?.[0] ?? 0) >> 4}`);
    if ((program[0]?.[0] ?? 0) > 200) act();
  },
});

export const throws = broken(() => must(false, 'broken on purpose'));

export const hangs = broken(() => {
  for (let turns = 0; ; turns++) if (turns < 0) break;
});

export const rejects = broken(() => void Promise.reject(new Error('nobody waits for this')));
