import type { FsBackend } from '@vivarium/contracts';

/** A backend without any file but its root. */
export interface FsBackendSubject {
  readonly backend: FsBackend;
  /** The same files behind a backend that changes nothing; called once, after which `backend` is not used any more. */
  readonly readOnly?: () => FsBackend;
  dispose?(): void | Promise<void>;
}
