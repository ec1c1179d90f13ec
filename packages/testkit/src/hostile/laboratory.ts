import type { GuestMemory, InterruptLine, VirtioDevice, VirtioQueue } from '@vivarium/contracts';
import { MmioTransport, PciTransport, type RingFeatures } from '@vivarium/virtio-transport';
import { expectThat } from '../conformance.ts';
import { fakeInterrupt } from '../fake-interrupt.ts';
import { fakeMemory } from '../fake-memory.ts';
import { Feature, MmioDriver, Status, type TransportDriver } from './driver.ts';
import {
  type DriverRing,
  type Element,
  PackedDriverRing,
  type RingPlace,
  SplitDriverRing,
  WRITE,
} from './driver-ring.ts';
import { PciDriver } from './pci-driver.ts';
import { type HookedMemory, hookedMemory } from './hooked-memory.ts';

/** A request that the device serves when it is well: proof that it lives. */
export interface VirtioProbe {
  readonly queue: number;
  /** What the device reads, piece by piece. */
  readonly readable?: readonly Uint8Array[];
  /** Lengths of what it writes. */
  readonly writable?: readonly number[];
  /** Whether the answer is right; default any. */
  readonly answered?: (written: Uint8Array, length: number) => boolean;
}

/** The device under test, and how to tell that it works. */
export interface VirtioSubject {
  readonly device: VirtioDevice;
  readonly probe: VirtioProbe;
  dispose?(): void;
}

export type RingFormat = 'split' | 'packed';
export type Transport = 'mmio' | 'pci';

/** What is tested how. */
export interface Setting {
  readonly transport: Transport;
  readonly format: RingFormat;
}

export const RAM = 0x8000_0000;
export const RAM_SIZE = 1024 * 1024;
/** Entries of the rings; small, so that cases reach the ends. */
const RING_SIZE = 16;
const SLOT = 0x1_0000;
const TABLES = 0x8000;
const BUFFERS = 0x9000;

/** A device with a driver attached. */
export interface Bench {
  readonly driver: TransportDriver;
  readonly device: VirtioDevice;
  readonly probe: VirtioProbe;
  /** Runs what the device put off; cases call it after each kick. */
  settle(): void;
  readonly transport: MmioTransport | PciTransport;
  readonly failures: readonly string[];
  readonly interrupts: ReturnType<typeof fakeInterrupt>;
  readonly slot: number;
}

/** A well-behaved little device of our own beside the one under test. */
class EchoDevice implements VirtioDevice {
  readonly deviceId = 0x3f;
  readonly kind = 'echo';
  readonly features = 0n;
  readonly queueSizes = [RING_SIZE];
  readonly config = { length: 0, read: () => 0 };
  #queue: VirtioQueue | undefined;

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queue = queues[0];
  }

  notified(): void {
    for (let request = this.#queue?.take(); request !== undefined; request = this.#queue?.take()) {
      this.#queue?.complete(request, request.write(0, request.read(0, request.readableLength)));
    }
  }

  reset(): void {
    this.#queue = undefined;
  }
}

/** One machine's worth of hostile ground: the device under test, a sibling, shared memory. */
export class Laboratory {
  readonly hooked: HookedMemory;
  readonly memory: GuestMemory;
  readonly bench: Bench;
  readonly sibling: Bench;
  readonly setting: Setting;
  readonly #rings = new Map<string, DriverRing>();

