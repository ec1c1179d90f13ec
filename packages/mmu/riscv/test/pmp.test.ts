import { type Access, FETCH, READ, WRITE } from '@vivarium/isa-riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALLOWED, DENIED, MIXED, PhysicalMemoryProtection } from '../src/pmp.ts';
import { type AccessKind, matchedRange, type PmpEntry, pmpAllows } from './reference-pmp.ts';

const KINDS: Readonly<Record<Access, AccessKind>> = { [READ]: 'read', [WRITE]: 'write', [FETCH]: 'fetch' };
const PAGE = 0x8000_0000;
const PRIVILEGES = [0, 1, 3];

const create = (entries: readonly PmpEntry[] = []): PhysicalMemoryProtection => {
  const pmp = new PhysicalMemoryProtection(new ArrayBuffer(PhysicalMemoryProtection.BYTES), 0, () => {});
  for (const [index, { address }] of entries.entries()) pmp.writeAddress(index, address);
  for (const [index, { configuration }] of entries.entries()) pmp.writeConfiguration(index, configuration);
  return pmp;
};

/** Around two pages: word addresses, and those that end in ones. */
const address = fc
  .tuple(fc.integer({ min: -40, max: 2088 }), fc.integer({ min: 0, max: 12 }), fc.boolean())
  .map(([word, ones, napot]) => {
    const value = BigInt(PAGE / 4 + word);
    return napot ? value | ((1n << BigInt(ones)) - 1n) : value;
  });

const entry: fc.Arbitrary<PmpEntry> = fc.record({
  configuration: fc.integer({ min: 0, max: 0xff }).map((value) => {
    const legal = value & 0x9f;
    return (legal & 3) === 2 ? legal & ~2 : legal;
  }),
  address: fc.oneof({ weight: 8, arbitrary: address }, fc.constantFrom(0n, (1n << 54n) - 1n, (1n << 40n) - 1n)),
});
const entries = fc.array(entry, { maxLength: 16 });

describe('physical memory protection', () => {
  it('decides each access as the specification does, byte by byte', () => {
    fc.assert(
      fc.property(
        entries,
        fc.integer({ min: -64, max: 8256 }),
        fc.constantFrom(1, 2, 4, 8),
        fc.constantFrom<Access>(READ, WRITE, FETCH),
        fc.constantFrom(...PRIVILEGES),
        (given, offset, bytes, access, privilege) => {
          const at = PAGE + offset;
          const allowed = pmpAllows(given, BigInt(at), bytes, KINDS[access], privilege);
          expect(create(given).check(at, bytes, access, privilege)).toBe(allowed);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('says of a page what holds for each access in it', () => {
    const seen = { [ALLOWED]: 0, [DENIED]: 0, [MIXED]: 0 };
    fc.assert(
      fc.property(
        entries,
        fc.constantFrom<Access>(READ, WRITE, FETCH),
        fc.constantFrom(...PRIVILEGES),
        (given, access, privilege) => {
          const verdict = create(given).page(PAGE, access, privilege);
          seen[verdict as keyof typeof seen] += 1;
          if (verdict === MIXED) {
            // Some entry begins or ends inside the page.
            const edges = given.flatMap((_, index) => Object.values(matchedRange(given, index)));
            expect(edges.some((edge) => edge > BigInt(PAGE) && edge < BigInt(PAGE + 4096))).toBe(true);
            return;
          }
          for (let offset = 0; offset < 4096; offset += 60) {
            const allowed = pmpAllows(given, BigInt(PAGE + offset), 4, KINDS[access], privilege);
            expect(allowed).toBe(verdict === ALLOWED);
          }
        },
      ),
      { numRuns: 2000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  });

  it('allows everything to M-mode and nothing to others when all entries are off', () => {
    const pmp = create();
    for (const access of [READ, WRITE, FETCH] as const) {
      for (const privilege of PRIVILEGES) {
        expect(pmp.check(PAGE, 8, access, privilege)).toBe(privilege === 3);
        expect(pmp.page(PAGE, access, privilege)).toBe(privilege === 3 ? ALLOWED : DENIED);
      }
    }
  });
});

describe('PMP registers', () => {
  it('hold what is legal, and show a locked entry until reset', () => {
    const pmp = create();
    pmp.writeAddress(3, (1n << 64n) - 1n);
    expect(pmp.readAddress(3)).toBe((1n << 54n) - 1n);
    // Bits 5 and 6 are zero; W without R is reserved.
    pmp.writeConfiguration(3, 0x7f);
    expect(pmp.readConfiguration(3)).toBe(0x1f);
    pmp.writeConfiguration(3, 0x1a);
    expect(pmp.readConfiguration(3)).toBe(0x18);
    pmp.writeConfiguration(3, 0x98);
    pmp.writeConfiguration(3, 0x1f);
    pmp.writeAddress(3, 5n);
    expect(pmp.readConfiguration(3)).toBe(0x98);
    expect(pmp.readAddress(3)).toBe((1n << 54n) - 1n);
    pmp.reset();
    expect(pmp.readConfiguration(3)).toBe(0);
    expect(pmp.readAddress(3)).toBe(0n);
    pmp.writeConfiguration(3, 0x1f);
    expect(pmp.readConfiguration(3)).toBe(0x1f);
  });

  it('lock the address below a locked top-of-range entry, and no other', () => {
    const pmp = create();
    pmp.writeConfiguration(5, 0x88);
    pmp.writeAddress(4, 1n);
    pmp.writeAddress(3, 1n);
    pmp.writeAddress(6, 1n);
    expect([3, 4, 6].map((index) => pmp.readAddress(index))).toEqual([1n, 0n, 1n]);
    // A locked NAPOT entry does not look at the one below.
    pmp.writeConfiguration(10, 0x98);
    pmp.writeAddress(9, 1n);
    expect(pmp.readAddress(9)).toBe(1n);
    // The configuration of the entry below stays free.
    pmp.writeConfiguration(4, 0x07);
    expect(pmp.readConfiguration(4)).toBe(0x07);
  });

  it('beyond the sixteenth read as zero and cannot be written', () => {
    const pmp = create();
    for (const index of [16, 17, 63]) {
      pmp.writeConfiguration(index, 0x1f);
      pmp.writeAddress(index, 5n);
      expect(pmp.readConfiguration(index)).toBe(0);
      expect(pmp.readAddress(index)).toBe(0n);
    }
    expect(pmp.check(0, 8, READ, 1)).toBe(false);
  });

  it('tell of every change', () => {
    let changes = 0;
    const pmp = new PhysicalMemoryProtection(new ArrayBuffer(PhysicalMemoryProtection.BYTES), 0, () => changes++);
    pmp.writeAddress(0, 5n);
    pmp.writeConfiguration(0, 0x98);
    expect(changes).toBe(2);
    pmp.reset();
    expect(changes).toBe(3);
  });
});
