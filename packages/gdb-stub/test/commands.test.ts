import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PACKET_SIZE } from '../src/index.ts';
import { Conversation, hexText, textOf } from './conversation.ts';
import { FakeTarget, VIRTUAL } from './fake-target.ts';

const open = async (count = 1) => {
  const target = new FakeTarget(count);
  target.ram.forEach((_, index) => {
    target.ram[index] = index & 0xff;
  });
  const client = new Conversation(target);
  await client.ask('QStartNoAckMode');
  return { target, client };
};

const at = (offset: number): string => (VIRTUAL + BigInt(offset)).toString(16);

describe('registers', () => {
  it('are read all together, little-endian, x0 to x31 and pc', async () => {
    const { target, client } = await open(2);
    target.vcpus[1].writeRegister('x1', 0x0123_4567_89ab_cdefn);
    target.vcpus[1].writeRegister('pc', 0xffff_ffff_8000_0000n);
    await client.ask('Hg2');
    const values = (await client.ask('g')).match(/.{16}/g) ?? [];
    expect(values).toHaveLength(33);
    expect(values[0]).toBe('0000000000000000');
    expect(values[1]).toBe('efcdab8967452301');
    expect(values[32]).toBe('00000080ffffffff');
  });

  it('are written all together, but for what cannot be', async () => {
    const { target, client } = await open();
    const values = Array.from({ length: 33 }, (_, number) => `${number.toString(16).padStart(2, '0')}00000000000080`);
    expect(await client.ask(`G${values.join('')}`)).toBe('OK');
    expect(target.vcpus[0].readRegister('x31')).toBe(0x8000_0000_0000_001fn);
    expect(target.vcpus[0].readRegister('pc')).toBe(0x8000_0000_0000_0020n);
    expect(target.vcpus[0].readRegister('x0')).toBe(0n);
    expect(await client.ask('G00')).toBe('E16');
    expect(await client.ask(`G${'zz'.repeat(33 * 8)}`)).toBe('E16');
  });

  it('are numbered as the description says, each with its size', async () => {
    const { target, client } = await open();
    const xml = (await client.ask('qXfer:features:read:target.xml:0,2000')).slice(1);
    const rows = [...xml.matchAll(/<reg name="(\w+)" bitsize="(\d+)" type="\w+" regnum="(\d+)"/g)];
    expect(rows.map(([, name]) => name)).toEqual(
      expect.arrayContaining(['x0', 'pc', 'f31', 'fcsr', 'mstatus', 'satp', 'priv']),
    );
    expect(rows.map(([, , , number]) => Number(number))).toEqual(rows.map((_, index) => index));
    for (const [, name = '', bits, number] of rows) {
      const digits = await client.ask(`p${Number(number).toString(16)}`);
      expect(digits).toHaveLength(Number(bits) / 4);
      const value = BigInt(`0x${(digits.match(/../g) ?? []).toReversed().join('')}`);
      expect(value).toBe(BigInt.asUintN(Number(bits), target.vcpus[0].readRegister(name) ?? -1n));
    }
    expect(await client.ask(`p${rows.length.toString(16)}`)).toBe('E16');
  });

  it('are written one by one', async () => {
    const { target, client } = await open();
    expect(await client.ask('Pa=0807060504030201')).toBe('OK');
    expect(target.vcpus[0].readRegister('x10')).toBe(0x0102_0304_0506_0708n);
    expect(await client.ask('P0=0100000000000000')).toBe('E01');
    for (const packet of ['Pa=01', 'Pa', 'P=00', 'Pffff=0000000000000000', 'Pa=01=02']) {
      expect(await client.ask(packet)).toBe('E16');
    }
  });
});

