import type { AccessWidth, Device, DeviceTreeNode, MmioRegion, PrivilegeLevel } from '@vivarium/contracts';
import type { ImsicFile } from './interrupt-file.ts';
import * as r from './registers.ts';
import { imsicStateCodec } from './state.ts';

const byteSwapped = (value: number): number =>
  ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** The interrupt files of all harts at one level: a page for each, one behind the other (section 3.6). */
export class ImsicLevel implements Device {
  readonly regions: readonly MmioRegion[];
  readonly deviceTree: DeviceTreeNode;
  readonly state;
  readonly files: readonly ImsicFile[];

  constructor(level: PrivilegeLevel, files: readonly ImsicFile[], deviceTree: DeviceTreeNode) {
    this.files = files;
    this.deviceTree = deviceTree;
    this.state = imsicStateCodec(files);
    this.regions = [
      {
        name: level,
        length: files.length * r.PAGE,
        read: () => 0,
        write: (offset, width, value) => this.#write(offset, width, value),
        // Two registers, not one: an access of 64 bits is none that the specification knows, and does nothing.
        read64: () => 0n,
        write64: () => {},
      },
    ];
  }

  reset(): void {
    for (const file of this.files) file.reset();
  }

  #write(offset: number, width: AccessWidth, value: number): void {
    if (width !== 4) return;
    const file = this.files[Math.floor(offset / r.PAGE)];
    switch (offset % r.PAGE) {
      case r.SETEIPNUM_LE:
        file?.send(value);
        break;
      case r.SETEIPNUM_BE:
        file?.send(byteSwapped(value));
        break;
      default:
    }
  }
}
