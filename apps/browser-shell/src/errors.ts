import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_SHELL_SERVER: {
    when: 'The page cannot reach the server it came from, or the server answers with an error.',
    hint: 'Check that the server still runs, then boot again.',
  },
  VIV_SHELL_DOWNLOAD: {
    when: 'A download of a guest image ended early, or is not as long as the server says.',
    hint: 'Boot again; what the browser already has is not downloaded twice.',
  },
  VIV_SHELL_DISK: {
    when: 'The server of the page cannot make the disk image that it serves.',
    hint: 'Install e2fsprogs, or name an image of your own in VIVARIUM_DISK.',
  },
  VIV_SHELL_SWITCH: {
    when: 'The worker with the switch that machines of the page share could not be started, or has no port left.',
    hint: 'Close other tabs with machines, or boot the machine without a network.',
  },
  VIV_SHELL_UPLINK: {
    when: 'The server of the page is told to offer an uplink of a kind that there is not.',
    hint: 'Set VIVARIUM_UPLINK to off, public or open.',
  },
  VIV_SHELL_WORKER: {
    when: 'The worker that runs the machine could not be started, or something in it failed that has no code of its own.',
    hint: 'Use a browser with WebAssembly and module workers, with enough free memory for the guest; the browser console says more.',
  },
});

export const errorTable = errors.table;
