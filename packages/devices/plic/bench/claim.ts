/**
 * One interrupt through the PLIC (line up, claim, line down, complete), in nanoseconds and as a multiple of an
 * indirect call in the same process. Run: `pnpm exec node --conditions=@vivarium/source packages/devices/plic/bench/claim.ts`
 */
import { UNCONNECTED } from '@vivarium/contracts';
import { Plic } from '../src/index.ts';
import { CLAIM_COMPLETE, CONTEXT_BASE, CONTEXT_STRIDE, ENABLE_BASE, ENABLE_STRIDE } from '../src/registers.ts';

const ROUNDS = 2_000_000;
const SOURCE = 10;
const CLAIM = CONTEXT_BASE + CONTEXT_STRIDE + CLAIM_COMPLETE;

const nanosecondsEach = (act: () => void): number => {
  for (let round = 0; round < ROUNDS / 10; round += 1) act();
  const start = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) act();
  return ((performance.now() - start) * 1e6) / ROUNDS;
};

const interruptOn = (harts: number): (() => void) => {
  const targets = Array.from({ length: 2 * harts }, () => UNCONNECTED);
  const plic = new Plic({ sources: 95, targets, deviceTree: { name: 'plic', properties: {} } });
  const [region] = plic.regions;
  const line = plic.line(SOURCE);
  if (region === undefined || line === undefined) throw new Error('the PLIC has no registers or no such line');
  region.write(4 * SOURCE, 4, 1);
  region.write(ENABLE_BASE + ENABLE_STRIDE, 4, 1 << SOURCE);
  return () => {
    line.set(true);
    if (region.read(CLAIM, 4) !== SOURCE) throw new Error('the interrupt did not arrive');
    line.set(false);
    region.write(CLAIM, 4, SOURCE);
  };
};

let sink = 0;
const calls = [() => (sink += 1), () => (sink += 2)];
const call = nanosecondsEach(() => calls[sink & 1]?.());
for (const harts of [1, 4, 8]) {
  const each = nanosecondsEach(interruptOn(harts));
  console.log(`${harts} harts: ${each.toFixed(0)} ns an interrupt, ${(each / call).toFixed(1)} indirect calls`);
}