describe('memory', () => {
  it('is read through translation, as far as it is there', async () => {
    const { client } = await open();
    expect(await client.ask(`m${at(0x10)},4`)).toBe('10111213');
    expect(await client.ask(`m${at(0xffe)},8`)).toBe('feff');
    expect(await client.ask(`m${at(0x1000)},8`)).toBe('E0e');
    expect(await client.ask(`m${at(0x10)},0`)).toBe('');
    expect(await client.ask('mffffffffffffffff,10')).toBe('E0e');
    for (const packet of ['m', 'm80000000', 'mx,4', 'm0,x', 'm0,4,5', 'm11112222333344445,1']) {
      expect(await client.ask(packet)).toBe('E16');
    }
  });

  it('of devices is neither read nor written', async () => {
    const { client } = await open();
    expect(await client.ask('m1000,4')).toBe('E0e');
    expect(await client.ask('M1000,1:00')).toBe('E0e');
  });

  it('is no more in one packet than fits', async () => {
    const { client } = await open();
    await client.ask(`qRcmd,${hexText('physical on')}`);
    expect(await client.ask('m80000000,ffffffff')).toHaveLength(PACKET_SIZE);
  });

  it('is written in hexadecimal and in binary, all or nothing', async () => {
    const { target, client } = await open();
    expect(await client.ask(`M${at(0x10)},3:aabbcc`)).toBe('OK');
    expect(target.ram.slice(0x10, 0x14)).toEqual(Uint8Array.of(0xaa, 0xbb, 0xcc, 0x13));
    expect(await client.ask(`X${at(0)},0:`)).toBe('OK');
    expect(await client.ask(`X${at(0x20)},5:#$}*:`)).toBe('OK');
    expect(String.fromCharCode(...target.ram.slice(0x20, 0x25))).toBe('#$}*:');
    const before = target.ram.slice();
    expect(await client.ask(`M${at(0xffe)},4:00000000`)).toBe('E0e');
    expect(target.ram).toEqual(before);
    for (const packet of [`M${at(0)},2:00`, `M${at(0)},1:0`, `M${at(0)},1`, `M${at(0)},1:zz`, `X${at(0)},2:a`, 'X']) {
      expect(await client.ask(packet)).toBe('E16');
    }
  });

  it('comes back as it was written, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat({ max: 3000 }),
        async (bytes, offset) => {
          const { client } = await open();
          const length = bytes.length.toString(16);
          expect(await client.ask(`X${at(offset)},${length}:${String.fromCharCode(...bytes)}`)).toBe('OK');
          expect(await client.ask(`m${at(offset)},${length}`)).toBe(Buffer.from(bytes).toString('hex'));
        },
      ),
    );
  });
});

describe('points', () => {
  it('are set and taken away', async () => {
    const { target, client } = await open();
    expect(await client.ask('Z0,80000000,4')).toBe('OK');
    expect(await client.ask('Z3,1000,8')).toBe('OK');
    expect(target.points).toEqual([
      { kind: 'breakpoint', address: 0x8000_0000n },
      { kind: 'watchpoint', address: 0x1000n, length: 8, access: 'read' },
    ]);
    expect(await client.ask('Z2,1000,8')).toBe('E1c');
    expect(await client.ask('z0,80000000,4')).toBe('OK');
    expect(await client.ask('z0,80000000,4')).toBe('OK');
    expect(await client.ask('Z4,1000,8')).toBe('OK');
    expect(target.points.at(-1)).toMatchObject({ access: 'access' });
    for (const packet of ['Z', 'Z0', 'Z0,1', 'Z0,x,4', 'Z0,1,4;X1,00', 'z1,,'])
      expect(await client.ask(packet)).toBe('E16');
  });
});

describe('monitor', () => {
  const say = async (client: Conversation, command: string): Promise<string> => {
    const packets = (await client.ask(`qRcmd,${hexText(command)}`)).split('|');
    expect(packets.pop()).toBe('OK');
    return packets.map((packet) => textOf(packet.slice(1))).join('');
  };

  it('explains itself', async () => {
    const { client } = await open();
    for (const command of ['help', '', 'nonsense', 'info', 'info nothing', 'a b c d']) {
      expect(await say(client, command)).toContain('monitor ');
    }
    expect(await client.ask('qRcmd,6')).toBe('E16');
  });

  it('shows every register of a vCPU', async () => {
    const { target, client } = await open(2);
    const text = await say(client, 'info registers 1');
    for (const name of target.vcpus[1].registerNames) {
      const value = target.vcpus[1].readRegister(name) ?? 0n;
      expect(text).toMatch(new RegExp(`\\b${name} +0x${value.toString(16)}\\b`));
    }
    expect(await say(client, 'info registers 7')).toContain('no vCPU 7');
  });

  it('shows vCPUs and points', async () => {
    const { client } = await open(3);
    expect(await say(client, 'info points')).toBe('none\n');
    await client.ask('Z0,80000000,4');
    await client.ask('Z2,1000,8');
    expect(await say(client, 'info points')).toBe('breakpoint at 0x80000000\nwatchpoint (write) at 0x1000, 8 bytes\n');
    expect(await say(client, 'info vcpus')).toMatch(
      /^vCPU 0: pc 0x0,.*\nvCPU 1: pc 0x3e8,.*\nvCPU 2: .*stopped by the guest\n$/,
    );
  });

  it('translates addresses, and reaches physical memory', async () => {
    const { client } = await open();
    expect(await say(client, 'translate 0xffffffff80000010')).toBe('0x80000010\n');
    expect(await say(client, 'translate 16')).toBe('not mapped\n');
    expect(await say(client, 'translate x')).toContain('give an address');
    expect(await client.ask('m80000010,2')).toBe('E0e');
    expect(await say(client, 'physical on')).toBe('addresses are guest-physical\n');
    expect(await client.ask('m80000010,2')).toBe('1011');
    expect(await client.ask('m10000000,1')).toBe('E0e');
    expect(await say(client, 'physical off')).toBe('addresses are guest-virtual\n');
    expect(await client.ask('m80000010,2')).toBe('E0e');
  });

  it('resets the machine', async () => {
    const { target, client } = await open();
    expect(await say(client, 'reset')).toContain('maintenance flush register-cache');
    expect(target.log).toEqual(['reset']);
  });
});
