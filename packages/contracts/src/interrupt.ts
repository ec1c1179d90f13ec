import { defineManyToken, type Token } from './token.ts';

/** A level-triggered line. Setting the level that it already has does nothing. Safe to call from any hook. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** A line that is connected to nothing. */
export const UNCONNECTED: InterruptLine = { set: () => {} };

/** Takes device interrupts and drives the harts: PLIC, APLIC… */
export interface InterruptController {
  /** Number of usable sources; valid line numbers are 1…`sources`. */
  readonly sources: number;
  /** Input `number`; undefined when out of range. Several callers of one line are OR-ed by the controller. */
  line(number: number): InterruptLine | undefined;
}

export const InterruptControllerToken: Token<InterruptController> = defineManyToken('vivarium/interrupt-controller', 1);
