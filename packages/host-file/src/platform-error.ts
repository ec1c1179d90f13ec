/** What a file throws: `code` is spelled as the platform does, for example `ENOSPC`. */
export class PlatformError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'PlatformError';
    this.code = code;
  }
}
