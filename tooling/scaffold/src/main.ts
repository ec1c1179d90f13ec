/**
 * From an empty folder to a device at work in Linux, with our packages as they would be published: `pnpm scaffold:check`.
 */
import { followGuide } from './follow-guide.ts';
import { meetStranger } from './stranger.ts';
import { walks } from './walks.ts';

const started = performance.now();
const narrate = (what: string): void => {
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${seconds.padStart(4)} s  ${what.replaceAll('\n', '\n        ')}`);
};

narrate('build and pack');
await using stranger = await meetStranger();
for (const { name, steps } of walks()) {
  narrate(`── ${name}`);
  await followGuide(stranger, steps, narrate);
}
narrate('done');
