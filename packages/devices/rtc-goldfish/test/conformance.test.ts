import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, it } from 'vitest';
import { goldfishRtc } from '../src/index.ts';

describe('the goldfish RTC as a device', () => {
  for (const { title, run } of deviceSuite(() => setupPart(goldfishRtc))) it(title, run);
});
