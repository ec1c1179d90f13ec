import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContinuation } from '../src/resumption.ts';
import { Conversation } from './conversation.ts';
import { FakeTarget } from './fake-target.ts';

const open = async (count = 1) => {
  const target = new FakeTarget(count);
  const client = new Conversation(target);
  await client.ask('QStartNoAckMode');
  return { target, client };
};

describe('going on', () => {
  it.each([
    ['vCont;c', { step: [], run: [0, 1, 2] }],
    ['vCont;C05:1;c', { step: [], run: [0, 1, 2] }],
    ['vCont;c:2', { step: [], run: [1] }],
    ['vCont;s:1;c', { step: [0], run: [1, 2] }],
    ['vCont;S0f:3;c:-1', { step: [2], run: [0, 1] }],
    ['vCont;t:1;c', { step: [], run: [1, 2] }],
    ['c', { step: [], run: [0, 1, 2] }],
    ['C05', { step: [], run: [0, 1, 2] }],
    ['s', { step: [0], run: [1, 2] }],
    ['S05', { step: [0], run: [1, 2] }],
  ])('%s', async (packet, expected) => {
    const { target, client } = await open(3);
    const answer = await client.ask(packet);
    expect(target.resumptions).toEqual([expected]);
    expect(answer).toBe(expected.step.length > 0 ? `T05thread:${expected.step[0] + 1};` : '');
  });

  it('at an address, by the vCPU that was chosen', async () => {
    const { target, client } = await open(2);
    await client.ask('Hc2');
    await client.ask('c80001000');
    expect(target.resumptions).toEqual([{ step: [], run: [1] }]);
    expect(target.vcpus[1].readRegister('pc')).toBe(0x8000_1000n);
    expect(target.vcpus[0].readRegister('pc')).not.toBe(0x8000_1000n);
  });

  it.each([
    'vCont',
    'vCont;',
    'vCont;x',
    'vCont;c:',
    'vCont;c:9',
    'vCont;c:1:2',
    'vCont;C',
    'vCont;Cxx',
    'cx',
    'C',
    's-1',
  ])('not by %s', async (packet) => {
    const { target, client } = await open(2);
    expect(await client.ask(packet)).toBe('E16');
    expect(target.resumptions).toEqual([]);
  });

  it('of nobody is a stop at once', async () => {
    const { target, client } = await open(2);
    expect(await client.ask('vCont;t')).toBe('T02thread:1;');
    expect(target.resumptions).toEqual([]);
  });

  it('any text at all gives each vCPU at most one thing to do', () => {
    const word = fc.constantFrom(';', 'c', 's', 't', 'C05', 'S05', ':1', ':2', ':3', ':-1', ':0', 'x', ':');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const resumption = parseContinuation(words.join(''), 3);
        const all = [...(resumption?.step ?? []), ...(resumption?.run ?? [])];
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((vcpu) => vcpu >= 0 && vcpu < 3)).toBe(true);
      }),
    );
  });
});

describe('a stop', () => {
  const asked = async (features: string, before: string[] = []) => {
    const { target, client } = await open(2);
    await client.ask(`qSupported:${features}`);
    for (const packet of before) expect(await client.ask(packet)).toBe('OK');
    await client.ask('vCont;c');
    return { target, client };
  };

  it('is told once, when it happens', async () => {
    const { target, client } = await asked('');
    expect(await client.heard()).toEqual([]);
    target.stop({ kind: 'step', vcpu: 1 });
    expect(await client.heard()).toEqual(['T05thread:2;']);
    target.stop({ kind: 'step', vcpu: 1 });
    expect(await client.heard()).toEqual([]);
    expect(await client.ask('qC')).toBe('QC2');
  });

  it.each([
    ['swbreak+;hwbreak+', 'Z0,40,4', 'T05swbreak:;thread:2;'],
    ['swbreak+;hwbreak+', 'Z1,40,2', 'T05hwbreak:;thread:2;'],
    ['swbreak+', 'Z1,40,2', 'T05thread:2;'],
    ['', 'Z0,40,4', 'T05thread:2;'],
  ])('at a breakpoint, for a client with %s and %s', async (features, packet, expected) => {
    const { target, client } = await asked(features, [packet]);
    target.stop({ kind: 'breakpoint', vcpu: 1, address: 0x40n });
    expect(await client.heard()).toEqual([expected]);
  });

  it.each([
    ['write', 'T05watch:ffffffff80000040;thread:1;'],
    ['read', 'T05rwatch:ffffffff80000040;thread:1;'],
    ['access', 'T05awatch:ffffffff80000040;thread:1;'],
  ] as const)('at a watchpoint for %s', async (access, expected) => {
    const { target, client } = await asked('swbreak+');
    target.stop({ kind: 'watchpoint', vcpu: 0, address: 0xffff_ffff_8000_0040n, access });
    expect(await client.heard()).toEqual([expected]);
  });

  it('for a fault is an abort, and the end is an exit', async () => {
    const { target, client } = await asked('');
    target.stop({ kind: 'fault', vcpu: 0, fault: { code: 'GUEST_TEST', message: 'lost' } });
    expect(await client.heard()).toEqual(['T06thread:1;']);
    await client.ask('vCont;c');
    target.stop({ kind: 'ended', code: 7 });
    expect(await client.heard()).toEqual(['W07']);
    expect(client.closed).toBe(true);
  });

  it('comes of an interrupt, also one that arrives together with the command to go on', async () => {
    const { target, client } = await open();
    client.send('vCont;c');
    client.raw('\u0003');
    expect(await client.heard()).toEqual(['T02thread:1;']);
    expect(target.resumptions).toHaveLength(1);
  });

  it('is what the machine is asked for while it runs: everything else has to wait', async () => {
    const { target, client } = await asked('');
    for (const packet of ['g', 'm80000000,4', 'p0', 'P1=0000000000000000', 'vCont;c', 'c', 's', 'qRcmd,68']) {
      expect(await client.ask(packet)).toBe('E01');
    }
    expect(await client.ask('?')).toBe('');
    target.stop({ kind: 'step', vcpu: 0 });
    expect(await client.heard()).toEqual(['T05thread:1;']);
  });
});
