import type {
  GuestMemory,
  MachineMemory,
  VirtioDevice,
  VirtioQueue,
  VirtioRequest,
  VirtioSignals,
} from '@vivarium/contracts';
import { fakeMemory, type RingFormat } from '@vivarium/testkit';
import { type Element, Laboratory, RAM, RAM_SIZE, type RingPlace } from '@vivarium/testkit/hostile';
import { Choices } from '../engine/choices.ts';
import type { Program } from '../engine/program.ts';
import { type FuzzTarget, must, type See } from '../engine/target.ts';

const SIZE = 16;
const MOST_HELD = 64;
/** Looks at guest memory that one action may cause. */
const MOST_WORK = 200_000;

/** Takes requests, and does with them what the program says: answers, holds them, gives them back, answers twice. */
class Puppet implements VirtioDevice {
  readonly deviceId = 0x3e;
  readonly kind = 'puppet';
  readonly features = 3n;
  readonly queueSizes = [SIZE, SIZE];
  readonly config = { length: 8, read: (offset: number) => offset };
  readonly held: { readonly queue: VirtioQueue; readonly request: VirtioRequest }[] = [];
  signals: VirtioSignals | undefined;
  holds = 0;
  taken = 0;
  #queues: readonly (VirtioQueue | undefined)[] = [];

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[], signals: VirtioSignals): void {
    this.#queues = queues;
    this.signals = signals;
  }

  notified(index: number): void {
    const queue = this.#queues[index];
    let taken = 0;
    if (queue === undefined) return;
    for (let request = queue.take(); request !== undefined; request = queue.take()) {
      taken += 1;
      must(taken <= queue.size, 'one notification must not give more than the queue holds');
      this.#check(request);
      if (this.holds > 0 && this.held.length < MOST_HELD) {
        this.holds -= 1;
        this.held.push({ queue, request });
      } else queue.complete(request, request.write(0, request.read(0, request.readableLength)));
    }
    this.taken += taken;
  }

  reset(): void {
    for (const { request } of this.held.splice(0)) must(!request.live, 'requests must be dead after a reset');
    this.#queues = [];
    this.holds = 0;
  }

  /** What the contract promises of every request. */
  #check(request: VirtioRequest): void {
    must(request.live, 'a request that is taken must be live');
    const { readableLength, writableLength } = request;
    must(readableLength + writableLength < 2 ** 32, 'a request must be below 4 GiB');
    for (const [length, pieces] of [
      [readableLength, request.readable()],
      [writableLength, request.writable()],
    ] as const)
      must(pieces.reduce((sum, piece) => sum + piece.length, 0) === length, 'all of a request must be guest RAM');
  }

  /** What a device may do at any time. */
  act(choices: Choices): void {
    const index = choices.byte() % Math.max(1, this.held.length);
    const entry = this.held[index];
    switch (choices.below(8)) {
      case 0:
      case 1:
        this.held.splice(index, 1);
        entry?.queue.complete(entry.request, choices.size());
        break;
      case 2:
        // Twice: the second one is none.
        entry?.queue.complete(entry.request, 1);
        entry?.queue.complete(entry.request, 1);
        break;
      case 3: {
        const last = this.held.pop();
        last?.queue.putBack([last.request]);
        break;
      }
      case 4: {
        const some = this.held.splice(0, choices.below(5)).filter(({ queue }) => queue === entry?.queue);
        entry?.queue.completeAll(some.map(({ request }) => ({ request, written: choices.byte() })));
        break;
      }
      case 5:
        this.signals?.configChanged();
        break;
      case 6:
        this.notified(choices.below(3));
        break;
      default:
        this.signals?.needsReset();
    }
  }
}

/** Ring memory as the driver writes it, field by field. */
class HostileRing {
  readonly #memory: GuestMemory;
  readonly #place: RingPlace;
  readonly #buffers: number;

  constructor(memory: GuestMemory, place: RingPlace, buffers: number) {
    this.#memory = memory;
    this.#place = place;
    this.#buffers = buffers;
  }

