/** What a watchpoint watches for; `access` is either. */
export type WatchedAccess = 'read' | 'write' | 'access';

/** Somewhere a debugger wants guest execution to stop. Addresses are guest-virtual, in whatever address space. */
export type DebugPoint =
  /** Before the instruction at `address` is executed. */
  | { readonly kind: 'breakpoint'; readonly address: bigint }
  /** Before an instruction reads or writes (`access`: either) any of `length` bytes from `address`. */
  | {
      readonly kind: 'watchpoint';
      readonly address: bigint;
      /** A positive integer. */
      readonly length: number;
      readonly access: WatchedAccess;
    };
