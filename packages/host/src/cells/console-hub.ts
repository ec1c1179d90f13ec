import { ByteRing } from '@vivarium/byte-ring';
import { errors } from '../errors.ts';
import { INPUT_WINDOW } from './console-end.ts';
import { LARGEST_PIECE } from './messages.ts';

/** Somebody who looks at a console. */
export interface ConsoleViewer {
  /**
   * Output of the guest, in order; `lost` bytes before it were dropped. Returning `false` makes what comes wait until
   * {@link ConsoleView.resume}.
   */
  output(bytes: Uint8Array, lost: number): boolean | void;
  /** The console is gone. */
  closed?(): void;
  /** `send` has room again after it took less than it was given. */
  writable?(): void;
}

export interface ViewOptions {
  /** Most bytes of earlier output to begin with. Default: all that is kept. */
  readonly scrollback?: number;
  /** Bytes kept for this viewer while it waits. Default 256 KiB. */
  readonly buffer?: number;
  /**
   * What happens when a viewer that waits has a full buffer: `drop` its oldest bytes, the default, or `hold` the guest,
   * which nobody but a program that must not miss anything should want.
   */
  readonly slow?: 'drop' | 'hold';
}

/** A viewer's hold on a console. */
export interface ConsoleView extends Disposable {
  /** Input for the guest. Returns how many bytes were taken: the queue is bounded, and all viewers share it. */
  send(bytes: Uint8Array): number;
  /** Size of the terminal, in characters; the last viewer to say so wins. */
  resize(columns: number, rows: number): void;
  /** Goes on after `output` returned false. */
  resume(): void;
  /** Bytes that this viewer has missed so far. */
  readonly lost: number;
  /** Looks away. Not calling `closed`. */
  detach(): void;
}

/** A console as its viewers find it. */
export interface HostConsole {
  readonly name: string;
  readonly viewers: number;
  /** The last output, whoever has seen it; a copy. */
  scrollback(): Uint8Array;
  /** Throws `VIV_CELL_VIEWERS` when there are too many. */
  attach(viewer: ConsoleViewer, options?: ViewOptions): ConsoleView;
}

/** Limits of a console. */
export interface ConsoleLimits {
  /** Bytes of output kept. Default 256 KiB. */
  readonly scrollback?: number;
  /** Viewers at a time. Default 32. */
  readonly viewers?: number;
}

/** What a hub sends to its cell. */
export interface HubSink {
  input(bytes: Uint8Array): void;
  taken(count: number): void;
  resize(columns: number, rows: number): void;
}

const DEFAULT_BYTES = 256 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
const DEFAULT_VIEWERS = 32;

/** A whole number of bytes from 1 to 64 MiB, or the default. */
const bounded = (bytes: number | undefined): number =>
  bytes === undefined || !(bytes >= 1) ? DEFAULT_BYTES : Math.min(Math.trunc(bytes), MOST_BYTES);

/** The host's end of a console: one guest, any number of viewers, none of which makes another wait. */
export class ConsoleHub implements HostConsole {
  readonly name: string;
  readonly #scrollback: ByteRing;
  readonly #mostViewers: number;
  readonly #views = new Set<View>();
  readonly #input = new ByteRing(INPUT_WINDOW);
  #sink: HubSink | undefined;
  #room = INPUT_WINDOW;
  #refused = false;
  #closed = false;
  /** Output that the cell has not been told of, because a viewer holds the guest. */
  #untold = 0;

  constructor(name: string, limits: ConsoleLimits = {}) {
    this.name = name;
    this.#scrollback = new ByteRing(bounded(limits.scrollback));
    this.#mostViewers = limits.viewers ?? DEFAULT_VIEWERS;
  }

  get viewers(): number {
    return this.#views.size;
  }

  scrollback(): Uint8Array {
    return this.#scrollback.contents();
  }

  /** A cell is behind it now, also after one before has ended. */
  connect(sink: HubSink): void {
    this.#sink = sink;
    this.#room = INPUT_WINDOW;
    this.#untold = 0;
    this.#pump();
  }

  disconnect(): void {
    this.#sink = undefined;
  }

