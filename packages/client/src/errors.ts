import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws of itself; those of the daemon keep the codes that it gave them. */
export const errors = defineErrors({
  VIV_CLIENT_CONNECT: {
    when: 'No daemon answers where one was looked for.',
    hint: 'Start one with `viv daemon`, or say where it is.',
  },
  VIV_CLIENT_ANSWER: {
    when: 'What answers is no daemon of Vivarium, or one of another version.',
    hint: 'Check the address; the daemon says with `viv --version` which version it is.',
  },
  VIV_CLIENT_CLOSED: {
    when: 'The connection to the daemon ended before the stream did.',
    hint: 'The daemon has left or was killed; machines go on. Start it again, and ask again.',
  },
});

export const errorTable = errors.table;
