import type { CharPort } from '@vivarium/contracts';

/** A port whose guest takes as much input as it is told to, and writes what it is told to. */
export class FakePort implements CharPort {
  readonly received: number[] = [];
  room = Number.POSITIVE_INFINITY;
  holds = 0;
  #output = new Set<(bytes: Uint8Array) => void>();
  #writable = new Set<() => void>();

  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    this.room -= taken;
    this.received.push(...bytes.subarray(0, taken));
    return taken;
  }

  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.#output.add(listener);
    return () => this.#output.delete(listener);
  }

  holdOutput(): () => void {
    this.holds++;
    return () => {
      this.holds--;
    };
  }

  onWritable(listener: () => void): () => void {
    this.#writable.add(listener);
    return () => this.#writable.delete(listener);
  }

  scrollback(): Uint8Array {
    return new Uint8Array();
  }

  /** The guest reads `room` bytes more. */
  take(room: number): void {
    this.room += room;
    for (const listener of this.#writable) listener();
  }

  /** The guest writes; false when it has to wait. */
  write(text: string): boolean {
    if (this.holds > 0) return false;
    for (const listener of this.#output) listener(Buffer.from(text));
    return true;
  }

  get listeners(): number {
    return this.#output.size + this.#writable.size;
  }

  get text(): string {
    return Buffer.from(this.received).toString();
  }
}
