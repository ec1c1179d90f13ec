/** Speed of the Internet checksum beside a loop over bytes: `node --conditions=@vivarium/source bench/checksum.ts`. */
import { checksum } from '../src/index.ts';

const overBytes = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

/** Best of several rounds, in GB/s. */
const speed = (act: (bytes: Uint8Array) => number, bytes: Uint8Array): number => {
  const calls = Math.ceil(200_000_000 / bytes.length);
  let best = 0;
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    for (let call = 0; call < calls; call += 1) act(bytes);
    best = Math.max(best, (calls * bytes.length) / (performance.now() - start) / 1e6);
  }
  return best;
};

for (const length of [20, 64, 128, 1460, 65_480]) {
  const bytes = new Uint8Array(length + 2).subarray(2).fill(0x5a);
  const [words, plain] = [speed(checksum, bytes), speed(overBytes, bytes)];
  console.log(`${length} bytes: ${words.toFixed(2)} GB/s, ${(words / plain).toFixed(1)} times a loop over bytes`);
}
