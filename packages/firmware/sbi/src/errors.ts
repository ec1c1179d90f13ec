import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_SBI_CORE: {
    when: 'The core is not a RISC-V core with supervisor mode and the Sstc extension, or has no such boot hart.',
    hint: 'Use a core that has the registers named in the message, and a boot hart that exists.',
  },
  VIV_SBI_COMMAND_LINE: {
    when: 'The command line is longer than the 1023 bytes that a RISC-V kernel keeps, or has a NUL in it.',
    hint: 'Shorten the command line; the kernel would cut it off without a word.',
  },
  VIV_SBI_CONSOLE: {
    when: 'The part named as debug console is not a device on the bus with a 16550-compatible register block.',
    hint: 'Name the id of a UART part, or leave `console` out to take the first one.',
  },
  VIV_SBI_ALLOTMENT: {
    when: 'More harts were allotted than there are, or so few that the boot hart is not among them.',
    hint: 'The message says what is possible.',
  },
  VIV_SBI_LOAD: {
    when: 'RAM refused an image at an address that it listed as RAM.',
    hint: 'This is a defect of the memory plugin: report it with the machine spec.',
  },
});
