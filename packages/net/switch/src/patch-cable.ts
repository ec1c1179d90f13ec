import type { NetBackend } from '@vivarium/contracts';

/** Joins two backends so that each is the device of the other: a switch and a NAT, or two switches. */
export const joinBackends = (one: NetBackend, other: NetBackend): void => {
  plug(one, other);
  plug(other, one);
};

/** Frames that come out of `from` go into `to`. */
const plug = (from: NetBackend, to: NetBackend): void => {
  from.connect({
    get accepts() {
      return to.accepts;
    },
    receive: (frame) => to.send(frame),
    drained: () => to.resume(),
    linkChanged: () => {},
  });
};
