import { VivariumError } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { failureExitCode, signalExitCode } from '../src/exit-code.ts';
import { helpText } from '../src/help.ts';
import { optionTable } from '../src/option-table.ts';
import { Progress } from '../src/progress.ts';
import { coded, errorText, exitCodeOf, jsonLine } from '../src/report.ts';

describe('help', () => {
  it('names every option, fits 120 columns, and has examples and exit codes', () => {
    const text = helpText();
    for (const name of Object.keys(optionTable)) expect(text).toContain(`--${name}`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(text).toContain('Examples:');
    expect(text).toContain('Exit codes:');
  });
});

describe('progress', () => {
  const show = (isTTY: boolean): string => {
    let text = '';
    const progress = new Progress({ isTTY, columns: 30, write: (piece) => (text += piece) });
    progress.update('fetching', 0.256);
    progress.update('fetching', 0.5);
    progress.update('building something with a very long name');
    progress.done();
    return text;
  };

  it('is one line on a terminal, which it leaves clean', () => {
    expect(show(true)).toBe(
      '\r\u001b[Kviv: fetching 25%\r\u001b[Kviv: fetching 50%\r\u001b[Kviv: building something with \r\u001b[K',
    );
  });

  it('is a line for each step elsewhere', () => {
    expect(show(false)).toBe('viv: fetching\nviv: building something with a very long name\n');
  });
});

describe('an error', () => {
  it('is shown with code, message and hint, with its causes on demand', () => {
    const error = new VivariumError('VIV_X', 'it broke', { hint: 'Mend it.', cause: new TypeError('deep') });
    expect(errorText(error, false)).toBe('viv: VIV_X: it broke\n  hint: Mend it.\n');
    expect(errorText(error, true)).toContain('caused by: TypeError: deep');
  });

  it('without a code gets one', () => {
    expect(coded(new TypeError('x'))).toMatchObject({ code: 'VIV_INTERNAL', message: 'x' });
    expect(coded('text')).toMatchObject({ code: 'VIV_INTERNAL', message: 'text' });
  });

  it('of a part that failed in a hook is the part’s own when that has a code', () => {
    const own = new VivariumError('VIV_IMAGE_FOREIGN', 'x86');
    expect(coded(new VivariumError('VIV_PLUGIN_HOOK_FAILED', 'reset', { cause: own }))).toBe(own);
    const bare = new VivariumError('VIV_PLUGIN_HOOK_FAILED', 'reset', { cause: new Error('x') });
    expect(coded(bare)).toBe(bare);
  });

  it('decides the exit code', () => {
    expect(exitCodeOf(new VivariumError('VIV_USAGE', ''))).toBe(2);
    expect(exitCodeOf(new VivariumError('VIV_ANY', ''))).toBe(1);
    expect([1, 7, 255, 256, 2 ** 32 - 1, 0].map(failureExitCode)).toEqual([1, 7, 255, 255, 255, 1]);
    expect(signalExitCode('SIGTERM')).toBe(143);
  });

  it('fits in one line of JSON whatever its facts are', () => {
    expect(jsonLine({ pc: 0x80000000n, cause: new Error('x') })).toBe('{"pc":"0x80000000","cause":"x"}\n');
  });
});
