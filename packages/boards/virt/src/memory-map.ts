/**
 * The memory map and the interrupt lines, those of QEMU's `virt` machine (docs/system/riscv/virt.rst and
 * hw/riscv/virt.c of QEMU) unless a comment says otherwise. Guest-physical addresses and bytes.
 */
export const MEMORY_MAP = {
  syscon: { base: 0x10_0000, length: 0x1000 },
  rtc: { base: 0x10_1000, length: 0x1000 },
  aclint: { base: 0x200_0000, length: 0x1_0000 },
  pcieIo: { base: 0x300_0000, length: 0x1_0000 },
  /** QEMU's platform bus: here, too, the hole for devices that have no place of their own. */
  platform: { base: 0x400_0000, length: 0x200_0000 },
  plic: { base: 0xc00_0000, length: 0x60_0000 },
  /** In place of the PLIC. */
  aplicMachine: { base: 0xc00_0000, length: 0x8000 },
  aplicSupervisor: { base: 0xd00_0000, length: 0x8000 },
  /** `serial0`. The further ones, which QEMU does not have, follow at this distance. */
  uart: { base: 0x1000_0000, length: 0x100 },
  virtio: { base: 0x1000_1000, length: 0x1000 },
  fwCfg: { base: 0x1010_0000, length: 0x18 },
  flash: { base: 0x2000_0000, length: 0x400_0000 },
  imsicMachine: { base: 0x2400_0000, length: 0x400_0000 },
  imsicSupervisor: { base: 0x2800_0000, length: 0x800_0000 },
  pcieEcam: { base: 0x3000_0000, length: 0x1000_0000 },
  pcieMmio: { base: 0x4000_0000, length: 0x4000_0000 },
  ram: { base: 0x8000_0000 },
} as const;

/** Lines of the PLIC, or the APLIC in its place. */
export const INTERRUPT_LINES = {
  /** `virtio-mmio` slot n has line 1 + n. */
  virtio: 1,
  rtc: 11,
  /** `serial0` as in QEMU; `serial1` to `serial3` are ours. */
  uart: [10, 12, 13, 14],
  /** PCIe INTA to INTD. */
  pcie: 32,
  /** Sources of the PLIC, and of the APLIC. */
  sources: 95,
  aplicSources: 96,
} as const;

/** `timebase-frequency`: ticks of `mtime` a second. */
export const TIMEBASE_FREQUENCY = 10_000_000;

const FIRST_FREE_LINE = 16;
const PCIE_LINES = 4;

/** Lines that nothing of the map has: for devices that the board does not wire. */
export const FREE_LINES: readonly number[] = Array.from(
  { length: INTERRUPT_LINES.sources - FIRST_FREE_LINE + 1 },
  (_, index) => FIRST_FREE_LINE + index,
).filter((line) => line < INTERRUPT_LINES.pcie || line >= INTERRUPT_LINES.pcie + PCIE_LINES);
