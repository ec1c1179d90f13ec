import type { GuestMemory, PowerControl, Vcpu } from '@vivarium/contracts';
import { NO_RETURN, type SbiCall, type SbiExtension, type SbiReturn } from '../call.ts';
import type { ConsolePort } from '../console-port.ts';
import type { Harts } from '../harts.ts';
import { SBI_ERR_FAILED, SBI_ERR_INVALID_ADDRESS, SBI_ERR_INVALID_PARAM, SBI_SUCCESS } from '../sbi.ts';
import { raiseSoftwareInterrupt, setSoftwareInterrupt, softwareInterruptPending } from './ipi.ts';
import { translationFence } from './rfence.ts';

const SET_TIMER = 0;
const CONSOLE_PUTCHAR = 1;
const CONSOLE_GETCHAR = 2;
const CLEAR_IPI = 3;
const SEND_IPI = 4;
const REMOTE_FENCE_I = 5;
const REMOTE_SFENCE_VMA = 6;
const REMOTE_SFENCE_VMA_ASID = 7;
const SHUTDOWN = 8;

const answer = (value: number): SbiReturn => ({ kind: 'legacy', value: BigInt(value) });

/** What the calls of chapter 5 act on. */
export interface LegacyParts {
  readonly harts: Harts;
  readonly memory: GuestMemory;
  readonly power: PowerControl;
  /** Absent: there is no console, and its two calls are not there. */
  readonly port: ConsolePort | undefined;
}

/** The hart mask of a legacy call: one word at a physical address; zero means every hart. */
const selectByPointer = ({ harts, memory }: LegacyParts, pointer: bigint): readonly Vcpu[] | number => {
  if (pointer === 0n) {
    return harts.all;
  }
  const word = memory.view(Number(pointer), 8);
  if (word === undefined) {
    return SBI_ERR_INVALID_ADDRESS;
  }
  const mask = new DataView(word.buffer, word.byteOffset, 8).getBigUint64(0, true);
  return harts.select(mask, 0n) ?? SBI_ERR_INVALID_PARAM;
};

const onHarts =
  (parts: LegacyParts, act: (chosen: readonly Vcpu[], args: SbiCall['args']) => void) =>
  ({ args }: SbiCall): SbiReturn => {
    const chosen = selectByPointer(parts, args[0]);
    if (typeof chosen === 'number') {
      return answer(chosen);
    }
    act(chosen, args);
    return answer(SBI_SUCCESS);
  };

const consoleCalls = (port: ConsolePort): readonly SbiExtension[] => [
  {
    id: CONSOLE_PUTCHAR,
    call: ({ args }) => answer(port.put(Number(args[0] & 0xffn)) ? SBI_SUCCESS : SBI_ERR_FAILED),
  },
  { id: CONSOLE_GETCHAR, call: () => answer(port.take() ?? SBI_ERR_FAILED) },
];

/** Chapter 5: the calls from before extensions, each an extension of its own. */
export const legacyExtensions = (parts: LegacyParts): readonly SbiExtension[] => [
  {
    id: SET_TIMER,
    call: ({ hart, args }) => {
      hart.writeRegister('stimecmp', args[0]);
      return answer(SBI_SUCCESS);
    },
  },
  ...(parts.port === undefined ? [] : consoleCalls(parts.port)),
  {
    id: CLEAR_IPI,
    call: ({ hart }) => {
      const pending = softwareInterruptPending(hart);
      setSoftwareInterrupt(hart, false);
      return answer(pending ? 1 : 0);
    },
  },
  { id: SEND_IPI, call: onHarts(parts, (chosen) => raiseSoftwareInterrupt(chosen)) },
  {
    id: REMOTE_FENCE_I,
    call: onHarts(parts, (chosen) => {
      for (const hart of chosen) {
        hart.fence({ kind: 'code' });
      }
    }),
  },
  {
    id: REMOTE_SFENCE_VMA,
    call: onHarts(parts, (chosen, args) => {
      for (const hart of chosen) {
        hart.fence(translationFence(args[1], args[2]));
      }
    }),
  },
  {
    id: REMOTE_SFENCE_VMA_ASID,
    call: onHarts(parts, (chosen, args) => {
      for (const hart of chosen) {
        hart.fence(translationFence(args[1], args[2], args[3]));
      }
    }),
  },
  {
    id: SHUTDOWN,
    call: ({ hart }) => {
      parts.power.request({ kind: 'power-off' });
      hart.yieldSoon();
      return NO_RETURN;
    },
  },
];
