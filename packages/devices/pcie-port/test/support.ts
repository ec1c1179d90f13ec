import type { PciAttachment } from '@vivarium/contracts';
import { Endpoint } from '@vivarium/pci';
import { PciePort } from '../src/index.ts';

export const COMMAND = 0x04;
export const COMMAND_MEMORY = 2;
export const COMMAND_MASTER = 4;

/** A card with a register, a level and a message. */
export const card = (deviceId = 0x77) => {
  let value = 0;
  const counts = { resets: 0 };
  const endpoint = new Endpoint({
    identity: { vendorId: 0x1234, deviceId, classCode: 0xff_0000 },
    bars: [
      {
        index: 0,
        kind: 'memory',
        region: {
          name: 'registers',
          length: 0x1000,
          read: () => value,
          write: (_offset, _width, next) => {
            value = next;
          },
        },
      },
    ],
    msix: { bar: 1, vectors: 1 },
  });
  const reset = endpoint.reset.bind(endpoint);
  endpoint.reset = () => {
    counts.resets++;
    value = 0;
    reset();
  };
  return { endpoint, counts };
};

/** A port on a bus that is watched, as after power-on. */
export const made = () => {
  const port = new PciePort({ number: 5 });
  const seen = { level: false, messages: [] as { readonly address: bigint; readonly data: number }[] };
  const attachment: PciAttachment = {
    interrupt: {
      set: (level) => {
        seen.level = level;
      },
    },
    message: (address, data) => void seen.messages.push({ address, data }),
  };
  port.attach(attachment);
  port.reset();
  const express = find(port, 0x10);
  return {
    port,
    seen,
    express,
    control: (value: number) => port.writeConfig(express + 0x18, 2, value),
    status: () => port.readConfig(express + 0x1a, 2),
    link: () => port.readConfig(express + 0x12, 2),
    clear: (events: number) => port.writeConfig(express + 0x1a, 2, events),
  };
};

/** Follows the list of capabilities as a driver does. */
export const find = (port: PciePort, id: number): number => {
  for (let at = port.readConfig(0x34, 1); at !== 0; at = port.readConfig(at + 1, 1)) {
    if (port.readConfig(at, 1) === id) return at;
  }
  return 0;
};

/** Bus 1 behind the port, with a memory window, as firmware or an operating system would. */
export const open = (port: PciePort): void => {
  port.writeConfig(0x18, 4, 0x00_01_01_00);
  port.writeConfig(0x20, 4, 0x4010_4000);
  port.writeConfig(COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
};
