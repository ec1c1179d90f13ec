import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { EventFeed } from '../../src/cells/event-feed.ts';

describe('events that leave a cell', () => {
  it('L1 are so many, however fast a guest causes log lines, and tell how many there were', async () => {
    await using machine = await assemble({ name: 'm', parts: [] });
    const sent: { readonly name: string; readonly event: unknown }[] = [];
    const feed = new EventFeed(machine, (name, event) => void sent.push({ name, event }));
    const line = { part: 'disk0', level: 'warn', message: 'the driver broke a rule' } as const;
    for (let count = 0; count < 100_000; count++) machine.events.emit('log', line);
    // 200 at once, and some that came in meanwhile, 50 for each second.
    expect(sent.length).toBeGreaterThanOrEqual(200);
    expect(sent.length).toBeLessThan(5000);
    feed.close();
    const before = sent.length;
    machine.events.emit('log', line);
    expect(sent.length).toBe(before);
  });
});
