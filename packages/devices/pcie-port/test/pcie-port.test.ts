import { setupPart } from '@vivarium/testkit';
import { PciFunctionToken, PciSlotToken } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { PciePort, pciePort } from '../src/index.ts';
import { card, COMMAND, COMMAND_MASTER, COMMAND_MEMORY, find, made, open } from './support.ts';

// Bits by their places in the PCI Express Base Specification 5.0, section 7.5.3.
const ABP = 1 << 0;
const PDC = 1 << 3;
const PDS = 1 << 6;
const DLLSC = 1 << 8;
const DLLLA = 1 << 13;
const ABPE = 1 << 0;
const PDCE = 1 << 3;
const HPIE = 1 << 5;
const PCC = 1 << 10;
const DLLSCE = 1 << 12;

describe('configuration space', () => {
  it('is that of a PCI-to-PCI bridge', () => {
    const { port } = made();
    expect(port.readConfig(0x0e, 1)).toBe(1);
    expect(port.readConfig(0x08, 4) >>> 8).toBe(0x06_0400);
    expect(port.readConfig(0x34, 1)).toBeGreaterThanOrEqual(0x40);
    open(port);
    expect(port.readConfig(0x18, 4)).toBe(0x00_01_01_00);
    expect(port.readConfig(0x20, 4)).toBe(0x4010_4000);
  });

  it('has no windows for I/O and prefetchable memory, no ROM and one BAR', () => {
    const { port } = made();
    for (const offset of [0x14, 0x1c, 0x24, 0x28, 0x2c, 0x30, 0x38]) {
      port.writeConfig(offset, 4, 0xffff_ffff);
      expect([offset, port.readConfig(offset, 4)]).toEqual([offset, 0]);
    }
    port.writeConfig(0x10, 4, 0xffff_ffff);
    expect(port.readConfig(0x10, 4)).toBe(0xffff_f000);
    port.writeConfig(0x20, 4, 0xffff_ffff);
    expect(port.readConfig(0x20, 4)).toBe(0xfff0_fff0);
  });

  it('says in its PCI Express capability what the slot can do', () => {
    const { port, express } = made();
    // Version 2, root port, slot implemented.
    expect(port.readConfig(express + 2, 2)).toBe(0x0142);
    const link = port.readConfig(express + 0x0c, 4);
    expect({
      speed: link & 0xf,
      width: (link >> 4) & 0x3f,
      reportsActive: (link >> 20) & 1,
      port: link >>> 24,
    }).toEqual({
      speed: 1,
      width: 1,
      reportsActive: 1,
      port: 5,
    });
    const slot = port.readConfig(express + 0x14, 4);
    // Attention button, power controller, both indicators, surprise, hot-plug; no sensor of a latch.
    expect(slot & 0x7f).toBe(0b111_1011);
    expect({ interlock: (slot >> 17) & 1, noCommandCompleted: (slot >> 18) & 1, number: slot >>> 19 }).toEqual({
      interlock: 0,
      noCommandCompleted: 1,
      number: 5,
    });
    expect(find(port, 0x11)).toBeGreaterThan(express);
  });

  it('takes bytes, words and double words alike', () => {
    const { port, express } = made();
    port.writeConfig(express + 0x19, 1, 0x10);
    port.writeConfig(express + 0x18, 1, 0x29);
    expect(port.readConfig(express + 0x18, 2)).toBe(0x1029);
    port.writeConfig(express + 0x18, 4, 0xffff_0000);
    expect(port.readConfig(express + 0x18, 4) & 0xffff).toBe(0);
    port.writeConfig(0x3e, 1, 0xff);
    expect(port.readConfig(0x3c, 4) >>> 16).toBe(0x43);
  });

  it('is as after power-on again after a reset, with what is in the slot', () => {
    const { port, control, status, link } = made();
    const { endpoint, counts } = card();
    open(port);
    port.plug(endpoint);
    control(PCC | HPIE | PDCE);
    port.reset();
    expect(counts.resets).toBe(3);
    expect([port.readConfig(0x18, 4), port.readConfig(0x20, 4), port.released]).toEqual([0, 0, false]);
    expect([status(), link() & DLLLA]).toEqual([PDS, DLLLA]);
  });
});

