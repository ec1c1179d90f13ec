/** A thread that a cell keeps for a core's work beside its vCPUs. It may be ended and started again between messages. */
export interface BackgroundThread {
  /** Posts plain data, which is copied. */
  post(message: unknown): void;
  end(): void;
}

/** What becomes of messages that were posted to the background thread. */
export interface BackgroundEvents {
  /** In a turn of the event loop. */
  answer(message: unknown): void;
  /** It came to an end by itself: what was posted is lost, and what is posted from now on, too. */
  died(error: unknown): void;
}

/** How a cell starts such a thread. `module`: URL of a module to import there, a `BackgroundModule`. */
export type StartBackgroundThread = (module: string, events: BackgroundEvents) => BackgroundThread;

/** Exports of the module that the background thread imports. */
export interface BackgroundModule {
  /** Whatever a message is answered with, it is before the call returns. It keeps nothing between messages that it cannot make anew. */
  readonly openBackground: (answer: (message: unknown) => void) => (message: unknown) => void;
}
