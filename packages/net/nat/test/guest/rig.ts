import type { Timer } from '@vivarium/contracts';
import { fakeClock } from '@vivarium/testkit';
import { createNat, type HostNetwork, type Nat, type NatOptions, type NatTime } from '../../src/index.ts';
import { nodeHostNetwork } from '../../src/node.ts';
import { FakeHost } from './fake-host.ts';
import { Guest } from './guest.ts';

/** The host's time and timers. */
export const realTime = (): NatTime => {
  const origin = performance.now();
  const now = (): number => Math.floor((performance.now() - origin) * 1e6);
  return {
    clock: { now },
    timer: (expired): Timer => {
      let handle: NodeJS.Timeout | undefined;
      const timer = {
        deadline: undefined as number | undefined,
        arm: (deadline: number) => {
          timer.cancel();
          timer.deadline = deadline;
          handle = setTimeout(
            () => {
              timer.deadline = undefined;
              expired();
            },
            Math.max(0, Math.ceil((deadline - now()) / 1e6)),
          );
        },
        cancel: () => {
          clearTimeout(handle);
          timer.deadline = undefined;
        },
      };
      return timer;
    },
  };
};

/** A translator over real sockets, and a guest on it. */
export const rig = (
  options: Omit<NatOptions, 'host'> = {},
  host: Partial<HostNetwork> = {},
  time: NatTime = realTime(),
): { readonly nat: Nat; readonly guest: Guest } => {
  const nat = createNat({ host: { ...nodeHostNetwork(), ...host }, ...options }, time);
  return { nat, guest: new Guest(nat) };
};

/** Bytes that are not the same anywhere near. */
export const pattern = (length: number, seed = 1): Uint8Array => {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
};

/** A translator over a host's network in memory, whose time the test moves. */
export const fakeRig = (options: Omit<NatOptions, 'host'> = {}) => {
  const host = new FakeHost();
  const clock = fakeClock();
  const nat = createNat({ host, ...options }, { clock, timer: (expired) => clock.timer(expired) });
  return { host, clock, nat, guest: new Guest(nat) };
};