describe('what is behind the port', () => {
  it('is found on its bus, as device 0, and decoded within its window', () => {
    const { port } = made();
    const { endpoint } = card();
    port.plug(endpoint);
    expect(port.function(1, 0)).toBeUndefined();
    open(port);
    expect(port.function(1, 0)).toBe(endpoint);
    expect([port.function(1, 1), port.function(2, 0), port.function(0, 0)]).toEqual([undefined, undefined, undefined]);
    endpoint.writeConfig(0x10, 4, 0x4000_0000);
    endpoint.writeConfig(COMMAND, 2, COMMAND_MEMORY);
    expect(port.target('memory', 0x4000_0ffc, 4)?.at).toBe(0xffc);
    expect(port.target('memory', 0x4000_1000, 4)).toBeUndefined();
    expect(port.target('io', 0x4000_0000, 4)).toBeUndefined();
    // Outside of the window (0x40000000 to 0x401fffff), and with the port's own decoding off.
    endpoint.writeConfig(0x10, 4, 0x4020_0000);
    expect(port.target('memory', 0x4020_0000, 4)).toBeUndefined();
    endpoint.writeConfig(0x10, 4, 0x401f_f000);
    expect(port.target('memory', 0x401f_fffc, 4)?.at).toBe(0xffc);
    port.writeConfig(COMMAND, 2, 0);
    expect(port.target('memory', 0x401f_fffc, 4)).toBeUndefined();
  });

  it('may be another bridge', () => {
    const { port } = made();
    const { port: inner } = made();
    const { endpoint } = card();
    port.plug(inner);
    port.writeConfig(0x18, 4, 0x00_02_01_00);
    port.writeConfig(0x20, 4, 0x4010_4000);
    port.writeConfig(COMMAND, 2, COMMAND_MEMORY);
    inner.plug(endpoint);
    inner.writeConfig(0x18, 4, 0x00_02_02_01);
    inner.writeConfig(0x20, 4, 0x4010_4000);
    inner.writeConfig(COMMAND, 2, COMMAND_MEMORY);
    expect([port.function(1, 0), port.function(2, 0), port.function(3, 0)]).toEqual([inner, endpoint, undefined]);
    endpoint.writeConfig(0x10, 4, 0x4000_0000);
    endpoint.writeConfig(COMMAND, 2, COMMAND_MEMORY);
    expect(port.target('memory', 0x4000_0004, 4)?.at).toBe(4);
  });

  it('pulls the wire of the port, and sends messages while the port is a master', () => {
    const { port, seen } = made();
    const { endpoint } = card();
    port.plug(endpoint);
    open(port);
    endpoint.setInterrupt(true);
    expect(seen.level).toBe(true);
    endpoint.setInterrupt(false);
    endpoint.writeConfig(COMMAND, 2, COMMAND_MASTER);
    endpoint.writeConfig(endpoint.readConfig(0x34, 1) + 2, 2, 0x8000);
    endpoint.bars.find(({ index }) => index === 1)?.region.write(0xc, 4, 0);
    endpoint.signal(0);
    expect(seen.messages).toHaveLength(1);
    port.writeConfig(COMMAND, 2, 0);
    endpoint.signal(0);
    expect(seen.messages).toHaveLength(1);
  });

  it('is reset with its bus', () => {
    const { port } = made();
    const { endpoint, counts } = card();
    port.plug(endpoint);
    port.writeConfig(0x3e, 2, 0x40);
    port.writeConfig(0x3e, 2, 0x40);
    expect(counts.resets).toBe(2);
    port.writeConfig(0x3e, 2, 0);
    port.writeConfig(0x3c, 4, 0x40_0000);
    expect(counts.resets).toBe(3);
  });
});

