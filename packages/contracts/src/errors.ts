/** What a coded error tells its reader beyond the message. */
export interface VivariumErrorOptions {
  /** What the user can do about it, as a full sentence. */
  readonly hint?: string;
  /** The error underneath, kept whole. */
  readonly cause?: unknown;
  /** Machine-readable facts: the offending path, name, size… Plain data only. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of the project: a stable code, a message that says what happened and where,
 * and a hint that says what to do. Guest faults are values ({@link GuestFault}), never exceptions.
 */
export class VivariumError extends Error {
  /** Stable and documented, for example `VIV_DEVICE_OVERLAP`. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: VivariumErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VivariumError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

/**
 * One row of a package's error table: when the error happens, and what to do.
 * Every package that throws exports `errorTable`, from which docs/errors.md is generated.
 */
export interface ErrorRow {
  /** When this happens, in one sentence. */
  readonly when: string;
  /** What the reader should do; becomes the error's hint. */
  readonly hint: string;
}

/** Error table of a package: code → row. */
export type ErrorTable = Readonly<Record<`VIV_${string}`, ErrorRow>>;

/**
 * Makes the thrower for one package's error table.
 *
 * @example
 * const errors = defineErrors({ VIV_FDT_TOO_LARGE: { when: '…', hint: '…' } });
 * throw errors.make('VIV_FDT_TOO_LARGE', 'device tree is 3 MiB, the limit is 2 MiB');
 */
export const defineErrors = <Table extends ErrorTable>(table: Table) => ({
  table,
  make: (
    code: keyof Table & string,
    message: string,
    options: Omit<VivariumErrorOptions, 'hint'> & { readonly hint?: string } = {},
  ): VivariumError => {
    const hint = options.hint ?? table[code as keyof ErrorTable]?.hint;
    return new VivariumError(code, message, hint === undefined ? options : { ...options, hint });
  },
});

/** True for errors of this project, also across two copies of this package in one process. */
export const isVivariumError = (value: unknown): value is VivariumError =>
  value instanceof Error && value.name === 'VivariumError' && typeof (value as { code?: unknown }).code === 'string';
