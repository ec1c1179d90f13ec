import { type Element, INDIRECT, type Laboratory, RAM, RAM_SIZE, WRITE } from '@vivarium/testkit/hostile';
import { Choices } from '../../engine/choices.ts';
import { must, type See } from '../../engine/target.ts';
import type { DeviceUnderFuzz, FuzzRequest } from './device.ts';
import { RingDriver } from './ring-driver.ts';

/** RAM behind the rings of both benches: for buffers and indirect tables. */
const ARENA = RAM + 0xe_0000;
const ARENA_SIZE = RAM + RAM_SIZE - ARENA;
const TABLES = 0x4000;
/** Looks at guest memory that one action may cause; a drain of full queues takes some thousands. */
const MOST_WORK = 400_000;
/** Notifications that a device may put off, as the laboratory bounds them, times the size of a queue. */
const MOST_RETURNED = 64 * 16;
const HALF = 0xffff_ffffn;

const PLAIN = new Choices(new Uint8Array(0));

interface Outstanding {
  readonly request: FuzzRequest;
  readonly elements: readonly Element[];
  /** Of the memory it is in; undefined where the device may still write to that for an older request. */
  readonly generation: number | undefined;
}

/** A driver's session with a device: requests are well-formed, what they say is not. */
export class DriverSession {
  readonly #lab: Laboratory;
  readonly #device: DeviceUnderFuzz;
  readonly #see: See;
  readonly #queues: { readonly driver: RingDriver; readonly outstanding: Map<number, Outstanding> }[] = [];
  #next = 0;
  /** Goes up when memory is used again, by the driver's fault: what is in flight then may change under the device. */
  #generation = 0;
  /** The rings hold something since the last start that this driver does not keep account of. */
  #spoiled = false;
  #work = 0;

  constructor(lab: Laboratory, device: DeviceUnderFuzz, see: See) {
    this.#lab = lab;
    this.#device = device;
    this.#see = see;
    lab.hooked.hook = () => {
      this.#work += 1;
      must(this.#work < MOST_WORK, 'the work of one action must be bounded');
      return undefined;
    };
  }

  /** Brings the device up; not all features may be wanted. */
  start(choices: Choices): void {
    const { bench } = this.#lab;
    const offered = this.#lab.wanted(bench);
    const unwanted = choices.rarely(2) ? choices.u64() & HALF & ~(7n << 28n) : 0n;
    this.#lab.start(bench, offered & ~unwanted);
    this.#queues.length = 0;
    this.#spoiled = false;
    for (const index of bench.device.queueSizes.keys())
      this.#queues.push({ driver: new RingDriver(this.#lab.ring(bench, index)), outstanding: new Map() });
    if (choices.rarely(12)) return;
    for (const request of this.#device.greeting ?? []) this.#send(request, PLAIN, true);
    this.collect();
  }

  /** One thing that a driver does. */
  act(choices: Choices): void {
    this.#work = 0;
    const { bench } = this.#lab;
    const what = choices.below(16);
    if (what < 9) this.#send(this.#device.request(choices), choices, true);
    else if (what === 9) this.#send(this.#device.request(choices), choices, false);
    else if (what < 12) this.#device.host?.(choices, this.#see);
    else if (what === 12) this.#kick(choices.below(1 + bench.device.queueSizes.length));
    else if (what === 13) this.#config(choices);
    else if (what === 14) this.#send({ ...this.#device.request(choices), queue: choices.below(8) }, choices, true);
    else if (choices.rarely(3)) this.start(choices);
    else this.#sendNonsense(choices);
    bench.settle();
    this.#device.check?.();
  }

  /** Looks at what came back in all queues. */
  collect(): void {
    const { bench } = this.#lab;
    if (this.#lab.hooked.hook === undefined) return;
    for (const [queue, { driver, outstanding }] of this.#queues.entries()) {
      const back = driver.returned();
      must(back.length <= MOST_RETURNED, 'what comes back for one action must be bounded');
      for (const { id, length } of back) {
        const known = outstanding.get(id);
        outstanding.delete(id);
        if (known === undefined || known.generation !== this.#generation) continue;
        this.#see(`${queue}:${Math.min(length, 1)}`);
        const room = writableOf(known.elements);
        must(length <= room, 'a device must not say that it wrote more than there was room for');
        if (length === 0) continue;
        this.#device.answered?.(known.request, this.#answer(known.elements, room), length, this.#see);
      }
    }
    this.#see(`status ${bench.driver.status}`);
  }

  #send(request: FuzzRequest, choices: Choices, kick: boolean): void {
    const { queueSizes } = this.#lab.bench.device;
    const queue = request.queue % Math.max(1, queueSizes.length);
    const place = this.#queues[queue];
    if (place === undefined) return;
    const whole = this.#elements(request, choices);
    const elements = whole.length > 4 || choices.rarely(8) ? this.#indirect(place.driver.ring, whole) : whole;
    const id = place.driver.publish(elements);
    if (id === undefined) this.#see('full');
    else {
      const generation = this.#overlaps() ? undefined : this.#generation;
      place.outstanding.set(id, { request: { ...request, queue }, elements: whole, generation });
    }
    if (kick) this.#kick(queue);
  }

  /** Whether buffers are in flight whose memory has been used again, or is anybody's. */
  #overlaps(): boolean {
    if (this.#spoiled) return true;
    return this.#queues.some(({ outstanding }) =>
      [...outstanding.values()].some(({ generation }) => generation !== this.#generation),
    );
  }

  #kick(queue: number): void {
    this.#lab.kick(this.#lab.bench, queue);
  }

  /** Buffers for a request, cut as a driver may cut it. */
  #elements({ readable, writable }: FuzzRequest, choices: Choices): readonly Element[] {
    const cut = choices.below(6);
    const at = choices.u16();
    const place = (length: number, flags: number): Element => ({
      address: BigInt(this.#allocate(length)),
      length,
      flags,
    });
    const cuts = (length: number): readonly number[] => {
      if (cut === 0 || length < 2) return [length];
      if (cut === 1) return [at % length, length - (at % length)];
      if (cut === 2) return [1, length - 1];
      if (cut === 3) return [0, length, 0];
      const piece = Math.max(1, Math.ceil(length / (2 + (at % 12))));
      return Array.from({ length: Math.ceil(length / piece) }, (_, index) => Math.min(piece, length - index * piece));
    };
    let offset = 0;
    const elements = (readable.length === 0 ? [] : cuts(readable.length)).map((length) => {
      const element = place(length, 0);
      this.#lab.memory.write(Number(element.address), readable.subarray(offset, offset + length));
      offset += length;
      return element;
    });
    const room = Math.min(writable, ARENA_SIZE - TABLES);
    elements.push(...(room === 0 ? [] : cuts(room)).map((length) => place(length, WRITE)));
    return elements.length === 0 ? [place(0, 0)] : elements;
  }

  #indirect(ring: ReturnType<Laboratory['ring']>, elements: readonly Element[]): readonly Element[] {
    const address = this.#allocate(16 * elements.length);
    ring.writeTable(address, elements);
    return [{ address: BigInt(address), length: 16 * elements.length, flags: INDIRECT }];
  }

  #allocate(length: number): number {
    if (this.#next + length > ARENA_SIZE) {
      this.#next = 0;
      this.#generation += 1;
    }
    const address = ARENA + this.#next;
    this.#next += Math.ceil(length / 16) * 16;
    return address;
  }

