import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_QCOW2_HEADER: {
    when: 'A file is no QCOW2 image, or its header holds what the format does not allow.',
    hint: 'Check the path and the format of the image with `qemu-img info`.',
  },
  VIV_QCOW2_LIMIT: {
    when: 'A QCOW2 image is larger in some way than this package takes: clusters, tables, snapshots, names.',
    hint: 'Convert the image: `qemu-img convert -O qcow2 old.qcow2 new.qcow2` makes one with usual sizes.',
  },
  VIV_QCOW2_FEATURE: {
    when: 'A QCOW2 image needs a feature that this package does not have: encryption, zstd, an external data file, extended L2 entries, or one that is unknown.',
    hint: 'Convert the image: `qemu-img convert -O qcow2 old.qcow2 new.qcow2` makes one without.',
  },
  VIV_QCOW2_DIRTY: {
    when: 'A QCOW2 image is to be written that was not closed, so that its reference counts may be wrong, or that is marked as corrupt.',
    hint: 'Repair it with `qemu-img check -r all`, or open it with `readOnly`.',
  },
  VIV_QCOW2_TABLE: {
    when: 'The L1 or refcount table of a QCOW2 image is not where it can be, or does not cover what it must.',
    hint: 'The image is damaged: `qemu-img check` says more.',
  },
  VIV_QCOW2_BACKING: {
    when: 'A QCOW2 image has a backing file that cannot be opened, that nothing allows to be opened, or of which the format is not known.',
    hint: 'Give `open`, which opens the backing files that you allow, and `backingFormat` for images that do not say it.',
  },
  VIV_QCOW2_CHAIN: {
    when: 'Backing files of a QCOW2 image refer to each other in a circle, or the chain of them is too long.',
    hint: 'Flatten the chain: `qemu-img convert -O qcow2 top.qcow2 flat.qcow2`.',
  },
  VIV_QCOW2_READ: {
    when: 'The file of a QCOW2 image gave an error while the image was opened or made.',
    hint: 'See the cause.',
  },
  VIV_QCOW2_CREATE: {
    when: 'A QCOW2 image is to be made in a way that the format does not allow.',
    hint: 'The message says what is allowed.',
  },
  VIV_QCOW2_FLUSH: {
    when: 'A QCOW2 image could not be flushed when its machine went away: what the guest wrote last may be lost.',
    hint: 'Check the disk that holds the image, then the image with `qemu-img check`.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;

/** Thrown inside of an open image where its tables cannot be right; the guest sees a fault of its disk. */
export class DamagedImage extends Error {}
