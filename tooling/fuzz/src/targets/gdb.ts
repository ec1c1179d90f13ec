import { describeTarget, formatPacket, GdbConnection, PacketReader } from '@vivarium/gdb-stub';
import { Choices } from '../engine/choices.ts';
import { type FuzzTarget, must, type See } from '../engine/target.ts';
import { DebuggedMachine } from './debug-target.ts';

/** Packets of the protocol, `%` for a number and `&` for bytes in hexadecimal. */
const PACKETS = [
  '?',
  'g',
  'G&',
  'm%,%',
  'M%,%:&',
  'x%,%',
  'X%,%:!',
  'p%',
  'P%=&',
  'c',
  's',
  'c%',
  's%',
  'C%',
  'S%;%',
  'vCont?',
  'vCont;c',
  'vCont;s:%;c',
  'vCont;s:p%.%',
  'vCont;r%,%:%',
  'Z0,%,%',
  'z0,%,%',
  'Z1,%,4',
  'Z2,%,%',
  'Z3,%,%',
  'Z4,%,%',
  'z4,%,%',
  'Hg%',
  'Hc%',
  'Hg-1',
  'T%',
  'qSupported:swbreak+;hwbreak+;multiprocess+',
  'qXfer:features:read:target.xml:%,%',
  'qXfer:features:read:&:%,%',
  'qXfer:threads:read::%,%',
  'qfThreadInfo',
  'qsThreadInfo',
  'qThreadExtraInfo,%',
  'qC',
  'qAttached',
  'qRcmd,&',
  'QStartNoAckMode',
  'qSymbol::',
  'D',
  'D;1',
  'k',
  'vKill;%',
  'R00',
  '!',
  'vMustReplyEmpty',
  'qOffsets',
  'qTStatus',
  'qCRC:%,%',
  '&',
  '',
] as const;
const ADDRESSES = [0x8000_0000, 0x8000_1ff8, 0, 0x1000, 0xffff_ffff_ffff_f000n, 2n ** 64n - 1n];

const numberOf = (choices: Choices): string =>
  (choices.rarely(3)
    ? choices.wide()
    : BigInt(choices.rarely(2) ? choices.pick(ADDRESSES) : choices.size(3000))
  ).toString(16);

const bodyOf = (choices: Choices): Uint8Array => {
  const text = choices.pick(PACKETS).replaceAll(/[%&!]/g, (sign) => {
    if (sign === '%') return numberOf(choices);
    const bytes = Buffer.from(choices.bytes(choices.size(9000)));
    return sign === '&' ? bytes.toString('hex') : bytes.toString('latin1');
  });
  return Uint8Array.from(Buffer.from(text, 'latin1'));
};

/** What a client sends: a packet, a packet with some of it changed, or any bytes. */
const sent = (choices: Choices): Uint8Array => {
  const kind = choices.below(8);
  if (kind === 7) return choices.bytes(choices.size(70_000));
  if (kind === 6) return Uint8Array.from(choices.pick([[3], [0x2b], [0x2d], [0x24], [0x23]]));
  const packet = formatPacket(bodyOf(choices));
  if (kind === 5) packet[choices.u16() % packet.length] = choices.byte();
  return packet;
};

const heard = (reader: PacketReader, bytes: Uint8Array, see: See): void => {
  for (const incoming of reader.push(bytes)) {
    must(incoming.kind !== 'corrupt' && incoming.kind !== 'oversized', 'an answer must be a whole packet');
    if (incoming.kind === 'packet') see(Buffer.from(incoming.data.subarray(0, 3)).toString('latin1'));
  }
};

/** Packets of a debugger to the stub. */
export const gdb: FuzzTarget = {
  covers: ['packages/gdb-stub'],
  run: async (program, see) => {
    const machine = new DebuggedMachine();
    const reader = new PacketReader(1 << 20);
    let closed = false;
    const connect = (): GdbConnection =>
      new GdbConnection(machine, describeTarget('riscv64', machine.vcpus[0]), {
        send: (bytes) => heard(reader, bytes, see),
        close: () => {
          closed = true;
        },
      });
    const connection = connect();
    connection.receive(Uint8Array.of(0x2b));
    for (const action of program) {
      const choices = new Choices(action);
      connection.receive(sent(choices));
      if (!choices.rarely(4)) await new Promise((resolve) => void setImmediate(resolve));
      if (choices.rarely(8)) machine.stop({ kind: 'breakpoint', vcpu: choices.below(2), address: choices.u64() });
      see(`closed ${closed} ${machine.halted}`);
    }
    connection.closed();
    await new Promise((resolve) => void setImmediate(resolve));
    must(!machine.attached && machine.points.size === 0, 'a client that is gone holds nothing');
    // The next one is served.
    const answers: string[] = [];
    const next = new GdbConnection(machine, describeTarget('riscv64', machine.vcpus[0]), {
      send: (bytes) => void answers.push(Buffer.from(bytes).toString('latin1')),
      close: () => {},
    });
    next.receive(formatPacket(Buffer.from('?')));
    await new Promise((resolve) => void setImmediate(resolve));
    must(
      answers.join('').includes('$T'),
      `the next client must be told why the machine stands still: ${answers.join()}`,
    );
    next.closed();
  },
};
