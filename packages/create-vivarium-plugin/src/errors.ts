import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_SCAFFOLD_USAGE: {
    when: 'The command line of create-vivarium-plugin is not one that it understands.',
    hint: 'See `npm create vivarium-plugin -- --help`.',
  },
  VIV_SCAFFOLD_NAME: {
    when: 'A new plugin has a name that npm would refuse, or that nothing in its code can be named after.',
    hint: 'Use lower-case letters, digits and single dashes, starting with a letter: my-device or @me/my-device. --name sets a name other than the folder’s.',
  },
  VIV_SCAFFOLD_NOT_EMPTY: {
    when: 'The folder for a new plugin already holds something; nothing was written.',
    hint: 'Name a folder that does not exist yet, or is empty but for .git.',
  },
  VIV_SCAFFOLD_FOLDER: {
    when: 'The folder for a new plugin cannot be created, read or written.',
    hint: 'Check that no file is in its place, and its permissions.',
  },
});

export const errorTable = errors.table;