describe('the slot', () => {
  it('tells of a function that comes, and interrupts for what is enabled', () => {
    const { port, seen, control, status, link, clear } = made();
    expect([status(), link() & DLLLA, port.occupied]).toEqual([0, 0, false]);
    control(HPIE | PDCE | DLLSCE);
    port.plug(card().endpoint);
    expect([status(), link() & DLLLA]).toEqual([PDS | PDC | DLLSC, DLLLA]);
    expect(seen.level).toBe(true);
    clear(PDC);
    expect(seen.level).toBe(true);
    clear(DLLSC);
    expect([seen.level, status()]).toEqual([false, PDS]);
  });

  it('interrupts once that is enabled which has happened before', () => {
    const { port, seen, control } = made();
    port.plug(card().endpoint);
    expect(seen.level).toBe(false);
    control(HPIE);
    expect(seen.level).toBe(false);
    control(HPIE | PDCE);
    expect(seen.level).toBe(true);
    control(PDCE);
    expect(seen.level).toBe(false);
  });

  it('sends one message for events that come together, and one for each that comes alone', () => {
    const { port, seen, control, clear } = made();
    port.writeConfig(COMMAND, 2, COMMAND_MASTER);
    port.writeConfig(find(port, 0x11) + 2, 2, 0x8000);
    port.bars[0]?.region.write(0xc, 4, 0);
    control(HPIE | PDCE | DLLSCE | ABPE);
    port.plug(card().endpoint);
    expect([seen.messages.length, seen.level]).toEqual([1, false]);
    port.requestRelease();
    expect(seen.messages).toHaveLength(1);
    clear(PDC | DLLSC | ABP);
    port.requestRelease();
    expect(seen.messages).toHaveLength(2);
  });

  it('asks by its button, and knows from the power that the guest has let go', () => {
    const { port, control, status, link, clear } = made();
    const { endpoint, counts } = card();
    let released = 0;
    const remove = port.onRelease(() => void released++);
    port.requestRelease();
    expect(status()).toBe(0);
    const pull = port.plug(endpoint);
    open(port);
    clear(PDC | DLLSC);
    port.requestRelease();
    expect(status()).toBe(PDS | ABP);
    control(HPIE | PCC);
    expect([port.released, released, link() & DLLLA, status() & PDS]).toEqual([true, 1, 0, PDS]);
    // Without power there is nothing to be seen, and no state is kept.
    expect([port.function(1, 0), counts.resets]).toEqual([undefined, 2]);
    control(0);
    expect([port.released, link() & DLLLA, port.function(1, 0)]).toEqual([false, DLLLA, endpoint]);
    control(PCC);
    remove();
    pull();
    expect([port.occupied, port.released, status() & PDS, released]).toEqual([false, false, 0, 2]);
  });

  it('shows a function without power when the guest has turned it off in the empty slot', () => {
    const { port, control, status, link } = made();
    control(PCC);
    port.plug(card().endpoint);
    expect([status() & (PDS | PDC), link() & DLLLA]).toEqual([PDS | PDC, 0]);
    control(0);
    expect(link() & DLLLA).toBe(DLLLA);
  });

  it('has its link down while the guest disables it', () => {
    const { port, express, link } = made();
    open(port);
    port.plug(card().endpoint);
    port.writeConfig(express + 0x10, 2, 0x10);
    expect([link() & DLLLA, port.function(1, 0)]).toEqual([0, undefined]);
    expect(port.released).toBe(false);
    port.writeConfig(express + 0x10, 2, 0);
    expect(link() & DLLLA).toBe(DLLLA);
  });

  it('H4 lets a function go that is pulled out in the middle of its work: all ones, no interrupt, no message', () => {
    const { port, seen, status } = made();
    const { endpoint, counts } = card();
    const pull = port.plug(endpoint);
    open(port);
    endpoint.writeConfig(0x10, 4, 0x4000_0000);
    endpoint.writeConfig(COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
    endpoint.setInterrupt(true);
    pull();
    expect([seen.level, port.function(1, 0), port.target('memory', 0x4000_0000, 4)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect([status() & PDS, counts.resets]).toEqual([0, 2]);
    // What it does late reaches nobody, also not through the next one.
    port.plug(card(0x78).endpoint);
    endpoint.setInterrupt(true);
    endpoint.writeConfig(COMMAND, 2, COMMAND_MASTER);
    endpoint.writeConfig(endpoint.readConfig(0x34, 1) + 2, 2, 0x8000);
    endpoint.bars.find(({ index }) => index === 1)?.region.write(0xc, 4, 0);
    endpoint.signal(0);
    expect(seen).toMatchObject({ level: false, messages: [] });
    pull();
    expect(port.occupied).toBe(true);
  });

  it('takes one function at a time', () => {
    const { port } = made();
    port.plug(card().endpoint);
    expect(() => port.plug(card().endpoint)).toThrow(expect.objectContaining({ code: 'VIV_PCIE_SLOT_TAKEN' }));
  });

  it('goes on when a listener throws, and says so', () => {
    const failures: unknown[] = [];
    const port = new PciePort({ number: 1, listenerFailed: (error) => failures.push(error) });
    const heard: string[] = [];
    port.onRelease(() => {
      throw new Error('deaf');
    });
    port.onRelease(() => heard.push('released'));
    port.reset();
    port.plug(card().endpoint);
    port.writeConfig(find(port, 0x10) + 0x18, 2, PCC);
    expect([failures.length, heard]).toEqual([1, ['released']]);
  });
});

describe('the plugin', () => {
  it('is a function and a slot', async () => {
    const part = await setupPart(pciePort, { options: { number: 3 } });
    expect(part.part.provides?.map(({ token }) => token.id)).toEqual([PciFunctionToken.id, PciSlotToken.id]);
  });

  it.each([0, 8192, 1.5])('has no slot %d', async (number) => {
    await expect(setupPart(pciePort, { options: { number } })).rejects.toThrow(/number/);
  });
});
