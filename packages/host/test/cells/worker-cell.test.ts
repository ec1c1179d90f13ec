import { createWorkerCell } from '@vivarium/host/node';
import { describe, expect, it } from 'vitest';
import { program, Reader, recipe } from './cell-suite.ts';

describe('a worker cell', () => {
  it('runs a guest and talks to it', async () => {
    await using cell = await createWorkerCell(program('echo'));
    const reader = new Reader();
    const view = cell.console('console0').attach(reader);
    await cell.start();
    view.send(new TextEncoder().encode('hello.'));
    expect(await cell.ended).toEqual({ kind: 'power-off' });
    expect(reader.text).toBe('hello');
  });

  it.each([
    ['thrower', 'VIV_CELL_EXCEPTION', 'a part threw in a timer'],
    ['leaver', 'VIV_CELL_DIED', 'code 3'],
  ])('says of what it died: %s', async (name, code, message) => {
    await using cell = await createWorkerCell(recipe(name));
    const end = await cell.run();
    expect(end).toMatchObject({ kind: 'crashed', error: { code } });
    expect(JSON.stringify(end)).toContain(message);
  });

  it('is ended when it gives no sign of life', async () => {
    const silences: number[] = [];
    await using cell = await createWorkerCell(recipe('blocker'), {
      deadlines: { silence: 1000 },
      onSilence: (milliseconds) => {
        silences.push(milliseconds);
        return silences.length < 2 ? 'wait' : 'kill';
      },
    });
    expect(await cell.run()).toMatchObject({ kind: 'crashed', error: { code: 'VIV_CELL_HUNG' } });
    expect(silences).toEqual([1000, 1250]);
  });

  it('ends alone when its heap is full', async () => {
    await using neighbour = await createWorkerCell(program('echo'));
    await neighbour.start();
    await using cell = await createWorkerCell(recipe('glutton'), { limits: { heap: 64 } });
    expect(await cell.run()).toMatchObject({ kind: 'crashed', error: { code: 'VIV_CELL_OUT_OF_MEMORY' } });
    const reader = new Reader();
    neighbour.console('console0').attach(reader).send(new TextEncoder().encode('alive.'));
    expect(await neighbour.ended).toEqual({ kind: 'power-off' });
    expect(reader.text).toBe('alive');
  });
});
