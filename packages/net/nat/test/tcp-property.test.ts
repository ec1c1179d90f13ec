import { concatenate } from '@vivarium/net-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeRig, pattern } from './guest/rig.ts';

const PEER = 0x0808_0808;
const STEP = 20e6;

const world = fc.record({
  download: fc.nat(40_000),
  upload: fc.nat(40_000),
  chunk: fc.integer({ min: 200, max: 20_000 }),
  loss: fc.constantFrom(0, 0, 0.02, 0.1, 0.2),
  disorder: fc.constantFrom(0, 0, 0.1, 0.4),
  room: fc.constantFrom(1, 3, 1000),
  buffer: fc.integer({ min: 500, max: 60_000 }),
  segment: fc.integer({ min: 64, max: 1460 }),
  large: fc.boolean(),
  tso: fc.constantFrom(0, 10_000, 60_000),
  reads: fc.constantFrom(1, 0.3),
  takes: fc.constantFrom(1, 0.3),
  connectionBuffer: fc.integer({ min: 16_384, max: 200_000 }),
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
});

describe('a connection, whatever its link and its ends are like', () => {
  it('brings every byte once, in order, in both directions, and ends', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { guest, host, clock, nat } = fakeRig({ limits: { connectionBuffer: given.connectionBuffer } });
        let state = given.seed;
        const chance = (part: number) => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return state < part * 2 ** 32;
        };
        // So many in a row at most: a link that loses everything ends a connection, and rightly so.
        const row = { in: 0, out: 0 };
        const troubles = (part: number, direction: 'in' | 'out') => chance(part) && (row[direction] += 1) <= 3;
        guest.loses = (direction) => troubles(given.loss, direction);
        guest.delays = (direction) => {
          const isLate = troubles(given.disorder, direction);
          if (!isLate) row[direction] = 0;
          return isLate;
        };
        guest.accepts = given.large ? { checksum: true, tcp4: true } : {};
        const { buffer, segment, tso } = given;
        const connection = guest.connect(PEER, 80, { buffer, segment, scale: 3, ...(tso > segment ? { tso } : {}) });
        connection.close();
        const [down, up] = [pattern(given.download, given.seed), pattern(given.upload, given.seed + 1)];
        connection.write(up);
        connection.end();
        let sent = 0;
        let told = false;
        let connected = false;
        const isDone = () => connection.ended && connection.finAcknowledged && nat.counters.connections === 0;
        for (let step = 0; step < 20_000 && !isDone(); step += 1) {
          guest.room = given.room;
          nat.resume();
          const [socket, ...others] = host.sockets;
          // A SYN that was on its way for very long opens another connection, which nobody is there for.
          for (const other of others.filter(({ isReset }) => !isReset)) {
            other.isReset = true;
            other.events.failed('refused');
          }
          if (socket !== undefined && !connected) {
            connected = true;
            socket.events.connected();
          } else if (socket !== undefined) {
            if (!socket.isPaused && sent < down.length) {
              socket.events.data(down.slice(sent, sent + given.chunk));
              sent += given.chunk;
            } else if (sent >= down.length && !told) {
              told = true;
              socket.events.ended();
            }
            socket.takes = chance(given.takes);
            if (socket.takes && socket.pending > 0) {
              socket.pending = 0;
              socket.events.drained();
            }
            if (told && socket.ended && socket.pending === 0) socket.events.closed();
          }
          connection.holds = !chance(given.reads);
          if (!connection.holds && connection.unread > 0) connection.read();
          clock.advance(STEP);
          if (step % 5 === 0 && !isDone()) connection.retry();
        }
        expect(isDone()).toBe(true);
        expect(Buffer.compare(concatenate(connection.received), down)).toBe(0);
        expect(Buffer.compare(concatenate(host.sockets[0].written), up)).toBe(0);
        expect(connection.largest).toBeLessThanOrEqual(given.large ? 65_535 : segment);
        expect(nat.counters).toMatchObject({ buffered: 0, opening: 0 });
      }),
      { numRuns: 150, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false },
    );
  });
});
