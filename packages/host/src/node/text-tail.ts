import { ByteRing } from '@vivarium/byte-ring';

/** The end of what a cell wrote to its standard error: what an engine says before it dies. */
export class TextTail {
  readonly #ring = new ByteRing(8192);

  push(bytes: Uint8Array): void {
    this.#ring.push(bytes);
  }

  get text(): string {
    return Buffer.from(this.#ring.contents()).toString('utf8').trim();
  }
}