  #sendNonsense(choices: Choices): void {
    this.#generation += 1;
    this.#spoiled = true;
    const queue = choices.below(this.#lab.bench.device.queueSizes.length);
    const elements = Array.from({ length: 1 + choices.below(4) }, () => ({
      address: choices.wide(BigInt(ARENA)),
      length: choices.size(),
      flags: choices.byte() & 7,
    }));
    this.#lab.ring(this.#lab.bench, queue).publish(elements);
    this.#kick(queue);
  }

  #config(choices: Choices): void {
    const { transport, device } = this.#lab.bench;
    const offset = choices.below(Math.max(1, device.config.length + 4));
    const region =
      'regions' in transport
        ? transport.regions[0]
        : transport.bars.find(({ index }) => index === choices.below(6))?.region;
    const base = 'regions' in transport ? 0x100 : choices.u16() & ~3;
    const width = choices.pick([1, 2, 4] as const);
    const at = base + (offset & ~(width - 1));
    if (region === undefined || at + width > region.length) return;
    if (choices.rarely(2)) region.write(at, width, choices.u32() % 2 ** (8 * width));
    const value = region.read(at, width);
    must(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width), 'a register must read as its width says');
  }

  #answer(elements: readonly Element[], length: number): Uint8Array {
    const answer = new Uint8Array(length);
    let at = 0;
    for (const { address, length: room, flags = 0 } of elements) {
      if ((flags & WRITE) === 0 || at >= length) continue;
      const piece = this.#lab.memory.view(Number(address), Math.min(room, length - at));
      if (piece !== undefined) answer.set(piece, at);
      at += room;
    }
    return answer;
  }
}

const writableOf = (elements: readonly Element[]): number =>
  elements.reduce((sum, { length, flags = 0 }) => sum + ((flags & WRITE) === 0 ? 0 : length), 0);
