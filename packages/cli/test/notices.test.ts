import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { Notices } from '../src/notices.ts';

describe('what a machine says about itself', () => {
  it('L1 is shown so many times, however much of it a guest causes', async () => {
    await using machine = await assemble({ name: 'm', parts: [] });
    const lines: string[] = [];
    new Notices((text) => lines.push(text)).follow(machine, false);
    for (let count = 0; count < 100_000; count++) {
      machine.events.emit('log', { part: 'disk0', level: 'warn', message: `rule ${count} is broken` });
      machine.events.emit('log', { part: 'disk0', level: 'debug', message: 'not for everybody' });
      machine.events.emit('part:failure', { part: 'disk0', plugin: 'disk', hook: 'virtio notified', error: 'a bug' });
    }
    expect(lines.length).toBe(201);
    expect([lines[0], lines[1]]).toEqual([
      'viv: disk0: warn: rule 0 is broken\n',
      'viv: part disk0 (disk) failed in virtio notified: a bug\n',
    ]);
    expect(lines.at(-1)).toBe('viv: more than 200 messages of the machine; the rest is not shown\n');
  });
});
