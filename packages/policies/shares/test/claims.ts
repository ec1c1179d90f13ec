import type { GuestClaims, ResourceClaim } from '@vivarium/contracts';

/** Claims with something to say about CPU or memory. */
export const claims = (
  guest: string,
  {
    vcpus = 4,
    cpu = {},
    memory = {},
    salt,
  }: Partial<{
    vcpus: number;
    cpu: Partial<ResourceClaim>;
    memory: Partial<GuestClaims['memory']>;
    salt: string;
  }> = {},
): GuestClaims => ({
  guest,
  vcpus,
  cpu: { shares: 1000, ...cpu },
  memory: { shares: 1000, size: 2 ** 30, ...memory },
  ...(salt === undefined ? {} : { salt }),
});
