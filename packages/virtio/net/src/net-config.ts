import type { VirtioConfig } from '@vivarium/contracts';
import { CONFIG, VIRTIO_NET_S_LINK_UP } from './registers.ts';

/** The configuration space; read-only. */
export class NetConfig implements VirtioConfig {
  readonly length = CONFIG.length;
  readonly #bytes = new DataView(new ArrayBuffer(CONFIG.length));

  constructor(mac: Uint8Array, mtu: number) {
    new Uint8Array(this.#bytes.buffer).set(mac, CONFIG.mac);
    this.#bytes.setUint16(CONFIG.max_virtqueue_pairs, 1, true);
    this.#bytes.setUint16(CONFIG.mtu, mtu, true);
  }

  set linkUp(up: boolean) {
    this.#bytes.setUint16(CONFIG.status, up ? VIRTIO_NET_S_LINK_UP : 0, true);
  }

  read(offset: number): number {
    return this.#bytes.getUint8(offset);
  }
}
