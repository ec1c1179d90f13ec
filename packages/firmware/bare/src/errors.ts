import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_BARE_COMMAND_LINE: {
    when: 'The command line is longer than the 1023 bytes that a RISC-V kernel keeps, or has a NUL in it.',
    hint: 'Shorten the command line; the kernel would cut it off without a word.',
  },
  VIV_BARE_LOAD: {
    when: 'RAM refused an image at an address that it listed as RAM.',
    hint: 'This is a defect of the memory plugin: report it with the machine spec.',
  },
});
