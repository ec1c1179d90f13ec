import type { GuestClaims } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { createShares } from '../src/index.ts';
import { claims } from './claims.ts';

const policy = createShares();
const host = { cpu: 4000, memory: 4 * 2 ** 30 };

describe('admission', () => {
  it('takes a guest whose reservations fit to the last byte', () => {
    const running = [claims('one', { cpu: { reservation: 2500 }, memory: { reservation: 2 ** 30 } })];
    const memory = { size: 3 * 2 ** 30, reservation: 3 * 2 ** 30 - 4096, overhead: 4096 };
    expect(policy.admit(host, running, claims('next', { cpu: { reservation: 1500 }, memory }))).toEqual({
      admitted: true,
    });
  });

  it('takes any number of guests that reserve nothing', () => {
    const running = Array.from({ length: 50 }, (_, index) => claims(`guest-${index}`));
    expect(policy.admit(host, running, claims('next'))).toEqual({ admitted: true });
  });

  it('refuses one whose reservations do not, and names what is short and by how much', () => {
    const running = [
      claims('one', { cpu: { reservation: 2000 } }),
      claims('two', { cpu: { reservation: 1500 }, memory: { reservation: 2 ** 30, overhead: 2 ** 20 } }),
    ];
    const verdict = policy.admit(host, running, claims('next', { cpu: { reservation: 800 } }));
    expect(verdict).toEqual({
      admitted: false,
      short: [
        {
          resource: 'cpu',
          asked: 800,
          free: 500,
          message: 'cpu: "next" reserves 800 thousandths of a pCPU, 500 of 4000 are not reserved, 300 are missing',
        },
      ],
    });
    const greedy = claims('greedy', {
      cpu: { reservation: 4000 },
      memory: { size: 2 ** 33, reservation: 2 ** 32, overhead: 1 },
    });
    const both = policy.admit(host, running, greedy);
    expect(both.admitted ? [] : both.short.map(({ resource, asked, free }) => [resource, asked, free])).toEqual([
      ['cpu', 4000, 500],
      ['memory', 2 ** 32 + 1, 3 * 2 ** 30 - 2 ** 20],
    ]);
  });

  it('counts what a guest needs besides its RAM, also when it reserves none', () => {
    const verdict = policy.admit(
      { cpu: 1000, memory: 2 ** 20 },
      [],
      claims('next', { memory: { overhead: 2 ** 20 + 1 } }),
    );
    expect(verdict).toMatchObject({ admitted: false, short: [{ resource: 'memory' }] });
  });

  it.each<readonly [string, GuestClaims]>([
    ['no shares', claims('bad', { cpu: { shares: 0 } })],
    ['a part of a share', claims('bad', { memory: { shares: 1.5 } })],
    ['less than nothing reserved', claims('bad', { cpu: { reservation: -1 } })],
    ['more reserved than its vCPUs can use', claims('bad', { vcpus: 1, cpu: { reservation: 1001 } })],
    ['more reserved than its limit', claims('bad', { cpu: { reservation: 600, limit: 500 } })],
    ['more reserved than its RAM', claims('bad', { memory: { size: 4096, reservation: 4097 } })],
    ['no vCPU', claims('bad', { vcpus: 0 })],
    ['no number', claims('bad', { memory: { overhead: Number.NaN } })],
  ])('refuses claims with %s as none', (_, bad) => {
    expect(() => policy.admit(host, [], bad)).toThrowError(expect.objectContaining({ code: 'VIV_SHARES_CLAIM' }));
  });
});

describe('page sharing', () => {
  it('is for guests of one salt, and within a guest', () => {
    const [one, other] = [claims('one', { salt: 'tenant-a' }), claims('other', { salt: 'tenant-a' })];
    expect(policy.mayShare(one, other)).toBe(true);
    expect(policy.mayShare(one, claims('third', { salt: 'tenant-b' }))).toBe(false);
    expect(policy.mayShare(claims('fourth'), claims('fifth'))).toBe(false);
    expect(policy.mayShare(claims('fourth'), claims('fourth'))).toBe(true);
  });
});
