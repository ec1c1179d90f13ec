import { defineErrors } from '@vivarium/contracts';

const withoutMirror =
  'Boot a kernel of your own with `--kernel FILE --initrd FILE`, or set VIVARIUM_DEBIAN_MIRROR to the address of a Debian mirror.';

const errors = defineErrors({
  VIV_GUEST_NO_APT: {
    when: 'The host has no apt (macOS, Fedora, a minimal image), so Debian packages cannot be fetched and verified.',
    hint: 'Prepare the guest on a Debian host (or in a Debian container) and boot its files with `--kernel FILE --initrd FILE`.',
  },
  VIV_GUEST_NO_MIRROR: {
    when: "No mirror was given and the host's apt sources name no Debian mirror.",
    hint: withoutMirror,
  },
  VIV_GUEST_MIRROR_FAILED: {
    when: 'The mirror could not be reached, lacks the suite, or served files that do not belong together.',
    hint: `Check the network and try again: what was downloaded is kept. ${withoutMirror}`,
  },
  VIV_GUEST_KEYRING: {
    when: "The host has no keyring that verifies the suite's signature, and a newer one could not be fetched.",
    hint: 'Install or upgrade the package debian-archive-keyring (`sudo apt-get install debian-archive-keyring`).',
  },
  VIV_GUEST_PACKAGE_MISSING: {
    when: 'The suite has no such package for riscv64.',
    hint: 'Use the suite trixie or newer; older ones have no riscv64.',
  },
  VIV_GUEST_PACKAGE_CORRUPT: {
    when: 'A package or its contents are not what the signed package list promises.',
    hint: 'Remove the cache folder and try again; if it happens again, use another mirror.',
  },
  VIV_GUEST_TOOL_FAILED: {
    when: 'A program of the host that prepares the guest failed.',
    hint: 'The message of that program is in the error; fix what it names and try again.',
  },
  VIV_GUEST_CACHE_UNUSABLE: {
    when: 'The cache folder cannot be created, written, or named to apt.',
    hint: 'Choose another folder with VIVARIUM_CACHE: writable, with enough space (500 MB), and no quote or line break in its path.',
  },
  VIV_GUEST_CANCELLED: {
    when: 'The caller cancelled the preparation.',
    hint: 'Start again: what was downloaded is kept.',
  },
  VIV_GUEST_COMMAND: {
    when: 'The command for the guest contains a NUL character, which no shell can run.',
    hint: 'Remove the NUL character; every other character is allowed.',
  },
  VIV_GUEST_ROOT: {
    when: 'A root file system cannot be made where it was asked for.',
    hint: 'Name a folder or file that does not exist yet, in one that may be written.',
  },
  VIV_CPIO_ENTRY: {
    when: 'An archive entry cannot be written as cpio newc: bad or repeated path, mode, device number, or a file over 4 GiB.',
    hint: 'Give relative paths without `..`, each once, and numbers in the range the message names.',
  },
});

/** The coded errors of this package. */
export const errorTable = errors.table;
export const guestError = errors.make;
