import type { FsErrno } from '@vivarium/contracts';

/** An error with the code that the guest is told. */
export class Fault extends Error {
  readonly code: FsErrno;

  constructor(code: FsErrno) {
    super(code);
    this.name = 'Fault';
    this.code = code;
  }
}
