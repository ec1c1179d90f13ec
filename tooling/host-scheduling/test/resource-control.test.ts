import type { GuestClaims, ResourceClaim } from '@vivarium/contracts';
import { createHostThread, ResourceControl } from '@vivarium/host';
import { createShares } from '@vivarium/policy-shares';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { describe, expect, it } from 'vitest';
import type { BareWork } from '../src/bare-guest.ts';
import { BareHost } from '../src/bare-host.ts';

const MILLISECOND = 1_000_000;
const GIB = 2 ** 30;

const claims = (guest: string, cpu: ResourceClaim, size = GIB / 4): GuestClaims => ({
  guest,
  vcpus: 1,
  cpu,
  memory: { shares: 1000, size, reservation: size },
});

const controlled = () => {
  const host = new BareHost({ name: 'eevdf', create: () => new Eevdf() }, createHostThread('virtual'));
  const control = new ResourceControl({ policy: createShares(), dispatcher: host.dispatcher, memory: GIB });
  const add = async (name: string, cpu: ResourceClaim, work: BareWork = { kind: 'busy' }) => {
    control.admit(claims(name, cpu));
    return host.add({ name, work, parameters: control.parameters(name) });
  };
  /** Parts of the next `milliseconds` that guests have, in percent; the policy is asked every 50. */
  const shares = async (milliseconds: number): Promise<readonly number[]> => {
    const { thread, dispatcher } = host;
    const run = () => dispatcher.guests.map(({ stats }) => stats[0].run);
    const [began, before] = [thread.now(), run()];
    for (let passed = 50; passed <= milliseconds; passed += 50) {
      await host.at(began + passed * MILLISECOND, () => control.update());
    }
    return run().map((ran, guest) => ((ran - before[guest]) / (milliseconds * MILLISECOND)) * 100);
  };
  return { host, control, add, shares };
};

describe('resource control', () => {
  it('has guests get what the policy says, and what is reserved and not wanted goes to others', async () => {
    const { host, add, shares } = controlled();
    await using _ = host;
    await add('big', { shares: 3000 });
    await add('small', { shares: 1000, reservation: 500 });
    const sleepy = { kind: 'periodic', service: MILLISECOND, period: 8 * MILLISECOND } as const;
    await add('sleepy', { shares: 4000, reservation: 300 }, sleepy);
    await shares(200);
    const [big, small, rarely] = await shares(400);
    expect(rarely).toBeCloseTo(12.5, 0);
    // A guest that works by a timer is taken to want somewhat more than it does; all of what it leaves is used.
    expect(small).toBeGreaterThan(49);
    expect(small).toBeLessThan(56);
    expect(small + big + rarely).toBeCloseTo(100, 0);
  });

  it('changes claims while guests run', async () => {
    const { host, control, add, shares } = controlled();
    await using _ = host;
    await add('one', { shares: 1000 });
    await add('other', { shares: 1000 });
    await shares(100);
    expect((await shares(200))[0]).toBeCloseTo(50, 0);
    control.change(claims('one', { shares: 9000 }));
    expect(Math.abs((await shares(200))[0] - 90)).toBeLessThan(2);
    control.change(claims('one', { shares: 9000, limit: 200 }));
    await shares(50);
    const [limited, other] = await shares(200);
    expect(limited).toBeLessThan(21);
    expect(other).toBeGreaterThan(75);
    control.change(claims('one', { shares: 1000 }));
    await shares(50);
    expect(Math.abs((await shares(200))[0] - 50)).toBeLessThan(2);
  });

  it('refuses what does not fit, and says what is short', async () => {
    const { host, control, add } = controlled();
    await using _ = host;
    await add('one', { shares: 1000, reservation: 700 });
    expect(() => control.admit(claims('two', { shares: 1000, reservation: 400 }))).toThrow(/cpu: .* 100 are missing/);
    expect(() => control.admit(claims('two', { shares: 1000 }, GIB))).toThrow(/memory: .* are missing/);
    expect(() => control.admit(claims('one', { shares: 1000 }))).toThrow(/admitted already/);
    expect(() => control.change(claims('one', { shares: 1000, reservation: 1001 }))).toThrow(/cpu reservation 1001/);
    expect(() => control.parameters('two')).toThrow(/was not admitted/);
    control.release('one');
    control.admit(claims('two', { shares: 1000, reservation: 400 }, GIB));
    expect(control.claims.map(({ guest }) => guest)).toEqual(['two']);
  });
});
