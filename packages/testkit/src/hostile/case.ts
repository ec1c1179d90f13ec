import { expectThat } from '../conformance.ts';
import { Status } from './driver.ts';
import type { Element } from './driver-ring.ts';
import type { Laboratory, RingFormat, Transport } from './laboratory.ts';

/** How a device answered: it did what was asked, or refused it as it should. */
export type Verdict = 'PASS' | 'REJECT';

/** One thing that a hostile driver tries. */
export interface HostileCase {
  /** As in the catalogue, for example `A1`. */
  readonly id: string;
  readonly title: string;
  /** Ring formats in which it makes sense; default both. */
  readonly formats?: readonly RingFormat[];
  /** Transports in which it makes sense; default both. */
  readonly transports?: readonly Transport[];
  /** Acts on a machine with the device started, and says how that went. Throws when it went wrong. */
  readonly run: (lab: Laboratory) => Verdict;
  /** The driver does not start the device first. */
  readonly cold?: true;
  /** The device is expected to break; the report against it is not a failure. */
  readonly breaksDevice?: true;
}

export const needsReset = (lab: Laboratory): boolean => (lab.bench.driver.status & Status.needsReset) !== 0;

/** Kicks, and gives what came back. */
export const kicked = (lab: Laboratory): readonly { readonly id: number; readonly length: number }[] => {
  lab.kick();
  const back = lab.ring(lab.bench).returned();
  // R2: a drain is bounded by the size of the queue, and what is put off by that of the harness.
  expectThat(back.length <= 64 * lab.ring(lab.bench).place.size, 'a drain must be bounded', { returned: back.length });
  return back;
};

/** R3: the head came back with length 0, or the queue is latched and the driver knows. */
export const refused = (lab: Laboratory): Verdict => {
  const back = kicked(lab);
  const latched = needsReset(lab);
  const empty = back.some(({ length }) => length === 0);
  const causes = lab.bench.driver.takeInterrupts();
  expectThat(latched || empty, 'the malformed chain must come back with length 0, or the device ask for a reset', {
    back,
    status: lab.bench.driver.status,
  });
  expectThat(!latched || (causes & 2) !== 0, 'a device that needs a reset must raise a configuration interrupt');
  return 'REJECT';
};

/** Publishes a chain that nobody should take. */
export const refusesChain = (lab: Laboratory, elements: readonly Element[]): Verdict => {
  lab.ring(lab.bench).publish(elements);
  return refused(lab);
};

/** Publishes a chain that the rules allow; the device need not like it, but must give it back. */
export const returnsChain = (lab: Laboratory, elements: readonly Element[]): Verdict => {
  const id = lab.ring(lab.bench).publish(elements);
  const back = kicked(lab);
  expectThat(back.length === 1 && back[0]?.id === id, 'the chain must come back', { back });
  expectThat(!needsReset(lab), 'a legal chain must not break the device');
  return 'PASS';
};

/** The good request with one descriptor changed. */
export const bend = (lab: Laboratory, change: Partial<Element>, index = 0): readonly Element[] =>
  lab.elements().map((element, at) => (at === index ? { ...element, ...change } : element));
