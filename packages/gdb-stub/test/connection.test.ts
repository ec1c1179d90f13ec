import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeTarget, GdbConnection, PACKET_SIZE } from '../src/index.ts';
import { Conversation } from './conversation.ts';
import { FakeTarget } from './fake-target.ts';

const open = (count = 1, halted = true) => {
  const target = new FakeTarget(count, halted);
  return { target, client: new Conversation(target) };
};

describe('a client', () => {
  it('finds the machine halted', async () => {
    const { target, client } = open(1, false);
    expect(target.log).toEqual(['halt']);
    expect(await client.ask('?')).toBe('T02thread:1;');
    expect(target.halted).toBe(true);
  });

  it('is answered only once the machine stands still', async () => {
    const target = new FakeTarget(1, false);
    target.prompt = false;
    const client = new Conversation(target);
    client.send('g');
    expect(await client.heard()).toEqual(['+']);
    target.stop({ kind: 'breakpoint', vcpu: 0, address: 4n });
    const [registers = ''] = await client.heard();
    expect(registers).toHaveLength(33 * 16);
  });

  it('learns what there is', async () => {
    const { client } = open();
    const features = (await client.ask('qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=riscv')).split(';');
    expect(features).toEqual(
      expect.arrayContaining(['QStartNoAckMode+', 'qXfer:features:read+', 'vContSupported+', 'swbreak+', 'hwbreak+']),
    );
    expect(features).toContain(`PacketSize=${PACKET_SIZE.toString(16)}`);
    expect(await client.ask('vMustReplyEmpty')).toBe('');
    expect(await client.ask('vCont?')).toBe('vCont;c;C;s;S;t');
    expect(await client.ask('qAttached')).toBe('1');
    for (const unknown of ['qSupportedX', 'qCx', '!', 'R', 'i', 'QNonStop:1', 'vFile:open', 'Z9,0,4', 'Z5,10,4']) {
      expect(await client.ask(unknown)).toBe('');
    }
  });

  it('acknowledges until it is agreed not to', async () => {
    const { client } = open();
    client.send('qC');
    expect(await client.heard()).toEqual(['+', 'QC1']);
    client.raw('-');
    expect(await client.heard()).toEqual(['QC1']);
    client.raw('$qC#00');
    expect(await client.heard()).toEqual(['-']);
    client.send('QStartNoAckMode');
    expect(await client.heard()).toEqual(['+', 'OK']);
    client.send('qC');
    client.raw('-');
    client.raw('$qC#00');
    expect(await client.heard()).toEqual(['QC1']);
  });

  it('is told that a packet is too long', async () => {
    const { client } = open();
    expect(await client.ask(`m${'0'.repeat(PACKET_SIZE)}`)).toBe('E1b');
    expect(await client.ask('qC')).toBe('QC1');
  });

  it('reads the description piece by piece', async () => {
    const { client, target } = open();
    const { xml } = describeTarget('riscv64', target.vcpus[0]);
    for (const size of [1, 100, 0xfff, 0x10_0000]) {
      let text = '';
      for (;;) {
        const piece = await client.ask(
          `qXfer:features:read:target.xml:${text.length.toString(16)},${size.toString(16)}`,
        );
        text += piece.slice(1);
        if (piece.startsWith('l')) break;
        expect(piece[0]).toBe('m');
        if (size === 1 && text.length > 50) break;
      }
      expect(text).toBe(size === 1 ? xml.slice(0, 51) : xml);
    }
    expect(await client.ask('qXfer:features:read:other.xml:0,100')).toBe('E00');
    expect(await client.ask('qXfer:features:read:target.xml:fffff,100')).toBe('E16');
    expect(await client.ask('qXfer:features:read:target.xml:x,y')).toBe('E16');
  });

  it('has a thread for each vCPU', async () => {
    const { client } = open(3);
    expect(await client.ask('qfThreadInfo')).toBe('m1,2,3');
    expect(await client.ask('qsThreadInfo')).toBe('l');
    expect(await client.ask('T3')).toBe('OK');
    expect(await client.ask('T4')).toBe('E16');
    expect(Buffer.from(await client.ask('qThreadExtraInfo,1'), 'hex').toString()).toBe('vCPU 0');
    expect(Buffer.from(await client.ask('qThreadExtraInfo,3'), 'hex').toString()).toBe('vCPU 2, stopped by the guest');
    expect(await client.ask('Hg2')).toBe('OK');
    expect(await client.ask('qC')).toBe('QC2');
    expect(await client.ask('Hg0')).toBe('OK');
    expect(await client.ask('Hg-1')).toBe('OK');
    expect(await client.ask('Hg9')).toBe('E16');
    expect(await client.ask('qC')).toBe('QC2');
  });

  it('detaches, and the machine goes on without its points', async () => {
    const { client, target } = open();
    expect(await client.ask('Z0,1000,4')).toBe('OK');
    expect(await client.ask('D')).toBe('OK');
    expect(client.closed).toBe(true);
    expect(target.log).toEqual(['detach']);
    expect(target.points).toEqual([]);
    client.connection.closed();
    expect(target.log).toEqual(['detach']);
  });

  it('that is gone leaves the machine as if it had detached', () => {
    const { client, target } = open();
    client.raw('$m8000');
    client.connection.closed();
    client.connection.closed();
    expect(target.log).toEqual(['detach']);
    client.send('g');
    expect(client.received).toEqual([]);
  });

  it.each(['k', 'vKill;1'])('ends the machine by %s', async (packet) => {
    const { client, target } = open();
    expect(await client.ask(packet)).toBe(packet === 'k' ? '' : 'OK');
    expect(target.log).toContain('kill');
    expect(client.closed).toBe(true);
  });

  it('is refused when another is there', () => {
    const { target } = open();
    const second = new Conversation(target);
    expect(second.closed).toBe(true);
    second.send('k');
    second.connection.closed();
    expect(target.log).toEqual([]);
    expect(target.attached).toBe(true);
  });

  it('that is none, such as a browser, is cut off at once, and halts nothing', async () => {
    const target = new FakeTarget(1, false);
    const calls: string[] = [];
    const connection = new GdbConnection(target, describeTarget('riscv64', target.vcpus[0]), {
      send: () => calls.push('send'),
      close: () => calls.push('close'),
      attached: () => calls.push('attached'),
      refused: () => calls.push('refused'),
    });
    connection.receive(new Uint8Array());
    connection.receive(Buffer.from('POST / HTTP/1.1\r\n\r\n$k#6b'));
    connection.receive(Buffer.from('+$k#6b'));
    await Promise.resolve();
    expect(calls).toEqual(['refused', 'close']);
    expect(target.log).toEqual([]);
  });

  it('that sends more than it waits for is cut off', async () => {
    const { client } = open();
    for (let count = 0; count < 1000; count += 1) client.send('qC');
    expect(client.closed).toBe(true);
  });

  it('survives any bytes: nothing throws, and an honest client after it is served', async () => {
    const commands = fc.constantFrom(...'gGpPmMXZzHTcsCSDkvqQ?!'.split(''));
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 40,
    });
    const likely = fc.string({ unit: fc.constantFrom(...'0123456789abcdef,;:=-.pcst'.split('')), maxLength: 30 });
    const packet = fc.tuple(commands, fc.oneof(text, likely)).map((parts) => parts.join(''));
    const named = fc
      .tuple(
        fc.constantFrom(
          'vCont',
          'vKill',
          'qXfer:features:read:',
          'qRcmd,',
          'qThreadExtraInfo,',
          'qSupported:',
          'Hg',
          'Hc',
        ),
        fc.oneof(text, likely),
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(packet, named, text), { maxLength: 20 }), async (packets) => {
        const target = new FakeTarget(2);
        const first = new Conversation(target);
        for (const one of packets) {
          first.send(one);
          await first.heard();
          if (!target.halted) target.stop({ kind: 'halted', vcpu: 0 });
        }
        for (const one of packets) first.raw(one);
        await first.heard();
        first.connection.closed();
        target.attached = false;
        target.halted = true;
        const second = new Conversation(target);
        expect(await second.ask('?')).toBe('T02thread:1;');
      }),
      { numRuns: 300 },
    );
  });
});
