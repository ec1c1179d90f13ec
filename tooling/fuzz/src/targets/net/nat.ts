import { type NetFrame, MAXIMUM_FRAME } from '@vivarium/contracts';
import { createNat, type Nat } from '@vivarium/net-nat';
import { concatenate, parseEthernet, parseIpv4, parseTcp } from '@vivarium/net-packet';
import { fakeClock } from '@vivarium/testkit';
import { Choices } from '../../engine/choices.ts';
import { type FuzzTarget, must } from '../../engine/target.ts';
import { frameOf, GUEST, type Numbers, offloadOf } from './frames.ts';
import { ProgrammedHost } from './host.ts';

const LIMITS = {
  ...{ connections: 20, halfOpen: 8, timeWait: 10, buffers: 400_000, connectionBuffer: 65_536 },
  ...{ udpFlows: 10, questions: 6, echoes: 3, neighbours: 30, reassembly: 200_000 },
};
/** Frames that one action may bring to the guest. */
const MOST_FRAMES = 20_000;
const SECOND = 1e9;

/** An ARP question for the gateway, which is always answered. */
const ASKS = Uint8Array.from([
  ...Array.from({ length: 6 }, () => 0xff),
  ...[2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1],
  ...[2, 0, 0, 0, 0, 1, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2],
]);

const checkBounds = ({ counters }: Nat): void => {
  must(counters.connections <= LIMITS.connections && counters.opening <= LIMITS.halfOpen, 'connections have a bound');
  must(counters.timeWait <= LIMITS.timeWait, 'closed connections have a bound');
  must(
    counters.udpFlows <= LIMITS.udpFlows && counters.questions <= LIMITS.questions,
    'flows and questions have a bound',
  );
  must(counters.neighbours <= LIMITS.neighbours, 'neighbours have a bound');
  must(
    counters.buffered >= 0 && counters.buffered <= LIMITS.buffers + 20 * (2 * 16_384 + 30_000),
    'buffers have a bound',
  );
};

/** Random numbers of the platform, which the translator takes for its sequence numbers, made the same in each run. */
const withFixedRandom = async (act: () => Promise<void>): Promise<void> => {
  let state = 1;
  Object.defineProperty(crypto, 'getRandomValues', {
    configurable: true,
    value: (array: Uint32Array): Uint32Array =>
      array.map(() => (state = (Math.imul(state, 0x19_660d) + 0x3c6e_f35f) >>> 0)),
  });
  try {
    await act();
  } finally {
    // Its own is that of its prototype.
    Reflect.deleteProperty(crypto, 'getRandomValues');
  }
};

/** Frames of a guest into the translator, while the host's side of everything is hostile too. */
export const nat: FuzzTarget = {
  covers: ['packages/net/nat', 'packages/net-packet'],
  run: (program, see) =>
    withFixedRandom(async () => {
      const [first = new Uint8Array(0), ...actions] = program;
      const start = new Choices(first);
      const host = new ProgrammedHost();
      const clock = fakeClock();
      const translator = createNat(
        {
          host,
          limits: LIMITS,
          timeouts: { opening: 20, idle: 60, halfClosed: 20, udp: 5 },
          egress: start.pick([
            { mode: 'open' },
            { mode: 'public' },
            { mode: 'listed', allow: [{ name: '*.example.com' }, { cidr: '8.8.0.0/16', ports: [1, 100] }] },
          ]),
          mtu: start.pick([1500, 576, 9000]),
          hostLoopback: !start.rarely(3),
        },
        { clock, timer: (expired) => clock.timer(expired) },
      );
      const numbers: Numbers = new Map();
      let refuses = false;
      let frames = 0;
      const receive = (frame: NetFrame): boolean => {
        if (refuses) return false;
        frames += 1;
        must(frames < MOST_FRAMES, 'what one action brings to the guest must be bounded');
        must(frame.length <= MAXIMUM_FRAME && frame.length >= 14, 'a frame for the guest must be one');
        const bytes = concatenate(frame.pieces);
        const ip = parseIpv4(bytes, 14);
        const tcp = ip?.protocol === 6 ? parseTcp(bytes, 14 + ip.headerLength) : undefined;
        if (ip?.destination === GUEST && tcp !== undefined) {
          const known = numbers.get(tcp.destinationPort);
          const length = ip.totalLength - ip.headerLength - tcp.headerLength + ((tcp.flags & 3) === 0 ? 0 : 1);
          numbers.set(tcp.destinationPort, {
            sequence: tcp.acknowledgment || (known?.sequence ?? 0),
            next: (tcp.sequence + length) >>> 0,
          });
        }
        see(`to ${parseEthernet(bytes)?.header.type ?? 0} ${ip?.protocol ?? 0} ${tcp?.flags ?? 0}`);
        return true;
      };
      translator.connect({
        accepts: start.pick([{}, { checksum: true, tcp4: true }]),
        receive,
        drained: () => {},
        linkChanged: () => {},
      });
      await translator.addForward({ protocol: 'tcp', host: '127.0.0.1', hostPort: 8080, guest: GUEST, guestPort: 80 });
      for (const action of actions) {
        frames = 0;
        const choices = new Choices(action);
        const what = choices.below(12);
        if (what < 7) {
          const bytes = frameOf(choices, numbers);
          const cut = choices.u16() % (bytes.length + 1);
          const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
          translator.send({
            pieces,
            length: bytes.length,
            ...(choices.rarely(4) ? { offload: offloadOf(choices) } : {}),
          });
        } else if (what < 10) host.act(choices);
        else if (what === 10) clock.advance(choices.pick([1e6, 1e8, SECOND, 5 * SECOND, 30 * SECOND, 100 * SECOND]));
        else {
          refuses = choices.rarely(3);
          if (!refuses) translator.resume();
        }
        checkBounds(translator);
      }
      refuses = false;
      translator.reset();
      const { counters } = translator;
      must(
        counters.connections + counters.buffered + counters.udpFlows + counters.questions === 0,
        'a reset gives everything back',
      );
      must(host.udp.filter(({ closed }) => !closed).length <= 1, 'a reset closes the sockets');
      clock.advance(1);
      frames = 0;
      translator.send({ pieces: [ASKS], length: ASKS.length });
      clock.advance(1);
      must(frames > 0, 'the gateway must answer after all that');
      translator.dispose();
    }),
};
