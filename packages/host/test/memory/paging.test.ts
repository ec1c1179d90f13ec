import {
  CpuCoreToken,
  MachineMemoryToken,
  type MachineMemory,
  type MemoryPaging,
  PAGE_BYTES,
  type Vcpu,
} from '@vivarium/contracts';
import { enableMemoryControl } from '@vivarium/host/node';
import { assemble, type Machine } from '@vivarium/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA, DATA_PAGES, pagingMachine, RAM_BASE } from './paging-program.ts';

/** Code, data and page tables of the program are in the first 2 MiB and a little. */
const USED_PAGES = 0x203;

interface Event {
  readonly budget: number;
  readonly window: boolean;
  /** Every so many pages is taken. */
  readonly every: number;
  readonly from: number;
  /** A device writes here. */
  readonly write: { readonly at: number; readonly value: number } | undefined;
}

const event: fc.Arbitrary<Event> = fc.record({
  budget: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1000, max: 8000 })),
  window: fc.boolean(),
  every: fc.integer({ min: 1, max: 5 }),
  from: fc.nat(USED_PAGES),
  write: fc.option(fc.record({ at: fc.integer({ min: 0, max: DATA_PAGES * PAGE_BYTES - 8 }), value: fc.integer() }), {
    nil: undefined,
  }),
});

interface Running {
  readonly machine: Machine;
  readonly memory: MachineMemory;
  readonly vcpu: Vcpu;
}

const start = async (core: Readonly<Record<string, unknown>>): Promise<Running> => {
  const machine = await assemble(pagingMachine(core));
  await machine.start();
  return { machine, memory: machine.get(MachineMemoryToken), vcpu: machine.get(CpuCoreToken).vcpus[0] };
};

/** Takes pages as an event says, and keeps what was in them. */
const take = (paging: MemoryPaging, kept: Map<number, Uint8Array>, { from, every }: Event, first: number): number => {
  let taken = 0;
  for (let page = first + from; page < first + USED_PAGES; page += every) {
    if (!paging.takable(page)) continue;
    kept.set(page, paging.peek(page).slice());
    if (paging.take(page, 1)) taken += 1;
  }
  return taken;
};

const registers = ({ vcpu }: Running): string =>
  [`retired ${vcpu.retired}`, ...vcpu.registerNames.map((name) => `${name} ${vcpu.readRegister(name)?.toString(16)}`)]
    .filter((line) => !/^(?:cycle|time|mcycle)/.test(line))
    .join('\n');

const compare = async (core: Readonly<Record<string, unknown>>, events: readonly Event[]): Promise<number> => {
  const plain = await start(core);
  const paged = await start(core);
  const { paging } = paged.memory;
  if (paging === undefined) throw new Error('this test needs Linux and a Node with the memory-control flag');
  const kept = new Map<number, Uint8Array>();
  paging.keep({
    restore: (page, into) => {
      into.set(kept.get(page) ?? new Uint8Array(PAGE_BYTES));
      kept.delete(page);
    },
    clear: () => kept.clear(),
  });
  const [bank] = paged.memory.banks;
  let taken = 0;
  for (const one of events) {
    for (const { vcpu, memory } of [plain, paged]) {
      vcpu.run(one.budget);
      if (one.write !== undefined) {
        memory.write(DATA + one.write.at, new Uint8Array(Int32Array.of(one.write.value, one.write.at).buffer));
      }
    }
    expect(registers(paged)).toBe(registers(plain));
    if (one.window) paging.beginWindow();
    taken += take(paging, kept, one, bank.offset / PAGE_BYTES);
  }
  const length = USED_PAGES * PAGE_BYTES;
  expect(
    Buffer.compare(
      paged.memory.view(RAM_BASE, length) ?? Buffer.of(),
      plain.memory.view(RAM_BASE, length) ?? Buffer.of(1),
    ),
  ).toBe(0);
  await plain.machine.dispose();
  await paged.machine.dispose();
  return taken;
};

describe.runIf(enableMemoryControl())('a guest from which pages are taken', () => {
  it.each([
    ['interpreted', { translate: false }, 12],
    ['translated', { hotJumps: 8 }, 12],
  ] as const)(
    'computes what it computes without, %s: code, data, page tables and what devices write',
    async (_, core, runs) => {
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 25 }), async (events) => {
          taken += await compare(core, events);
        }),
        { numRuns: runs },
      );
      expect(taken).toBeGreaterThan(100);
    },
  );
});
