import {
  bind,
  type CpuCore,
  CpuCoreToken,
  type EventSink,
  type Part,
  PowerControlToken,
  type Vcpu,
} from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { assemble } from '../src/index.ts';
import { plugin } from './specimens.ts';

const empty = () => assemble({ name: 'm', parts: [] });

describe('events', () => {
  it('reach every listener in order, until it is removed', async () => {
    await using machine = await empty();
    const heard: string[] = [];
    const listener = () => void heard.push('twice');
    const remove = machine.events.on('machine:reset', listener);
    machine.events.on('machine:reset', listener);
    machine.events.on('machine:reset', () => heard.push('last'));
    machine.events.emit('machine:reset', {});
    remove();
    remove();
    machine.events.emit('machine:reset', {});
    expect(heard).toEqual(['twice', 'twice', 'last', 'twice', 'last']);
  });

  it('are not stopped by a listener that throws; the log tells of it', async () => {
    await using machine = await empty();
    const heard: unknown[] = [];
    machine.events.on('machine:reset', () => {
      throw new Error('boo');
    });
    machine.events.on('machine:reset', () => heard.push('second'));
    machine.events.on('log', (line) => heard.push(line));
    machine.events.on('log', () => {
      throw new Error('again');
    });
    machine.events.emit('machine:reset', {});
    expect(heard).toEqual([
      'second',
      {
        part: 'kernel',
        level: 'error',
        message: 'a listener of "machine:reset" threw',
        facts: { error: 'Error: boo' },
      },
    ]);
  });

  it('end when listeners keep emitting', async () => {
    await using machine = await empty();
    let heard = 0;
    machine.events.on('machine:reset', () => {
      heard++;
      machine.events.emit('machine:reset', {});
    });
    machine.events.emit('machine:reset', {});
    expect(heard).toBe(16);
  });

  it('of a listener that was added or removed while they go out come with the next', async () => {
    await using machine = await empty();
    const heard: string[] = [];
    const remove = machine.events.on('machine:reset', () => {
      heard.push('a');
      remove();
      machine.events.on('machine:reset', () => heard.push('b'));
    });
    machine.events.emit('machine:reset', {});
    machine.events.emit('machine:reset', {});
    expect(heard).toEqual(['a', 'b']);
  });

  it('of parts reach the host as they were emitted', async () => {
    let sink: EventSink | undefined;
    const talker = plugin({
      setup: ({ events }): Part => {
        sink = events;
        return {};
      },
    });
    await using machine = await assemble({ name: 'm', parts: [{ id: 'a', plugin: talker }] });
    const faults: unknown[] = [];
    machine.events.on('guest:fault', (fault) => faults.push(fault));
    sink?.emit('guest:fault', { code: 'GUEST_TRAP_LOOP', message: 'round and round' });
    expect(faults).toEqual([{ code: 'GUEST_TRAP_LOOP', message: 'round and round' }]);
  });
});

describe('power requests', () => {
  const powered = async () => {
    let yields = 0;
    const core = { vcpus: [{ yieldSoon: () => yields++ } as unknown as Vcpu] } as unknown as CpuCore;
    const cpu = plugin({ provides: [CpuCoreToken], setup: () => ({ provides: [bind(CpuCoreToken, core)] }) });
    const machine = await assemble({ name: 'm', parts: [{ id: 'cpu', plugin: cpu }] });
    const heard: unknown[] = [];
    machine.events.on('guest:power', (request) => heard.push(request));
    return { machine, heard, power: machine.get(PowerControlToken), yields: () => yields };
  };

  it('are kept until taken, the last one of many; the cores come back and one event tells of it', async () => {
    const { machine, heard, power, yields } = await powered();
    expect(machine.takePowerRequest()).toBeUndefined();
    power.request({ kind: 'reboot' });
    power.request({ kind: 'failure', code: 3 });
    expect(heard).toEqual([{ kind: 'reboot' }]);
    expect(yields()).toBe(2);
    expect(machine.takePowerRequest()).toEqual({ kind: 'failure', code: 3 });
    expect(machine.takePowerRequest()).toBeUndefined();
    power.request({ kind: 'power-off' });
    expect(heard).toHaveLength(2);
    await machine.dispose();
  });

  it('that nobody took are forgotten at reset', async () => {
    const { machine, power } = await powered();
    power.request({ kind: 'power-off' });
    await machine.start();
    expect(machine.takePowerRequest()).toBeUndefined();
    power.request({ kind: 'power-off' });
    await machine.reset();
    expect(machine.takePowerRequest()).toBeUndefined();
    await machine.dispose();
  });
});