  /** @param memory of `RAM_SIZE` bytes at `RAM`, where not its own: whoever makes very many laboratories reuses it */
  constructor(subject: VirtioSubject, setting: Setting, rings: RingFeatures = {}, memory: GuestMemory = ownMemory()) {
    this.setting = setting;
    this.memory = memory;
    this.hooked = hookedMemory(this.memory);
    const features = { packed: setting.format === 'packed', ...rings };
    this.bench = this.#attach(subject.device, subject.probe, features, 0);
    const word = Uint8Array.of(1, 2, 3, 4);
    this.sibling = this.#attach(
      new EchoDevice(),
      { queue: 0, readable: [word], writable: [4], answered: (written) => written.join() === word.join() },
      features,
      1,
    );
  }

  #attach(device: VirtioDevice, probe: VirtioProbe, rings: RingFeatures, slot: number): Bench {
    const failures: string[] = [];
    const interrupts = fakeInterrupt();
    let deferred = 0;
    const shared = {
      device,
      rings,
      memory: this.hooked.memory,
      defer: () => {
        deferred += 1;
      },
      violation: () => {},
      failed: (hook: string, error: unknown) => void failures.push(`${hook}: ${String(error)}`),
    };
    const { transport, driver } =
      this.setting.transport === 'mmio'
        ? overMmio(new MmioTransport({ ...shared, interrupt: interrupts, label: `virtio${slot}` }))
        : overPci(new PciTransport(shared), interrupts);
    const settle = (): void => {
      // A hostile driver may publish again and again; what is put off is bounded all the same.
      for (let round = 0; deferred > 0 && round < 64; round++) {
        deferred = 0;
        transport.resume();
      }
    };
    return { driver, device, probe, settle, transport, failures, interrupts, slot };
  }

  /** Where queue `index` of a bench has its rings. */
  placeOf(bench: Bench, index: number): RingPlace {
    const base = RAM + SLOT * (1 + bench.slot * 7 + Math.min(index, 5));
    const size = Math.min(RING_SIZE, bench.driver.queueSizeMax(index));
    return { size, descriptors: base, driver: base + 0x1000, device: base + 0x2000 };
  }

  /** Negotiates up to FEATURES_OK. */
  negotiate(bench: Bench, want: bigint = this.wanted(bench)): void {
    const { driver } = bench;
    driver.status = 0;
    driver.status = Status.acknowledge;
    driver.status = Status.acknowledge | Status.driver;
    driver.accept(want);
    driver.status = Status.acknowledge | Status.driver | Status.featuresOk;
  }

  /** All that is offered, in the ring format of the setting. */
  wanted(bench: Bench): bigint {
    const offered = bench.driver.offered();
    return this.setting.format === 'packed' ? offered : offered & ~Feature.packed;
  }

  /** Brings a device up with rings for all its queues. */
  start(bench: Bench, want?: bigint): void {
    this.negotiate(bench, want);
    for (const index of bench.device.queueSizes.keys()) {
      const place = this.placeOf(bench, index);
      this.memory.write(place.descriptors, new Uint8Array(0x8000));
      bench.driver.place(index, place);
      const ready = bench.driver.enable(index);
      expectThat(ready === 1, `queue ${index} must be ready with rings that are right`);
      const ring =
        this.setting.format === 'split'
          ? new SplitDriverRing(this.memory, place)
          : new PackedDriverRing(this.memory, place);
      this.#rings.set(`${bench.slot}.${index}`, ring);
    }
    bench.driver.status = bench.driver.status | Status.driverOk;
  }

  ring(bench: Bench, index: number = bench.probe.queue): DriverRing {
    const ring = this.#rings.get(`${bench.slot}.${index}`);
    if (ring === undefined) throw new RangeError('the device was not started');
    return ring;
  }

  split(): SplitDriverRing {
    const ring = this.ring(this.bench);
    if (ring instanceof SplitDriverRing) return ring;
    throw new TypeError('not a split ring');
  }

  /** Address for a descriptor table of the bench's own. */
  table(bench: Bench = this.bench): number {
    return this.placeOf(bench, bench.probe.queue).descriptors + TABLES;
  }

  buffer(bench: Bench = this.bench): number {
    return this.placeOf(bench, bench.probe.queue).descriptors + BUFFERS;
  }

  /** The good request as descriptors, its data in memory. */
  elements(bench: Bench = this.bench): readonly Element[] {
    let at = this.buffer(bench);
    const piece = (length: number, flags: number): Element => {
      const element = { address: BigInt(at), length, flags };
      at += Math.ceil(length / 16) * 16;
      return element;
    };
    const readable = (bench.probe.readable ?? []).map((bytes) => {
      this.memory.write(at, bytes);
      return piece(bytes.length, 0);
    });
    const writable = (bench.probe.writable ?? []).map((length) => {
      this.memory.write(at, new Uint8Array(length));
      return piece(length, WRITE);
    });
    return [...readable, ...writable];
  }

  kick(bench: Bench = this.bench, index: number = bench.probe.queue): void {
    bench.driver.notify(index);
    bench.settle();
  }

  /** Sends the good request, and fails unless the answer is right. */
  serves(bench: Bench = this.bench, when = 'when it is well', elements = this.elements(bench)): void {
    const ring = this.ring(bench);
    ring.returned();
    const id = ring.publish(elements);
    this.kick(bench);
    const back = ring.returned();
    const who = bench === this.sibling ? 'the sibling' : 'the device';
    const details = { back, status: bench.driver.status, failures: bench.failures };
    expectThat(back.length === 1 && back[0]?.id === id, `${who} must serve a good request ${when}`, details);
    const written = elements
      .filter(({ flags = 0 }) => (flags & WRITE) !== 0)
      .flatMap(({ address, length }) => [...(this.memory.view(Number(address), length) ?? [])]);
    const right = bench.probe.answered?.(Uint8Array.from(written), back[0]?.length ?? 0) ?? true;
    expectThat(right, `${who} must give the right answer ${when}`, details);
  }
}

const ownMemory = (): GuestMemory => fakeMemory({ base: RAM, size: RAM_SIZE });

const overMmio = (transport: MmioTransport) => {
  const [region] = transport.regions;
  if (region === undefined) throw new RangeError('a transport without registers');
  transport.reset();
  return { transport, driver: new MmioDriver(region) };
};

const overPci = (transport: PciTransport, interrupt: InterruptLine) => {
  transport.attach({ interrupt, message: () => {} });
  transport.reset();
  return { transport, driver: new PciDriver(transport) };
};
