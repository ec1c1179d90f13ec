import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_FDT_NAME: {
    when: 'A node or property name is empty, too long, or has a character that the Devicetree Specification forbids.',
    hint: 'Use letters, digits and ",._+-" (and "?#" in property names), at most 255 characters.',
  },
  VIV_FDT_VALUE: {
    when: 'A property value does not fit its form: a cell outside of 32 bits, a bigint outside of 64, a NUL in a string.',
    hint: 'Give cells as integers from 0 to 4294967295, wider numbers as bigint, anything else as bytes.',
  },
  VIV_FDT_DUPLICATE: {
    when: 'Two nodes have the same label, the same phandle, or the same name below one parent.',
    hint: 'Give each node a name of its own; nodes of one kind differ by unit address.',
  },
  VIV_FDT_REFERENCE: {
    when: 'A phandle reference, alias or interrupt route names a node that is not in the tree.',
    hint: 'Add the part that carries the label to the machine, or correct the reference.',
  },
  VIV_FDT_TOO_DEEP: {
    when: 'A tree is nested deeper than 64 levels.',
    hint: 'Flatten the hierarchy; Linux refuses trees deeper than 64 levels too.',
  },
  VIV_FDT_TOO_LARGE: {
    when: 'The flattened tree is larger than its cap, 2 MiB unless told.',
    hint: 'Remove nodes or large properties, or raise the cap if the guest can map it.',
  },
  VIV_FDT_VERSION: {
    when: 'A blob is a flattened device tree of a version that is not compatible with version 17.',
    hint: 'Convert it with `dtc -I dtb -O dtb -V 17`.',
  },
  VIV_FDT_MALFORMED: {
    when: 'A blob is not a well-formed flattened device tree: bad magic, an offset outside, a truncated or stray token.',
    hint: 'Check the file with `dtc -I dtb -O dts`; it is not a device tree or was cut off.',
  },
});
