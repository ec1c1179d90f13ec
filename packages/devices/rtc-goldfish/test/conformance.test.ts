import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { goldfishRtc } from '../src/index.ts';

describe('the goldfish RTC as a device', () => {
  it.each(deviceSuite(() => setupPart(goldfishRtc)))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