  element(choices: Choices): Element {
    const where = choices.below(8);
    const address =
      where < 6
        ? BigInt(this.#buffers + 64 * choices.below(64))
        : choices.wide(BigInt(where === 6 ? this.#place.descriptors : this.#buffers));
    return {
      address,
      length: choices.rarely(4) ? choices.size() : choices.below(300),
      flags: choices.rarely(8) ? choices.u16() : choices.pick([0, 2, 1, 3, 4, 6, 5]),
      ...(choices.rarely(6) ? { next: choices.below(SIZE + 2) } : {}),
    };
  }

  /** One field of a descriptor, of an index, of an event, or any bytes anywhere near. */
  scribble(choices: Choices): void {
    const { descriptors, driver, device } = this.#place;
    const at = choices.pick([
      driver + 2,
      driver,
      driver + 4 + 2 * SIZE,
      descriptors + 16 * choices.below(SIZE),
      driver + 4 + 2 * choices.below(SIZE),
      device + 2,
      device + 4 + 8 * choices.below(SIZE),
      descriptors + choices.below(0x3000),
    ]);
    this.#memory.write(at, choices.bytes(choices.pick([2, 1, 4, 8, 16])));
  }

  /** The available index of a split ring goes on by `by`. */
  advance(by: number): void {
    const index = this.#memory.view(this.#place.driver + 2, 2);
    if (index === undefined) return;
    const value = ((index[0] ?? 0) | ((index[1] ?? 0) << 8)) + by;
    index.set([value & 0xff, (value >> 8) & 0xff]);
  }
}

const registers = (lab: Laboratory, choices: Choices): void => {
  const { transport } = lab.bench;
  const width = choices.pick([4, 1, 2, 8] as const);
  const regions = 'regions' in transport ? transport.regions : transport.bars.map(({ region }) => region);
  const region = choices.pick(regions);
  const near = choices.rarely(3) ? choices.u16() : choices.byte();
  const at = near & ~(width - 1);
  if (at + width > region.length) return;
  if (width === 8) {
    region.write64?.(at, choices.u64());
    region.read64?.(at);
    return;
  }
  if (!choices.rarely(3))
    region.write(at, width, (choices.rarely(2) ? choices.u32() : choices.byte()) % 2 ** (8 * width));
  const value = region.read(at, width);
  must(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width), 'a register must read as its width says');
};

const act = (lab: Laboratory, puppet: Puppet, choices: Choices, see: See): void => {
  const { bench } = lab;
  const queue = choices.below(2);
  const place = lab.placeOf(bench, queue);
  const hostile = new HostileRing(lab.memory, place, place.descriptors + 0x9000);
  const ring = lab.ring(bench, queue);
  switch (choices.below(12)) {
    case 0:
    case 1:
    case 2: {
      const elements = Array.from({ length: 1 + choices.below(5) }, () => hostile.element(choices));
      ring.publish(elements);
      break;
    }
    case 3: {
      const elements = Array.from({ length: 1 + choices.below(20) }, () => hostile.element(choices));
      const table = place.descriptors + 0x8000;
      ring.writeTable(table, elements);
      const length = choices.rarely(4) ? choices.size() : 16 * elements.length;
      ring.publish([{ address: BigInt(table), length, flags: 4 | (choices.byte() & 2) }]);
      break;
    }
    case 4:
      hostile.scribble(choices);
      break;
    case 5:
      hostile.advance(choices.pick([1, 2, 16, 17, 0xffff, 0x8000]));
      break;
    case 6:
      puppet.holds = choices.byte();
      break;
    case 7:
    case 8:
      puppet.act(choices);
      break;
    case 9:
      registers(lab, choices);
      break;
    case 10:
      if (choices.rarely(4)) lab.start(bench);
      else
        for (let count = choices.below(4); count >= 0; count--)
          bench.driver.status = choices.pick([0, 1, 3, 11, 15, 0x80, 0x4f, choices.byte()]);
      break;
    default:
      if (lab.setting.transport === 'pci' && 'writeConfig' in bench.transport) {
        const width = choices.pick([4, 2, 1] as const);
        const at = choices.below(256) & ~(width - 1);
        bench.transport.writeConfig(at, width, choices.u32() % 2 ** (8 * width));
        see(`config ${bench.transport.readConfig(at, width) === 0}`);
      }
  }
  if (!choices.rarely(4)) bench.driver.notify(choices.rarely(12) ? choices.byte() : queue);
  bench.settle();
};

const run = (memory: MachineMemory, format: RingFormat, program: Program, see: See): void => {
  const [first = new Uint8Array(0), ...actions] = program;
  const choices = new Choices(first);
  const transport = choices.pick(['mmio', 'pci'] as const);
  const rings = { indirect: !choices.rarely(6), eventIndex: !choices.rarely(3), inOrder: choices.rarely(3) };
  const puppet = new Puppet();
  memory.clear();
  const word = Uint8Array.of(4, 3, 2, 1);
  const probe = {
    queue: 0,
    readable: [word],
    writable: [4],
    answered: (back: Uint8Array) => back.join() === word.join(),
  };
  const lab = new Laboratory({ device: puppet, probe }, { transport, format }, rings, memory);
  lab.start(lab.sibling);
  lab.start(lab.bench);
  let work = 0;
  lab.hooked.hook = () => {
    work += 1;
    must(work < MOST_WORK, 'the work of one action must be bounded');
    return undefined;
  };
  for (const action of actions) {
    work = 0;
    const before = puppet.taken;
    act(lab, puppet, new Choices(action), see);
    must(puppet.taken - before <= 200 * SIZE, 'what one action leads to must be bounded');
    see(`${lab.bench.driver.status} ${Math.min(3, puppet.taken - before)} ${Math.min(2, puppet.held.length)}`);
  }
  must(lab.bench.failures.length === 0, `nothing may be thrown: ${lab.bench.failures.join('; ')}`);
  lab.hooked.hook = undefined;
  lab.serves(lab.sibling, 'after all that');
  lab.start(lab.bench);
  lab.serves(lab.bench, 'after a reset');
};

/** The driver's side of the rings, and of the transports' registers, written by a hostile hand. */
const ringTarget = (format: RingFormat): FuzzTarget => {
  const memory = fakeMemory({ base: RAM, size: RAM_SIZE, privateSize: 0 });
  return {
    covers: ['packages/virtio-transport', 'packages/pci'],
    run: (program, see) => run(memory, format, program, see),
  };
};

export const splitRing = ringTarget('split');
export const packedRing = ringTarget('packed');
