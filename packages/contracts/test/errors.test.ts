import { describe, expect, it } from 'vitest';
import { defineErrors, isVivariumError, VivariumError } from '../src/index.ts';

const errors = defineErrors({ VIV_LAMP_DARK: { when: 'The lamp is dark.', hint: 'Write 1 to its register.' } });

describe('an error', () => {
  it('has a code, a message, and the hint of its table', () => {
    const error = errors.make('VIV_LAMP_DARK', 'lamp0 is dark');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'VIV_LAMP_DARK', message: 'lamp0 is dark', hint: 'Write 1 to its register.' });
    expect(error.details).toEqual({});
  });

  it('keeps the error underneath whole', () => {
    const cause = new Error('no current');
    expect(errors.make('VIV_LAMP_DARK', 'lamp0 is dark', { cause }).cause).toBe(cause);
    expect('cause' in errors.make('VIV_LAMP_DARK', 'lamp0 is dark')).toBe(false);
  });

  it('may say more than its table', () => {
    const error = errors.make('VIV_LAMP_DARK', 'lamp0 is dark', { hint: 'Buy a bulb.', details: { part: 'lamp0' } });
    expect(error.hint).toBe('Buy a bulb.');
    expect(error.details).toEqual({ part: 'lamp0' });
  });
});

describe('isVivariumError', () => {
  it('knows errors of another copy of this package', () => {
    const foreign = Object.assign(new Error('dark'), { name: 'VivariumError', code: 'VIV_LAMP_DARK' });
    expect(isVivariumError(foreign)).toBe(true);
    expect(isVivariumError(new VivariumError('VIV_LAMP_DARK', 'dark'))).toBe(true);
  });

  it('takes nothing else for one', () => {
    expect(isVivariumError(new Error('dark'))).toBe(false);
    expect(isVivariumError({ name: 'VivariumError', code: 'VIV_LAMP_DARK' })).toBe(false);
    expect(isVivariumError(undefined)).toBe(false);
  });
});
