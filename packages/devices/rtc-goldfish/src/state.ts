import { defineErrors, type StateCodec, type StateValue } from '@vivarium/contracts';

const errors = defineErrors({
  VIV_RTC_STATE: {
    when: 'A snapshot holds something for a goldfish RTC that is no state of one.',
    hint: 'Take the snapshot again; this one was changed, cut short, or comes from another device.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

/** Registers of the RTC; times in nanoseconds modulo 2^64. */
export type RtcState = {
  readonly offset: bigint;
  readonly latchedHigh: number;
  readonly alarm: bigint;
  readonly alarmArmed: boolean;
  readonly interruptEnabled: boolean;
  readonly interruptPending: boolean;
};

/** The part of the RTC that its codec needs. */
interface Stateful {
  capture(): RtcState;
  adopt(state: RtcState): void;
  reset(): void;
}

const isUint64 = (value: unknown) => typeof value === 'bigint' && value === BigInt.asUintN(64, value);
const isUint32 = (value: unknown) => typeof value === 'number' && value === value >>> 0;
const isFlag = (value: unknown) => typeof value === 'boolean';

const fields: Readonly<Record<keyof RtcState, (value: unknown) => boolean>> = {
  offset: isUint64,
  latchedHigh: isUint32,
  alarm: isUint64,
  alarmArmed: isFlag,
  interruptEnabled: isFlag,
  interruptPending: isFlag,
};

/** The first field that is missing, unknown or wrong; undefined for a state that is right. */
const firstWrongField = (state: StateValue): string | undefined => {
  if (typeof state !== 'object' || state === null) return 'all of it';
  const given = new Map<string, unknown>(Object.entries(state));
  const unknown = [...given.keys()].find((name) => !Object.hasOwn(fields, name));
  return unknown ?? Object.entries(fields).find(([name, isRight]) => !isRight(given.get(name)))?.[0];
};

/** Saves and restores a goldfish RTC; what it restores is untrusted and checked field by field. */
export const rtcStateCodec = (rtc: Stateful): StateCodec => ({
  schema: 'rtc-goldfish',
  version: 1,
  save: () => rtc.capture(),
  restore: (state, fromVersion) => {
    const wrong = fromVersion === 1 ? firstWrongField(state) : `version ${fromVersion}, this RTC reads 1`;
    if (wrong === undefined) {
      rtc.adopt(state as RtcState);
      return;
    }
    rtc.reset();
    throw errors.make('VIV_RTC_STATE', `RTC state refused: ${wrong}`);
  },
});
