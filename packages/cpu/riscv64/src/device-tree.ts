import type { DeviceTreeNode } from '@vivarium/contracts';
import { CACHE_BLOCK } from './state/cache-block.ts';

/** Extensions in the order of the ISA string: single letters, then Z by category, then S (unprivileged manual, ch. "ISA Extension Naming Conventions"). */
export const ISA_EXTENSIONS: readonly string[] = [
  ...['i', 'm', 'a', 'f', 'd', 'c', 'b'],
  ...['zicbom', 'zicbop', 'zicboz', 'zicntr', 'zicond', 'zicsr', 'zifencei', 'zihintntl', 'zihintpause'],
  ...['zmmul', 'zaamo', 'zalrsc', 'zawrs', 'zfa', 'zfhmin', 'zca', 'zcb', 'zcd', 'zba', 'zbb', 'zbc', 'zbs'],
  ...['sstc', 'svade', 'svadu', 'svinval', 'svnapot', 'svpbmt'],
];

const FIRST_SUPERVISOR_EXTENSION = ISA_EXTENSIONS.indexOf('sstc');

/** The extensions of a core: with `aia` also those of the Advanced Interrupt Architecture. */
export const isaExtensions = (aia: boolean): readonly string[] =>
  aia ? ISA_EXTENSIONS.toSpliced(FIRST_SUPERVISOR_EXTENSION, 0, 'smaia', 'ssaia') : ISA_EXTENSIONS;

const isaString = (extensions: readonly string[]): string => {
  const letters = extensions.filter((name) => name.length === 1).join('');
  const names = extensions.filter((name) => name.length > 1);
  return [`rv64${letters}`, ...names].join('_');
};

/** The `/cpus` node (Linux bindings riscv/cpus.yaml and riscv/extensions.yaml). */
export const coreDeviceTree = (
  harts: number,
  timebaseFrequency: number,
  extensions: readonly string[] = ISA_EXTENSIONS,
): DeviceTreeNode => ({
  name: 'cpus',
  properties: { '#address-cells': 1, '#size-cells': 0, 'timebase-frequency': timebaseFrequency },
  children: Array.from({ length: harts }, (_, hart) => ({
    name: `cpu@${hart.toString(16)}`,
    label: `cpu${hart}`,
    properties: {
      device_type: 'cpu',
      reg: hart,
      status: 'okay',
      compatible: 'riscv',
      'mmu-type': 'riscv,sv57',
      'riscv,isa': isaString(extensions),
      'riscv,isa-base': 'rv64i',
      'riscv,isa-extensions': extensions,
      'riscv,cbom-block-size': CACHE_BLOCK,
      'riscv,cboz-block-size': CACHE_BLOCK,
      'riscv,cbop-block-size': CACHE_BLOCK,
    },
    children: [
      {
        name: 'interrupt-controller',
        label: `cpu${hart}-intc`,
        properties: { '#interrupt-cells': 1, 'interrupt-controller': true, compatible: 'riscv,cpu-intc' },
      },
    ],
  })),
});
