import type { UsageView } from '@vivarium/control';
import { describe, expect, it } from 'vitest';
import { commandText } from '../../src/control/exec-command.ts';
import { defaultSocket, defaultState } from '../../src/control/places.ts';
import { ageText, plainText, sizeText, tableLines } from '../../src/control/text-table.ts';
import { loadBetween } from '../../src/control/top/measurement.ts';
import { loadLines, screenText } from '../../src/control/top/screen.ts';

const machine = (name: string, run: number, ready: number, memory = 128 << 20): UsageView['machines'][number] => ({
  name,
  status: 'running',
  weight: 256,
  cap: null,
  vcpus: 1,
  memory,
  run,
  ready,
  wakeLatency: 1_500_000,
  instructions: run / 10,
  restarts: 0,
});

const usage = (time: number, busy: number, machines: UsageView['machines']): UsageView => ({
  time,
  pcpus: [
    { id: 0, busy },
    { id: 1, busy: 0 },
  ],
  memory: { capacity: 8 * 2 ** 30, used: 128 << 20 },
  machines,
});

describe('what is used', () => {
  const before = usage(1e9, 1e9, [machine('web', 5e9, 0), machine('db', 0, 0, 256 << 20)]);
  const after = usage(3e9, 2.5e9, [
    machine('web', 6e9, 5e8),
    machine('db', 4e8, 2e9, 256 << 20),
    machine('new', 7e9, 1),
  ]);
  const load = loadBetween(before, after);

  it('is what was done between two looks, in percent of a pCPU', () => {
    expect(load).toMatchObject({
      seconds: 2,
      pcpus: [
        { id: 0, busy: 75 },
        { id: 1, busy: 0 },
      ],
      machines: [
        { name: 'web', cpu: 50, wait: 25, wakeLatency: 1.5, mips: 50 },
        { name: 'db', cpu: 20, wait: 100, mips: 20 },
        // Whoever has just come has done nothing yet.
        { name: 'new', cpu: 0, wait: 0, mips: 0 },
      ],
    });
  });

  it('is never less than nothing: a machine that started again begins anew', () => {
    const again = loadBetween(usage(0, 0, [machine('web', 9e9, 9e9)]), usage(1e9, 0, [machine('web', 1, 1)]));
    expect(again.machines).toMatchObject([{ cpu: 0, wait: 0, mips: 0 }]);
  });

  it('is sorted by what one wants to know', () => {
    const names = (order: 'c' | 'w' | 'm' | 'n'): readonly (string | undefined)[] =>
      loadLines(load, order, 80)
        .slice(-3)
        .map((line) => /^\w+/.exec(line)?.[0]);
    expect(names('c')).toEqual(['web', 'db', 'new']);
    expect(names('w')).toEqual(['db', 'web', 'new']);
    expect(names('m')).toEqual(['db', 'new', 'web']);
    expect(names('n')).toEqual(['db', 'new', 'web']);
  });

  it('has bars for pCPUs, and fits the screen', () => {
    const wide = loadLines(load, 'c', 120);
    expect(wide[0]).toBe('3 machines, 3 running; 128M of 8G of memory; by CPU');
    expect(wide[1]).toMatch(/^pCPU {2}0 \[\|{23} {7}\] {2}75\.0% {2}pCPU {2}1 \[ {30}\] {3}0\.0%$/);
    for (const [columns, rows] of [
      [120, 40],
      [60, 5],
      [20, 2],
    ] as const) {
      const shown = screenText(load, 'c', { columns, rows }).split('\r\n');
      expect(shown.length).toBeLessThanOrEqual(rows);
      for (const line of shown) expect(line.replaceAll(/\u001b\[[\d?]*\w/g, '').length).toBeLessThanOrEqual(columns);
    }
  });
});

describe('text', () => {
  it('in tables has columns, and nothing that terminals obey', () => {
    expect(
      tableLines(
        [{ heading: 'A' }, { heading: 'B', align: 'right' }],
        [
          ['x\u001b[2J', '1'],
          ['longer', '200'],
        ],
      ),
    ).toEqual(['A         B', 'x\ufffd[2J     1', 'longer  200']);
    expect(plainText('a\r\n\u009b31m')).toBe('a\ufffd\ufffd\ufffd31m');
  });

  it('says sizes and ages shortly', () => {
    expect([0, 1000, 1024, 1536, 128 << 20, 1.5 * 2 ** 30, 17.7 * 2 ** 30].map(sizeText)).toEqual([
      '0',
      '1000',
      '1K',
      '1.5K',
      '128M',
      '1.5G',
      '17.7G',
    ]);
    expect([0, 59_999, 60_000, 7_200_000, 200_000_000].map(ageText)).toEqual(['0s', '59s', '1m', '2h', '2d']);
  });
});

it('a command is for the shell of the guest as one word, and kept apart as several', () => {
  expect(commandText(['uname -a; exit 3'])).toBe('uname -a; exit 3');
  expect(commandText(['printf', '%s', "it's $HOME"])).toBe(String.raw`'printf' '%s' 'it'\''s $HOME'`);
});

it('a daemon is where only its user can be', () => {
  expect(defaultSocket({ XDG_RUNTIME_DIR: '/run/user/7' })).toBe('/run/user/7/vivarium/control.sock');
  expect(defaultSocket({ XDG_RUNTIME_DIR: 'relative' })).toMatch(/^\/tmp\/vivarium-\d+\/control\.sock$/);
  expect(defaultState({ XDG_STATE_HOME: '/var/state' })).toBe('/var/state/vivarium');
  expect(defaultState({})).toMatch(/\/\.local\/state\/vivarium$/);
});
