import type { VsockConnection } from '@vivarium/contracts';
import { fakeClock } from '@vivarium/testkit';
import { VirtioVsock } from '@vivarium/virtio-vsock';
import type { Choices } from '../../engine/choices.ts';
import { must, type See } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { pack } from './fields.ts';
import { virtioTarget } from './virtio-target.ts';

const GUEST = 3;
const HOST = 2;
const CONNECTIONS = 8;
const BUFFER = 4096;
/** Ports that host code listens on, and whatever others. */
const PORTS = [7, 8, 1024, 0, 0xffff_ffff];
/** Operations of section 5.10.6, in the order in which a connection lives. */
const OPERATIONS = [1, 5, 5, 5, 4, 6, 7, 2, 3, 0, 8, 0xffff];

const packet = (choices: Choices): Uint8Array => {
  const payload = choices.bytes(choices.rarely(3) ? choices.size(9000) : choices.below(64));
  return pack([
    [8, choices.rarely(12) ? choices.wide(3n) : GUEST],
    [8, choices.rarely(12) ? choices.wide(2n) : HOST],
    [4, 1000 + choices.below(4)],
    [4, choices.pick(PORTS)],
    [4, choices.rarely(8) ? choices.size() : payload.length],
    [2, choices.rarely(16) ? choices.u16() : 1],
    [2, choices.pick(OPERATIONS)],
    [4, choices.byte() & 3],
    [4, choices.pick([65_536, 0, 1, 0xffff_ffff, choices.u16()])],
    [4, choices.pick([0, choices.u16(), 0xffff_ffff])],
    payload,
  ]);
};

const request = (choices: Choices) => {
  const queue = choices.pick([1, 1, 0, 0, 2]);
  if (queue !== 1) return { queue, readable: new Uint8Array(0), writable: choices.pick([4096, 44, 43, 0, 1, 9000]) };
  const whole = packet(choices);
  return { queue, readable: choices.rarely(10) ? whole.subarray(0, choices.below(50)) : whole, writable: 0 };
};

/** Host code with some connections, that takes what it likes. */
class Host {
  readonly open = new Set<VsockConnection>();
  /** Bytes that are taken before it says "wait". */
  room = Number.POSITIVE_INFINITY;

  take(connection: VsockConnection): void {
    this.open.add(connection);
    connection.connect({
      receive: (bytes) => {
        must(bytes.length <= BUFFER, 'no more waits than the buffer holds');
        const taken = Math.min(this.room, bytes.length);
        this.room -= taken;
        return taken;
      },
      drained: () => {},
      ended: () => {},
      closed: () => must(this.open.delete(connection), 'a connection must end once'),
    });
  }

  act(device: VirtioVsock, choices: Choices, see: See): void {
    const act = choices.below(10);
    const connection = [...this.open][choices.byte() % Math.max(1, this.open.size)];
    if (act === 0) {
      const attempt = async (): Promise<void> => {
        try {
          this.take(await device.connect(choices.below(3)));
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('VIV_VSOCK_'))) throw error;
        }
      };
      void attempt();
    } else if (act === 1) device.transportReset();
    else if (act === 2) {
      this.room = choices.rarely(2) ? choices.size(5000) : Number.POSITIVE_INFINITY;
      for (const each of [...this.open]) each.resume();
    } else if (connection === undefined) see('alone');
    else if (act === 3) connection.end();
    else if (act === 4) {
      this.open.delete(connection);
      connection.destroy();
    } else if (act === 5) connection.resume();
    else {
      const taken = connection.write(choices.bytes(choices.size(70_000)));
      see(`took ${taken > 0}`);
    }
  }
}

const make = (): DeviceUnderFuzz => {
  const clock = fakeClock();
  const host = new Host();
  const failures: unknown[] = [];
  const device = new VirtioVsock({
    guestCid: GUEST,
    bufferSize: BUFFER,
    connections: CONNECTIONS,
    connectTimeout: 5,
    clock,
    timer: (expired) => clock.timer(expired),
    hostFailed: (error) => failures.push(error),
  });
  device.listen(7, (connection) => host.take(connection));
  device.listen(8, (connection) => connection.destroy());
  device.listen('any', () => {});
  return {
    device,
    deferred: true,
    // A reset of nothing, which nobody answers.
    probe: {
      queue: 1,
      readable: [
        pack([
          [8, GUEST],
          [8, HOST],
          [4, 1],
          [4, 1],
          [4, 0],
          [2, 1],
          [2, 3],
          [4, 0],
          [4, 0],
          [4, 0],
        ]),
      ],
    },
    request,
    host: (choices, see) => {
      if (choices.rarely(6)) clock.advance(choices.below(8) * 1e9);
      else host.act(device, choices, see);
      see(`connections ${device.connections}`);
    },
    check: () => {
      must(device.connections <= CONNECTIONS, 'there must not be more connections than may be');
      must(failures.length === 0, `host code must not fail: ${failures.map(String).join()}`);
    },
  };
};

export const vsock = virtioTarget(['packages/virtio/vsock'], make);
