import { type Device, defineErrors, type MmioRegion, type PowerControl, type StateCodec } from '@vivarium/contracts';

/** The finisher's only register; it reads 0. */
export const FINISHER = 0x0;
/** Values of its low half. */
export const FINISHER_FAIL = 0x3333;
export const FINISHER_PASS = 0x5555;
export const FINISHER_RESET = 0x7777;
/** FAIL has its code in the high half. */
export const FINISHER_CODE_SHIFT = 16;

const STATUS_MASK = 0xffff;
const REGION_LENGTH = 0x1000;

const errors = defineErrors({
  VIV_SYSCON_STATE: {
    when: 'A snapshot holds something for a syscon, which has no state.',
    hint: 'Take the snapshot again; this one was changed or comes from another device.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

/** SiFive test finisher: one write ends the machine's run. */
export class TestFinisher implements Device {
  readonly regions: readonly MmioRegion[];
  readonly deviceTree;
  /** It keeps nothing, and says so, so that a machine with it can be snapshotted. */
  readonly state: StateCodec = {
    schema: 'syscon',
    version: 1,
    save: () => null,
    restore: (state, fromVersion) => {
      if (state === null && fromVersion === 1) return;
      throw errors.make('VIV_SYSCON_STATE', 'syscon state refused: it has none, in version 1');
    },
  };

  constructor(power: PowerControl, label: string) {
    this.regions = [
      {
        name: 'registers',
        length: REGION_LENGTH,
        read: () => 0,
        write: (offset, width, value) => {
          // One byte cannot name a request.
          if (offset !== FINISHER || width === 1) return;
          switch (value & STATUS_MASK) {
            case FINISHER_FAIL:
              power.request({ kind: 'failure', code: value >>> FINISHER_CODE_SHIFT });
              break;
            case FINISHER_PASS:
              power.request({ kind: 'power-off' });
              break;
            case FINISHER_RESET:
              power.request({ kind: 'reboot' });
              break;
          }
        },
      },
    ];
    this.deviceTree = {
      name: 'test',
      label,
      properties: { compatible: ['sifive,test1', 'sifive,test0', 'syscon'] },
    };
  }

  reset(): void {}
}
