import type { VirtioDevice, VirtioQueue } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { attack, table } from '../src/report.ts';

/** Serves everything, and breaks when it reads an empty request. */
class Fragile implements VirtioDevice {
  readonly deviceId = 0x3d;
  readonly kind = 'fragile';
  readonly features = 0n;
  readonly queueSizes = [16];
  readonly config = { length: 0, read: () => 0 };
  #queue: VirtioQueue | undefined;

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queue = queues[0];
  }

  notified(): void {
    for (let request = this.#queue?.take(); request !== undefined; request = this.#queue?.take()) {
      if (request.writableLength === 0) throw new Error('nothing to write to');
      this.#queue?.complete(request, request.write(0, Uint8Array.of(1)));
    }
  }

  reset(): void {
    this.#queue = undefined;
  }
}

describe('the report', () => {
  it('names what a device does wrong, and counts it', async () => {
    const rows = await attack('fragile', () =>
      Promise.resolve({ device: new Fragile(), probe: { queue: 0, writable: [4] } }),
    );
    const text = table(rows);
    expect(rows.map(({ transport, format }) => `${transport} ${format}`)).toEqual([
      'mmio split',
      'mmio packed',
      'pci split',
      'pci packed',
    ]);
    expect(text).toContain('A11 a chain of nothing but empty buffers');
    expect(text.split('\n').at(-1)).toMatch(/^cases \d+: \d+ PASS, \d+ REJECT, 0 WEDGED, [1-9]\d* FAIL$/);
  });
});
