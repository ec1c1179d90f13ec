import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_BOARD_MEMORY: {
    when: 'The memory asked for is outside of 16 MiB to 3.5 GiB, or not a multiple of 4 KiB.',
    hint: 'Ask for a whole number of MiB from 16 to 3584.',
  },
  VIV_BOARD_CPUS: {
    when: 'The number of harts asked for is outside of 1 to 8, or more are to be held in reserve than a board can.',
    hint: 'Ask for 1 to 8 CPUs, and with a kernel on SBI firmware in the host for up to 8 at most.',
  },
  VIV_BOARD_CONSOLES: {
    when: 'More consoles were given than the board has serial ports.',
    hint: 'Give at most 4 consoles; further ones need a device of another kind.',
  },
  VIV_BOARD_VIRTIO: {
    when: 'More virtio devices and hot-plug slots were given than their bus has places.',
    hint: 'Give at most 8 virtio devices, or put them on the PCI bus, which takes 31, hot-plug slots included.',
  },
});
