import { type FakeInterrupt, fakeInterrupt } from '@vivarium/testkit';
import { type AplicDomain, createAplic } from '../src/index.ts';

export type Level = 'supervisor' | 'machine';

/** A message that an APLIC sent. */
export interface Message {
  readonly level: Level;
  readonly hart: number;
  readonly identity: number;
}

/** An APLIC driven as a guest does. */
export const makeRig = ({ sources = 96, harts = 2, messages = false, machine = true } = {}) => {
  const sent: Message[] = [];
  const inputs = (): FakeInterrupt[] => Array.from({ length: harts }, () => fakeInterrupt());
  const lines: Readonly<Record<Level, FakeInterrupt[]>> = { supervisor: inputs(), machine: inputs() };
  const files = {
    identities: 255,
    label: (level: Level) => `imsic-${level}`,
    send: (level: Level, hart: number, identity: number) => void sent.push({ level, hart, identity }),
  };
  const { domains, controller } = createAplic({
    sources,
    files: messages ? files : undefined,
    lines: (level) => lines[level],
    deviceTrees: {
      supervisor: { name: 'interrupt-controller', properties: { compatible: 'riscv,aplic' } },
      machine: machine ? { name: 'interrupt-controller', properties: { compatible: 'riscv,aplic' } } : undefined,
    },
  });
  for (const domain of domains) domain.reset();
  const region = (level: Level) => {
    const found = domains.flatMap((domain) => domain.regions).find(({ name }) => name === level);
    if (found === undefined) throw new Error(`there is no ${level} domain`);
    return found;
  };
  const wires = Array.from({ length: sources + 1 }, (_, source) => controller.line(source));
  return {
    domains,
    controller,
    region,
    read: (offset: number, level: Level = 'supervisor') => region(level).read(offset, 4),
    write: (offset: number, value: number, level: Level = 'supervisor') => region(level).write(offset, 4, value >>> 0),
    wire: (source: number, high: boolean) => wires[source]?.set(high),
    /** What was sent since the last call. */
    sent: () => sent.splice(0),
    told: (level: Level = 'supervisor') => lines[level].map((line) => line.level),
    domain: (level: Level): AplicDomain => {
      const found = domains.find((domain) => domain.regions[0]?.name === level);
      if (found === undefined) throw new Error(`there is no ${level} domain`);
      return found;
    },
  };
};
