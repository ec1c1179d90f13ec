import type { ConsoleViewer, MachineRecipe, RemoteCell } from '@vivarium/host';
import type { CreateCellOptions } from '@vivarium/host/node';
import { describe, expect, it } from 'vitest';

const MACHINES = new URL('./machines.ts', import.meta.url).href;

/** A recipe of machines.ts. */
export const recipe = (name: string, options?: unknown): MachineRecipe => ({ module: MACHINES, export: name, options });
export const program = (run: string): MachineRecipe => recipe('program', { run });

/** Collects output, and waits for text in it. */
export class Reader implements ConsoleViewer {
  text = '';
  lost = 0;
  gone = false;
  #waiting: (() => void) | undefined;

  output(bytes: Uint8Array, lost: number): void {
    this.lost += lost;
    this.text += new TextDecoder().decode(bytes);
    this.#waiting?.();
  }

  closed(): void {
    this.gone = true;
  }

  async until(holds: (text: string) => boolean): Promise<void> {
    while (!holds(this.text)) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

const send = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every cell that is reached by messages does, however it is contained. */
export const cellSuite = (
  title: string,
  create: (recipe: MachineRecipe, options?: CreateCellOptions) => Promise<RemoteCell>,
): void => {
  // oxlint-disable-next-line vitest/valid-title -- the title is of the kind of cell
  describe(title, () => {
    it('runs a guest to its end, tells what it is made of, and hands over all of its output', async () => {
      await using cell = await create(program('hello'));
      expect(cell.facts).toMatchObject({ architecture: 'riscv64', vcpus: 1, memory: 16 << 20, consoles: ['console0'] });
      const reader = new Reader();
      cell.console('console0').attach(reader);
      const events: string[] = [];
      cell.onEvent(({ name }) => events.push(name));
      expect(await cell.run()).toEqual({ kind: 'power-off' });
      expect(reader.text).toBe('hello\n');
      expect(cell.stats.instructions).toBeGreaterThan(0);
      expect(events).toContain('guest:power');
      expect(events).toContain('machine:state');
    });

    it.each([
      ['failure', { kind: 'failure', code: 7 }],
      ['trapLoop', { kind: 'fault', fault: { code: 'GUEST_TRAP_LOOP', vcpu: 0 } }],
    ])('says how the guest ended: %s', async (run, end) => {
      await using cell = await create(program(run));
      expect(await cell.run()).toMatchObject(end);
    });

    it('gives the guest its input, piece by piece and more than fits at once', async () => {
      await using cell = await create(program('echo'));
      await cell.start();
      const reader = new Reader();
      let writable = (): void => {};
      const view = cell
        .console('console0')
        .attach({ output: (bytes, lost) => reader.output(bytes, lost), writable: () => writable() });
      const sent = send(Array.from({ length: 8000 }, (_, index) => `line ${index}\n`).join(''));
      for (let at = 0; at < sent.length; ) {
        const taken = view.send(sent.subarray(at));
        at += taken;
        if (at < sent.length) {
          await new Promise<void>((resolve) => {
            writable = resolve;
          });
        }
      }
      await reader.until((text) => text.length >= sent.length);
      expect(reader.text).toBe(new TextDecoder().decode(sent));
      view.send(send('.'));
      expect(await cell.ended).toEqual({ kind: 'power-off' });
    });

    it('pauses, resumes, resets and stops', async () => {
      await using cell = await create(program('spin'));
      await cell.start();
      await cell.pause();
      expect(cell.state).toBe('paused');
      const before = await cell.measure();
      const after = await cell.measure();
      expect(after.instructions).toBe(before.instructions);
      await cell.resume();
      await cell.reset();
      expect(cell.state).toBe('running');
      expect(await cell.stop()).toEqual({ kind: 'stopped' });
      await expect(cell.pause()).rejects.toMatchObject({ code: 'VIV_CELL_ENDED' });
    });

    it('asks the guest to power off where the recipe knows how', async () => {
      await using cell = await create(recipe('polite', { run: 'echo' }));
      expect(cell.facts.canPowerOff).toBe(true);
      await cell.start();
      expect(await cell.powerOff(30_000)).toEqual({ kind: 'power-off' });
    });

    it('pulls the plug on a guest that does not power off when asked', async () => {
      await using cell = await create(recipe('polite', { run: 'spin' }));
      await cell.start();
      expect(await cell.powerOff(50)).toEqual({ kind: 'stopped' });
    });

    it('shows every viewer all of it, and keeps a slow one from making the others wait', async () => {
      await using cell = await create(program('flood'), { consoles: { scrollback: 4096 } });
      const console = cell.console('console0');
      const fast = new Reader();
      console.attach(fast);
      let slowBytes = 0;
      const slow = console.attach(
        {
          output: (bytes) => {
            slowBytes += bytes.length;
            return false;
          },
        },
        { buffer: 1000 },
      );
      await cell.start();
      await fast.until((text) => text.length > 200_000);
      expect(fast.lost).toBe(0);
      expect(slow.lost).toBeGreaterThan(0);
      slow.resume();
      expect(slowBytes).toBeGreaterThan(0);
      const late = new Reader();
      console.attach(late, { scrollback: 100 });
      expect(late.text).toBe('x'.repeat(100));
      expect(console.scrollback()).toHaveLength(4096);
    });

    it('loses nothing for a viewer that may hold the guest', async () => {
      await using cell = await create(program('flood'));
      const console = cell.console('console0');
      const seen = { bytes: 0, lost: 0 };
      const view = console.attach(
        {
          output: (piece, missed) => {
            seen.bytes += piece.length;
            seen.lost += missed;
            return false;
          },
        },
        { slow: 'hold' },
      );
      await cell.start();
      while (seen.bytes < 600_000) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        view.resume();
      }
      expect(seen.lost).toBe(0);
    });

    it('changes the memory of its guest, which may not follow', async () => {
      await using cell = await create(recipe('giving', { most: 8 * 4096 }));
      const size = cell.facts.memory;
      const less = (pages: number, timeout: number) =>
        cell.change({ do: 'memory', bytes: size - pages * 4096, timeout });
      // Before it starts there is nobody to wait for.
      await less(2, 0);
      await cell.start();
      expect(cell.facts.hardware.memory).toBe(size - 2 * 4096);
      await less(8, 30_000);
      expect(cell.facts.hardware.memory).toBe(size - 8 * 4096);
      await expect(less(9, 50)).rejects.toMatchObject({ code: 'VIV_CELL_GUEST' });
      await expect(less(-1, 50)).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
      await less(0, 30_000);
      expect(cell.facts.hardware.memory).toBe(size);
      await cell.pause();
      await expect(less(1, 50)).rejects.toMatchObject({ code: 'VIV_CELL_STATE' });
      await cell.resume();
      const waits = less(9, 600_000);
      await cell.stop();
      await expect(waits).rejects.toMatchObject({ code: 'VIV_CELL_ENDED' });
    });

    it('changes the vCPUs of its guest, before the start and while it runs', async () => {
      await using cell = await create(recipe('allotted', { agent: 'obeys' }));
      expect(cell.facts).toMatchObject({ vcpus: 4, hardware: { vcpus: 1 } });
      await cell.change({ do: 'vcpus', count: 2, timeout: 0 });
      await cell.start();
      for (const count of [4, 1, 3]) {
        await cell.change({ do: 'vcpus', count, timeout: 30_000 });
        expect(cell.facts.hardware.vcpus).toBe(count);
      }
      const change = cell.change({ do: 'vcpus', count: 5, timeout: 30_000 });
      await expect(change).rejects.toMatchObject({ code: 'VIV_CELL_CHANGE' });
    });

    it.each(['lies', 'silent', 'refuses'])('leaves vCPUs as they are when the agent %s', async (agent) => {
      await using cell = await create(recipe('allotted', { agent }));
      await cell.start();
      const change = cell.change({ do: 'vcpus', count: 2, timeout: 100 });
      await expect(change).rejects.toMatchObject(
        agent === 'refuses' ? { message: 'the guest says no' } : { code: 'VIV_CELL_GUEST' },
      );
      expect(cell.facts.hardware.vcpus).toBe(1);
    });

    it('says when a machine has no balloon', async () => {
      await using cell = await create(program('spin'));
      const change = cell.change({ do: 'memory', bytes: 4096, timeout: 0 });
      await expect(change).rejects.toMatchObject({ code: 'VIV_CELL_UNCHANGEABLE' });
    });

    it('refuses a recipe that cannot be had', async () => {
      await expect(create({ module: 'file:///nowhere.js' })).rejects.toMatchObject({ code: 'VIV_CELL_RECIPE' });
      await expect(create(recipe('nothing'))).rejects.toMatchObject({ code: 'VIV_CELL_RECIPE' });
      await expect(create(recipe('failing'))).rejects.toMatchObject({ message: 'the recipe failed' });
    });
  });
};
