import { describe, expect, it } from 'vitest';
import { expectNoSurprise } from './hostile-images.ts';

describe('hostile images', () => {
  it('hold no surprise, fifty thousand of them', () => {
    expect(expectNoSurprise(50_000, 1500)).toBeGreaterThan(35_000);
  });
});
