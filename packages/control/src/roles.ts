/** What a principal may do: each role may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whoever asks, as the transport knows it: by a token, by the user at the other end of a socket, by being this process. */
export interface Principal {
  /** For the audit log; at most 128 characters of it are kept. */
  readonly name: string;
  /** Absent: it may do nothing, and what it asks for is refused and audited. */
  readonly role?: Role | undefined;
  /** The way it came: `unix`, `tcp`, `guest`, `process`… */
  readonly via: string;
  /** The machine that it is the guest of. */
  readonly machine?: string;
}

/** Whether a principal may do what takes `needed`. */
export const allows = ({ role }: Principal, needed: Role): boolean =>
  role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