  /** The cell says what the guest wrote. */
  output(bytes: Uint8Array, lost: number): void {
    this.#scrollback.push(bytes);
    this.#untold += bytes.length;
    for (const view of [...this.#views]) view.output(bytes, lost);
    this.#tell();
  }

  /** The guest took so many bytes of input. False when that is more than it was sent. */
  inputTaken(count: number): boolean {
    if (count > INPUT_WINDOW - this.#room) return false;
    this.#room += count;
    this.#pump();
    if (!this.#refused || this.#input.room === 0) return true;
    this.#refused = false;
    for (const view of [...this.#views]) view.writable();
    return true;
  }

  attach(viewer: ConsoleViewer, options: ViewOptions = {}): ConsoleView {
    if (this.#closed || this.#views.size >= this.#mostViewers) {
      const why = this.#closed ? 'is gone' : `has ${this.#mostViewers} viewers, the most it may have`;
      throw errors.make('VIV_CELL_VIEWERS', `console ${this.name} ${why}`);
    }
    const view = new View(viewer, bounded(options.buffer), options.slow ?? 'drop', {
      send: (bytes) => this.#send(bytes),
      resize: (columns, rows) => this.#sink?.resize(columns, rows),
      tell: () => this.#tell(),
      detach: () => {
        this.#views.delete(view);
        this.#tell();
      },
    });
    this.#views.add(view);
    const kept = this.scrollback();
    const wanted = options.scrollback === undefined ? kept.length : Math.max(0, Math.trunc(options.scrollback));
    if (wanted > 0 && kept.length > 0) view.output(kept.subarray(Math.max(0, kept.length - wanted)), 0);
    return view;
  }

  close(): void {
    this.#closed = true;
    this.disconnect();
    for (const view of [...this.#views]) view.close();
    this.#views.clear();
  }

  #send(bytes: Uint8Array): number {
    if (this.#closed) return 0;
    const taken = this.#input.append(bytes);
    if (taken < bytes.length) this.#refused = true;
    this.#pump();
    return taken;
  }

  #pump(): void {
    while (this.#sink !== undefined && this.#room > 0 && this.#input.length > 0) {
      const piece = this.#input.front().slice(0, Math.min(this.#room, LARGEST_PIECE));
      this.#input.drop(piece.length);
      this.#room -= piece.length;
      this.#sink.input(piece);
    }
  }

  #tell(): void {
    if (this.#untold === 0 || [...this.#views].some(({ holds }) => holds)) return;
    const count = this.#untold;
    this.#untold = 0;
    this.#sink?.taken(count);
  }
}

/** What a view asks of its hub. */
interface Hub {
  send(bytes: Uint8Array): number;
  resize(columns: number, rows: number): void;
  tell(): void;
  detach(): void;
}

class View implements ConsoleView {
  readonly #viewer: ConsoleViewer;
  readonly #hub: Hub;
  readonly #waiting: ByteRing;
  readonly #slow: 'drop' | 'hold';
  #paused = false;
  #gone = false;
  /** Lost since the viewer was last told. */
  #untold = 0;
  lost = 0;

  constructor(viewer: ConsoleViewer, buffer: number, slow: 'drop' | 'hold', hub: Hub) {
    this.#viewer = viewer;
    this.#hub = hub;
    // A viewer that holds the guest still gets what is on its way then.
    this.#waiting = new ByteRing(slow === 'hold' ? Math.max(buffer, HOLD_BUFFER) : buffer);
    this.#slow = slow;
  }

  /** Whether the guest has to wait for it. */
  get holds(): boolean {
    return this.#slow === 'hold' && this.#paused;
  }

  output(bytes: Uint8Array, lost: number): void {
    this.#miss(lost);
    if (this.#paused) {
      this.#miss(Math.max(0, bytes.length - this.#waiting.room));
      this.#waiting.push(bytes);
    } else this.#give(bytes);
  }

  send(bytes: Uint8Array): number {
    return this.#gone ? 0 : this.#hub.send(bytes);
  }

  resize(columns: number, rows: number): void {
    const fits = (each: number): boolean => Number.isInteger(each) && each > 0 && each <= 65_535;
    if (!this.#gone && fits(columns) && fits(rows)) this.#hub.resize(columns, rows);
  }

  resume(): void {
    if (this.#gone || !this.#paused) return;
    this.#paused = false;
    while (!this.#paused && this.#waiting.length > 0) {
      const piece = this.#waiting.front().slice(0, LARGEST_PIECE);
      this.#waiting.drop(piece.length);
      this.#give(piece);
    }
    this.#hub.tell();
  }

  writable(): void {
    this.#guard(() => this.#viewer.writable?.());
  }

  detach(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#hub.detach();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** The console is gone: what waits is handed over, and the viewer told. */
  close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#paused = false;
    if (this.#waiting.length > 0) this.#give(this.#waiting.contents());
    this.#guard(() => this.#viewer.closed?.());
  }

  #miss(count: number): void {
    this.lost += count;
    this.#untold += count;
  }

  #give(bytes: Uint8Array): void {
    const lost = this.#untold;
    this.#untold = 0;
    this.#guard(() => {
      if (this.#viewer.output(bytes, lost) === false) this.#paused = true;
    });
  }

  /** A viewer that throws has looked its last. */
  #guard(act: () => void): void {
    try {
      act();
    } catch {
      this.detach();
    }
  }
}

/** As much as a cell may send before it waits, twice: the window, and what came in while it was told. */
const HOLD_BUFFER = 1024 * 1024;
