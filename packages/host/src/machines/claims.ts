import type { GuestClaims } from '@vivarium/contracts';
import type { MachineFacts } from '../cells/messages.ts';
import type { MachineDescription } from './description.ts';

const SHARES = { shares: 1000 };

/** What a description claims, with the shares that everybody has by default. */
export const claimsOf = ({ name, claims = {} }: MachineDescription, { vcpus, memory }: MachineFacts): GuestClaims => ({
  guest: name,
  vcpus,
  cpu: { ...SHARES, ...given(claims.cpu) },
  memory: { ...SHARES, ...given(claims.memory), size: memory },
  ...(claims.salt === undefined ? {} : { salt: claims.salt }),
});

type Given<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without fields that are undefined. */
const given = <T extends object>(fields: T | undefined): Partial<Given<T>> =>
  Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as Partial<Given<T>>;
