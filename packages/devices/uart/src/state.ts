import { defineErrors, type StateCodec } from '@vivarium/contracts';
import * as z from 'zod';
import {
  FCR_DMA_MODE,
  FCR_ENABLE,
  FCR_TRIGGER_MASK,
  FIFO_SIZE,
  IER_MASK,
  LSR_CHARACTER_ERRORS,
  LSR_OE,
  MCR_MASK,
  MSR_DELTAS,
} from './registers.ts';

const errors = defineErrors({
  VIV_UART_STATE: {
    when: 'A snapshot holds something for a UART that is no state of a 16550.',
    hint: 'Take the snapshot again; this one was changed, cut short, or comes from another device.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

const bits = (mask: number) => z.int().refine((value) => (value & ~mask) === 0, `has bits outside of ${mask}`);
const bytes = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length <= FIFO_SIZE,
  'must be bytes that fit the FIFO',
);

const uartState = z
  .strictObject({
    ier: bits(IER_MASK),
    fcr: bits(FCR_ENABLE | FCR_DMA_MODE | FCR_TRIGGER_MASK),
    lcr: bits(0xff),
    mcr: bits(MCR_MASK),
    scr: bits(0xff),
    divisor: bits(0xffff),
    modemDeltas: bits(MSR_DELTAS),
    lineErrors: bits(LSR_OE | LSR_CHARACTER_ERRORS),
    thrEmptyPending: z.boolean(),
    received: bytes,
    /** PE, FE and BI of each received character. */
    receivedErrors: bytes.refine(
      (errors) => errors.every((flags) => (flags & ~LSR_CHARACTER_ERRORS) === 0),
      'has flags that are no error of a character',
    ),
    transmitting: bytes,
  })
  .refine((state) => state.received.length === state.receivedErrors.length, 'errors do not match characters')
  .refine(
    (state) =>
      (state.fcr & FCR_ENABLE) !== 0
        ? true
        : state.fcr === 0 && state.received.length <= 1 && state.transmitting.length <= 1,
    'FIFO in use while switched off',
  );

/** What a guest can see of the UART. */
export type UartState = z.infer<typeof uartState>;

/** The part of the UART that its codec needs. */
interface Stateful {
  capture(): UartState;
  adopt(state: UartState): void;
  reset(): void;
}

/** Saves and restores a UART; what it restores is untrusted and checked field by field. */
export const uartStateCodec = (uart: Stateful): StateCodec => ({
  schema: 'uart-16550',
  version: 1,
  save: () => uart.capture(),
  restore: (state, fromVersion) => {
    const parsed = uartState.safeParse(state);
    if (fromVersion === 1 && parsed.success) {
      uart.adopt(parsed.data);
      return;
    }
    uart.reset();
    const reason = parsed.success ? `it has version ${fromVersion}, this UART reads 1` : z.prettifyError(parsed.error);
    throw errors.make('VIV_UART_STATE', `UART state refused: ${reason}`, { cause: parsed.error });
  },
});
